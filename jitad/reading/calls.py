"""Calls: which callee is meant, and the bodies of functions read in place."""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.errors import JitadError, KernelTypeError, SourceUnavailableError
from jitad.inference import TypingFailure, signature
from jitad.primitives import core, registry
from jitad.primitives.registry import failures
from jitad.primitives.spec import ArrayPrimitive, CompositePrimitive, Partial, ScalarPrimitive
from jitad.program.types import Scalar
from jitad.reading import arrays, complexes, derivatives, lists
from jitad.reading.arrays.calls import call_array
from jitad.reading.arrays.ufuncs import call_generalized, call_vectorized, is_generalized, is_vectorized
from jitad.reading.builtin_calls import BUILTINS
from jitad.reading.captures import is_library
from jitad.reading.custom import call_custom
from jitad.reading.destinations import call_with_out
from jitad.reading.expressions import evaluate, evaluate_all, evaluate_parts
from jitad.reading.inlining import function_defaults, read_in_place
from jitad.reading.list_names import call_resizing, resizes
from jitad.reading.merging import describe
from jitad.reading.orders import ORDERED, call_in_order, call_ordered
from jitad.reading.overloads import implementation
from jitad.reading.random import refuse_generator
from jitad.reading.scope import Scope
from jitad.reading.sharing import read_or_share
from jitad.reading.source import (
    differentiates,
    find_source,
    type_attribute,
    unwrap_dispatcher,
)
from jitad.reading.value_methods import call_method
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    DerivativeValue,
    DictValue,
    FunctionValue,
    LazyValue,
    ListValue,
    MethodValue,
    PartialValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

_REMEDY = "write it with functions that jitad knows, or register a primitive for it in a plugin"


def _remedy() -> str:
    """What to do about a function without a rule; it may be that a plugin had one and is left out."""
    without = [f"the plugin {failure.plugin.name!r} is left out: {failure.error.reason}" for failure in failures()]
    return "; ".join([_REMEDY, *without])


def read_call(reader: Reader, node: ast.Call) -> Value:
    """The value of a call."""
    resizing = resizes(reader, node.func)
    if resizing is not None and not node.keywords:
        return call_resizing(reader, *resizing, evaluate_parts(reader, node.args))
    function = evaluate(reader, node.func)
    args = evaluate_parts(reader, node.args)
    kwargs: dict[str, Value] = {}
    for keyword, value in zip(node.keywords, evaluate_all(reader, [k.value for k in node.keywords]), strict=True):
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, DictValue) and all(isinstance(key, str) for key in value.items):
            kwargs.update(value.items)
        else:
            reader.refuse(
                KernelTypeError, f"{describe(value)} can't be spread with **", "spread a dict with string keys"
            )
    return call(reader, function, args, kwargs, ast.unparse(node.func))


