"""From a Python function and the types of its arguments to a program."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jitad.errors import KernelTypeError, UnsupportedCallError
from jitad.program.builder import Builder
from jitad.program.statements import Alloc, Const, Operand, Program, Var, array_type
from jitad.program.types import Array, Scalar, Type
from jitad.reading import arrays, complexes
from jitad.reading.arrays.ufuncs import is_vectorized
from jitad.reading.calls import is_known
from jitad.reading.captures import Capture, Guard
from jitad.reading.custom_memory import refuse_shared_values
from jitad.reading.inlining import bind, function_defaults, read_body
from jitad.reading.layouts import one_layout_per_flow
from jitad.reading.liveness import parameters
from jitad.reading.merging import describe
from jitad.reading.reader import Reader, Unreachable
from jitad.reading.results import (
    NUMBERS,
    ArrayResult,
    ComplexResult,
    DictResult,
    ResultTree,
    ScalarResult,
    SequenceResult,
    StaticResult,
    complex_array_of,
)
from jitad.reading.scope import Scope
from jitad.reading.signature import ArgSpec, ArraySpec, ComplexSpec, DictSpec, ScalarSpec, SequenceSpec, StaticSpec
from jitad.reading.source import FunctionSource, differentiates, find_source, type_attribute, unwrap_dispatcher
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    DerivativeForm,
    DictValue,
    LazyValue,
    ListValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

RuleArgument = Type | Const | None


@dataclass(frozen=True)
class Kernel:
    """A kernel that has been read for arguments of certain types.

    ``program`` has one parameter for each number and array among the arguments (in order, positional ones
    first, keyword ones in the order given), then one for each array in ``captures``. ``result`` says how its
    results make up the return value. The program is right as long as all ``guards`` hold. ``options`` are the
    user's ``@njit`` options, ``functions`` the Python functions that were read.
    """

    program: Program
    result: ResultTree
    captures: tuple[Capture, ...]
    guards: tuple[Guard, ...]
    options: dict[str, Any]
    functions: tuple[Any, ...]


def read_kernel(
    function: Any,
    args: Sequence[ArgSpec],
    kwargs: Mapping[str, ArgSpec] | None = None,
    *,
    bounds_checked: bool = False,
) -> Kernel:
    """Read a function, lambda, method, ``functools.partial``, dispatcher or callable object.

    Raises JitadError (naming the user's line) for what jitad doesn't take, and whatever exception the
    kernel itself raises for arguments of these types.
    """
    reader = Reader(Builder(), bounds_checked)
    innermost = _innermost(function)
    if is_known(innermost) or is_vectorized(innermost):
        called = _calling(innermost)
        function, innermost = called if innermost is function else function, called
    plain, first, named, options = unwrap(innermost)
    source = find_source(plain)
    _enter(reader, source, plain.__name__)
    params: list[Var] = []
    names = _argument_names(source, len(first) + len(args))
    values = [reader.captures.lift(reader, obj, None, "self") for obj in first]
    values += [_argument(reader, spec, name, params) for spec, name in zip(args, names[len(first) :], strict=True)]
    given = {name: reader.captures.lift(reader, obj, None, name) for name, obj in named.items()}
    given.update({name: _argument(reader, spec, name, params) for name, spec in (kwargs or {}).items()})
    if innermost is not function:
        value = _read_derivative(reader, function, values[len(first) :], given)
    else:
        value = _read(reader, source, values, given)
    results: list[Operand] = []
    tree = _result(reader, value, results)
    captured = reader.captures
    program = Program(
        plain.__name__,
        [*params, *(param for _, param in captured.arrays)],
        reader.root.block,
        results,
        source.file.origin(source.node),
    )
    refuse_shared_values(program)
    return Kernel(
        one_layout_per_flow(program),
        tree,
        tuple(capture for capture, _ in captured.arrays),
        tuple(captured.guards),
        options,
        tuple(reader.functions),
    )


def read_rule(function: Any, types_: Sequence[RuleArgument], name: str) -> Program:
    """Read a derivative rule for arguments of these types.

    A literal stands for itself, None for an argument that the rule gets as None; the others are the
    parameters of the program. Literals in the rule take the precision of what they are combined with. Arrays
    that the rule stores into are its parameters' own memory.
    """
    builder = Builder()
    builder.weak_constants = True
    reader = Reader(builder)
    plain, _, _, _ = unwrap(function)
    source = find_source(plain)
    _enter(reader, source, name)
    params: list[Var] = []
    values: list[Value] = []
    for label, type_ in zip(_argument_names(source, len(types_)), types_, strict=True):
        match type_:
            case None:
                values.append(StaticValue(None))
            case Const():
                values.append(ScalarValue(type_))
            case Scalar():
                params.append(Var(label, type_))
                values.append(ScalarValue(params[-1]))
            case Array():
                params.append(Var(label, type_))
                values.append(reader.parameter_array(params[-1], ()))
    results: list[Operand] = []
    _result(reader, _read(reader, source, values, {}), results)
    params += [param for _, param in reader.captures.arrays]
    return one_layout_per_flow(Program(name, params, reader.root.block, results, source.file.origin(source.node)))


def unwrap(function: Any) -> tuple[types.FunctionType, list[Any], dict[str, Any], dict[str, Any]]:
    """The Python function in a callable, the arguments that it brings along, and its ``@njit`` options.

    Raises UnsupportedCallError for what isn't written in Python.
    """
    first: list[Any] = []
    named: dict[str, Any] = {}
    options: dict[str, Any] = {}
    while not isinstance(function, types.FunctionType):
        if isinstance(function, functools.partial):
            first = [*function.args, *first]
            named = {**function.keywords, **named}
            function = function.func
        elif isinstance(function, types.MethodType):
            first = [function.__self__, *first]
            function = function.__func__
        else:
            inner, found = unwrap_dispatcher(function)
            options = {**found, **options}
            method = type_attribute(function, "__call__")
            if inner is not function:
                function = inner
            elif differentiates(function) and not hasattr(type(function), "custom_form"):
                raise UnsupportedCallError(
                    f"{function!r} can't be read as a kernel.",
                    "Pass the function that it is made of; for many gradients, jitad.batch(jitad.grad(f)).",
                )
            elif isinstance(method, types.FunctionType):
                first = [function, *first]
                function = method
            else:
                raise UnsupportedCallError(
                    f"{function!r} isn't a Python function whose source can be read.",
                    "Pass a function, lambda, method, functools.partial or @njit function.",
                )
    return function, first, named, options


def _calling(function: Any) -> Callable[..., Any]:
    """A kernel that calls a function with a rule: the rule counts, not the function's own source."""

    def kernel(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    kernel.__name__ = str(getattr(function, "__name__", "primitive"))
    return kernel


def _innermost(function: Any) -> Any:
    """The function that a derivative differentiates, or that rules are given for; other callables as they are."""
    while True:
        form = getattr(function, "form", None)
        if isinstance(form, DerivativeForm):
            function = form.function
        elif hasattr(type(function), "custom_form"):
            function = function.__wrapped__
        elif isinstance(function, functools.partial) and (inner := _innermost(function.func)) is not function.func:
            return inner
        else:
            return function


def _read_derivative(reader: Reader, function: Any, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    """The value of a derivative function that is read as a kernel."""
    from jitad.reading.calls import call

    reader.open_calls.pop()
    name = reader.scope.name
    try:
        return call(reader, StaticValue(function), args, kwargs, name)
    except Unreachable:  # every path raises
        return StaticValue(None)


def _enter(reader: Reader, source: FunctionSource, name: str) -> None:
    node = source.node
    reader.scope = Scope(name, source.file, source.function, node)
    reader.node = node
    reader.functions.append(source.function)
    reader.captures.function(source.function)
    reader.open_calls.append((node, id(source.function)))


def _argument_names(source: FunctionSource, count: int) -> list[str]:
    names = parameters(source.node)
    return names[:count] + ["argument"] * (count - len(names))


def _argument(reader: Reader, spec: ArgSpec, name: str, params: list[Var]) -> Value:
    """The value of a described argument; its numbers and arrays become parameters."""
    match spec:
        case ScalarSpec(dtype):
            params.append(Var(name, Scalar(dtype)))
            return ScalarValue(params[-1])
        case ArraySpec():
            param, array = reader.parameter(name, spec)
            params.append(param)
            return array
        case ComplexSpec(items=(ScalarSpec(dtype), _)):
            params += [Var(f"{name}_{part}", Scalar(dtype)) for part in ("re", "im")]
            return ComplexValue(params[-2], params[-1])
        case SequenceSpec(kind, items):
            fields = tuple(getattr(kind, "_fields", ()))
            labels = fields or tuple(map(str, range(len(items))))
            values = (
                _argument(reader, item, f"{name}_{label}", params) for item, label in zip(items, labels, strict=True)
            )
            return SequenceValue(tuple(values), kind, fields)
        case DictSpec(pairs):
            return DictValue({key: _argument(reader, item, _label(name, key), params) for key, item in pairs})
        case StaticSpec(obj):
            return reader.captures.lift(reader, obj, None, name)
    raise TypeError(spec)


def _label(name: str, key: Hashable) -> str:
    label = f"{name}_{key}"
    return label if label.isidentifier() else name


def _read(reader: Reader, source: FunctionSource, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    from jitad.reading.numba_calls import add_numba

    add_numba()
    defaults = function_defaults(reader, source)
    reader.scope.env.update(bind(reader, source.node, defaults, args, kwargs, reader.scope.name))
    try:
        return read_body(reader, source.node)
    except Unreachable:  # every path raises
        return StaticValue(None)


def _result(reader: Reader, value: Value, results: list[Operand]) -> ResultTree:
    """Append the operands of a return value; gives the tree that puts them together again."""
    match value:
        case ScalarValue(operand):
            results.append(operand)
            return ScalarResult(len(results) - 1)
        case ArrayValue() | LazyValue():
            results.append(_fresh(reader, value, results))
            return ArrayResult(len(results) - 1)
        case ComplexValue(re, im):
            results += [re, im]
            parts = (ScalarResult(len(results) - 2), ScalarResult(len(results) - 1))
            return ComplexResult(NUMBERS[value.type.dtype], parts)
        case ComplexArrayValue() | ComplexLazy():
            results.append(_fresh(reader, complexes.in_memory(reader, value).pair, results))
            return ComplexResult(complex_array_of, (ArrayResult(len(results) - 1),))
        case SequenceValue(items, kind):
            return SequenceResult(kind, tuple(_result(reader, item, results) for item in items))
        case DictValue(entries):
            return DictResult(tuple((key, _result(reader, item, results)) for key, item in entries.items()))
        case StaticValue(obj):
            return StaticResult(obj)
    reader.refuse(
        KernelTypeError,
        f"A kernel can't return {describe(value)}.",
        "return an array of it: np.array(...)"
        if isinstance(value, ListValue)
        else "return numbers, arrays, or tuples or dicts of them",
    )


def _fresh(reader: Reader, value: ArrayValue | LazyValue, results: Sequence[Operand]) -> Var:
    """A contiguous array of its own with the values of ``value``."""
    if isinstance(value, ArrayValue):
        variable = arrays.as_variable(reader, value)
        allocated = any(isinstance(s, Alloc) and s.out is variable for s in reader.root.block)
        if allocated and variable not in results and array_type(variable).layout == "C":
            return variable
    return arrays.as_variable(reader, arrays.materialize(reader, value, "result", fresh=True))