def call(reader: Reader, function: Value, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value:
    """``function(*args, **kwargs)``; ``text`` is how the user writes the function."""
    match function:
        case FunctionValue():
            return _call_inner(reader, function, args, kwargs)
        case PartialValue(inner, first, named):
            return call(reader, inner, [*first, *args], {**named, **kwargs}, text)
        case MethodValue(owner=ArrayValue() | LazyValue() | ComplexArrayValue() | ComplexLazy(), name=name) if (
            name in ORDERED and (found := call_ordered(reader, name, [function.owner, *args], kwargs)) is not None
        ):
            return found
        case MethodValue(owner=ComplexValue() | ComplexArrayValue() | ComplexLazy()):
            return complexes.call_method(reader, function, args, kwargs)
        case MethodValue(owner=ArrayValue() | LazyValue()) if complexes.is_involved(args, kwargs):
            return complexes.call_method(reader, function, args, kwargs)
        case MethodValue(owner=ArrayValue() | LazyValue()):
            return arrays.call_method(reader, function, list(args), dict(kwargs))
        case MethodValue():
            return call_method(reader, function, args, kwargs)
        case DerivativeValue():
            return derivatives.call_derivative(reader, function, args, kwargs, text)
        case StaticValue(obj):
            return call_object(reader, obj, args, kwargs, text)
    reader.no_call(f"{text!r} is {describe(function)}, which can't be called", "call a function")


def call_object(reader: Reader, obj: Any, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value:
    """A call of a Python object."""
    if obj is functools.partial and args:
        settled = tuple(reader.settle(arg) for arg in args[1:])
        return PartialValue(args[0], settled, {key: reader.settle(arg) for key, arg in kwargs.items()})
    special = call_with_out(reader, obj, args, kwargs, text) or call_in_order(reader, obj, args, kwargs)
    if special is not None:
        return special
    if is_known(obj):
        if _is_copy(obj) and len(args) == 1 and not kwargs and _is_fresh(args[0]):
            return lists.as_argument(reader, args[0])
        args = [lists.as_argument(reader, arg) for arg in args]
        kwargs = {key: lists.as_argument(reader, arg) for key, arg in kwargs.items()}
    found = complexes.call_complex(reader, obj, args, kwargs, text)
    if found is not None:
        return found
    handler = _find(BUILTINS, obj)
    if handler is not None:
        return handler(reader, args, kwargs)
    primitive = registry.lookup(obj)
    plain = all(isinstance(arg, ScalarValue | ArrayValue | LazyValue) for arg in args)
    if isinstance(primitive, ScalarPrimitive) and not kwargs and plain and len(args) == primitive.arity:
        return reader.apply(primitive, _as_its_loop(reader, obj, args) if isinstance(obj, np.ufunc) else args)
    if isinstance(primitive, CompositePrimitive):
        return _call_composite(reader, primitive, args, kwargs)
    if isinstance(primitive, ArrayPrimitive):
        return call_array(reader, primitive, args, kwargs, text)
    handler = _find(arrays.HANDLERS, obj)
    if handler is not None:
        return _call_handler(reader, handler, args, kwargs, text)
    if isinstance(primitive, ScalarPrimitive):
        return _call_scalar(reader, primitive, args, kwargs, text)
    if isinstance(obj, functools.partial):
        first = [reader.captures.lift(reader, arg, None, f"{text}.args") for arg in obj.args]
        named = {key: reader.captures.lift(reader, arg, None, f"{text}.{key}") for key, arg in obj.keywords.items()}
        return call_object(reader, obj.func, [*first, *args], {**named, **kwargs}, text)
    refuse_generator(reader, obj, text)
    if isinstance(obj, types.MethodType):
        return call_object(reader, obj.__func__, [StaticValue(obj.__self__), *args], kwargs, text)
    if hasattr(type(obj), "custom_form"):
        reader.captures.rules(obj, text)
        return call_custom(reader, obj.custom_form, args, kwargs, text)
    if is_vectorized(obj) and not kwargs:
        return call_vectorized(reader, obj, args, text)
    if is_generalized(obj) and not kwargs:
        return call_generalized(reader, obj, args, text)
    if differentiates(obj):
        return _call_jitad(reader, obj, args, kwargs, text)
    function, _ = unwrap_dispatcher(obj)
    if isinstance(function, types.FunctionType):
        return _call_function(reader, implementation(reader, function, args, kwargs, text), args, kwargs, text)
    if isinstance(obj, type):
        return _construct(reader, obj, args, kwargs, text)
    method = type_attribute(obj, "__call__")
    is_readable = isinstance(method, types.FunctionType)
    if not is_readable and (not args or not isinstance(getattr(obj, "__self__", None), types.ModuleType | None)):
        reader.no_call(
            f"jitad can't read the source of {text!r}, and its value doesn't follow from its arguments",
            "compute it outside the kernel (the time, say) and pass it in",
        )
    if not kwargs and all(isinstance(arg, ScalarValue) for arg in args):
        opaque = _opaque(obj, tuple(arg.type for arg in args if isinstance(arg, ScalarValue)))
        if opaque is not None:
            return reader.apply(opaque, args)
    if is_readable:
        return _call_function(reader, method, [StaticValue(obj), *args], kwargs, text)
    reader.no_call(f"jitad has no rule for {text!r}, and can't read its source", _remedy())


def _call_jitad(reader: Reader, obj: Any, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value:
    """A call of ``jitad.grad`` or the like, or of a derivative function made outside the kernel."""
    derivative = derivatives.of_object(reader, obj, text)
    if derivative is not None:
        return derivatives.call_derivative(reader, derivative, args, kwargs, text)
    read = derivatives.READERS.get(obj.__name__) if isinstance(obj, types.FunctionType) else None
    if read is None:
        reader.no_call(f"{text!r} can't be called in a kernel", "use jitad.grad, jitad.jvp or jitad.hvp there")
    return _call_handler(reader, read, args, kwargs, text)


def is_known(obj: Any) -> bool:
    """True for a function that jitad has a rule or a definition for, so that its source isn't what is read."""
    return registry.lookup(obj) is not None or _find(arrays.HANDLERS, obj) is not None


def _is_copy(obj: Any) -> bool:
    return obj is np.array or obj is np.asarray


def _is_fresh(value: Value) -> bool:
    return isinstance(value, ListValue) and value.fresh and value.type.kind is None


def _find(table: Mapping[Any, Any], obj: Any) -> Any:
    try:
        return table.get(obj)
    except TypeError:  # unhashable
        return None


def _call_handler(reader: Reader, handler: Any, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value:
    import inspect

    try:
        inspect.signature(handler).bind(reader, *args, **kwargs)
    except TypeError as error:
        reader.no_call(f"{text}: {error}", "leave that argument out; jitad takes the ones that Numba takes")
    result: Value = handler(reader, *args, **kwargs)
    return result


def _call_scalar(
    reader: Reader, primitive: ScalarPrimitive, args: Sequence[Value], kwargs: Mapping[str, Value], text: str
) -> Value:
    if kwargs:
        reader.no_call(f"{text} takes no keyword arguments in a kernel", "pass the arguments by position")
    if len(args) != primitive.arity:
        reader.no_call(
            f"{text} takes {primitive.arity} argument{'s' if primitive.arity != 1 else ''} and gets {len(args)}",
            "pass that many arguments",
        )
    return reader.apply(primitive, args)


def _as_its_loop(reader: Reader, ufunc: np.ufunc, args: Sequence[Value]) -> Sequence[Value]:
    """The arguments converted to the type of the floating-point loop that Numba chooses for a ufunc.

    Operators and functions of ``math`` promote otherwise: ``np.maximum(x, 1)`` of a float32 ``x`` is a float32.
    """
    types_ = tuple(_element_type(arg) for arg in args)
    try:
        _, result = signature(ufunc, types_)
    except TypingFailure:
        return args
    code = np.dtype(result.dtype).char
    if not result.is_float or f"{code * len(args)}->{code}" not in ufunc.types:
        return args
    return [
        arg if type_ == result else reader.apply(core.casts[result.dtype], [arg])
        for arg, type_ in zip(args, types_, strict=True)
    ]


def _element_type(value: Value) -> Scalar:
    assert isinstance(value, ScalarValue | ArrayValue | LazyValue)
    return value.type if isinstance(value, ScalarValue) else Scalar(value.dtype)


@functools.lru_cache(maxsize=1024)
def _opaque_primitive(obj: Any, arity: int) -> ScalarPrimitive:
    name = getattr(obj, "__name__", type(obj).__name__)
    alias = name if name.isidentifier() else "opaque"
    places = ", ".join(f"{{{i}}}" for i in range(arity))
    partials: tuple[Partial, ...] = (None,) * arity
    return ScalarPrimitive(
        name=alias,
        template=f"{alias}({places})",
        typed_as=obj,
        partials=partials,
        cost=50,
        names=((alias, obj),),
        plain_names=((alias, obj),),
        doc="A function that Numba can call and jitad has no rule for.",
    )


def _opaque(obj: Any, types_: tuple[Scalar, ...]) -> ScalarPrimitive | None:
    """A primitive without a rule for something that Numba can call on scalars of these types."""
    try:
        hash(obj)
        signature(obj, types_)
    except (TypingFailure, TypeError):
        return None
    except Exception as error:  # Numba raises all kinds of exceptions for objects that it doesn't know
        if type(error).__module__.startswith("numba"):
            return None
        raise
    return _opaque_primitive(obj, len(types_))


def _construct(reader: Reader, cls: type, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value:
    fields = getattr(cls, "_fields", None)
    if issubclass(cls, tuple) and fields is not None:
        given = dict(zip(fields, args, strict=False))
        given.update(kwargs)
        for name, default in getattr(cls, "_field_defaults", {}).items():
            if name not in given:
                given[name] = reader.captures.lift(reader, default, None, f"{text}.{name}")
        if len(args) > len(fields) or set(given) != set(fields):
            reader.no_call(f"{text} takes {', '.join(fields)}", "pass each of them once")
        return SequenceValue(tuple(given[name] for name in fields), cls, tuple(fields))
    reader.no_call(
        f"objects of the class {text!r} can't be made in a kernel",
        "make the object outside, or use a tuple, a named tuple or an array",
    )


# Functions read in place


def _call_composite(
    reader: Reader, primitive: CompositePrimitive, args: Sequence[Value], kwargs: Mapping[str, Value]
) -> Value:
    saved, reader.pinned = reader.pinned, reader.origin
    try:
        definition, _ = unwrap_dispatcher(primitive.definition)
        if primitive.is_expression:
            return _call_expression(reader, definition, args, kwargs)
        return _call_function(reader, definition, args, kwargs, primitive.name)
    finally:
        reader.pinned = saved


def call_definition(reader: Reader, definition: types.FunctionType, args: Sequence[Value]) -> Value:
    """A call of a function of jitad's own, which counts as the place of the user's call."""
    saved, reader.pinned = reader.pinned, reader.origin
    try:
        return _call_function(reader, definition, args, {}, definition.__name__)
    finally:
        reader.pinned = saved


def _call_expression(
    reader: Reader, function: types.FunctionType, args: Sequence[Value], kwargs: Mapping[str, Value]
) -> Value:
    """A function that only returns an expression, as part of the expression that it is called in."""
    source = find_source(function)
    if function not in reader.functions:
        reader.functions.append(function)
    *_, last = source.node.body if isinstance(source.node, ast.FunctionDef) else [None]
    assert isinstance(last, ast.Return) and last.value is not None, "an expression is a function that returns one"
    node = ast.copy_location(ast.Lambda(source.node.args, last.value), source.node)
    defaults = function_defaults(reader, source)
    return read_in_place(
        reader, node, source.file, function, None, defaults, args, kwargs, function.__name__, lazy=True
    )


def _call_function(
    reader: Reader, function: types.FunctionType, args: Sequence[Value], kwargs: Mapping[str, Value], text: str
) -> Value:
    if reader.pinned is None and is_library(function):
        return _call_library(reader, function, args, kwargs, text)
    try:
        source = find_source(function)
    except SourceUnavailableError as error:
        raise SourceUnavailableError(error.reason, error.remedy, reader.origin) from None
    if function not in reader.functions:
        reader.functions.append(function)
        if reader.pinned is None:
            reader.captures.function(function)
    defaults = function_defaults(reader, source)
    name = function.__name__

    def read(args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
        return read_in_place(reader, source.node, source.file, function, None, defaults, args, kwargs, name)

    return read_or_share(reader, function, args, kwargs, read)


def _call_library(
    reader: Reader, function: types.FunctionType, args: Sequence[Value], kwargs: Mapping[str, Value], text: str
) -> Value:
    """Read a library's function at the place of the user's call, which is to blame for what can't be read in it."""
    reader.pinned = reader.origin
    try:
        return _call_function(reader, function, args, kwargs, text)
    except JitadError as error:
        why = error.reason.rstrip(".")
        reader.no_call(f"jitad has no rule for {text!r}, and can't read its source as a kernel ({why})", _remedy())
    finally:
        reader.pinned = None


def _call_inner(reader: Reader, value: FunctionValue, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    scope: Scope = value.scope
    return read_in_place(
        reader, value.node, scope.file, scope.function, scope, value.defaults, args, kwargs, value.name
    )
