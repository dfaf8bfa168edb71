"""Calls of functions with a derivative rule of the user's: the value read in place, the rule as a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from jitad.errors import KernelTypeError
from jitad.program.statements import Call, Operand, Program, Statement, Var
from jitad.reading import arrays, complexes
from jitad.reading.arrays.maps import allocate
from jitad.reading.custom_memory import is_shared, refuse_written_arguments
from jitad.reading.derivatives.detached import Leaf, Mirror, apart, as_program
from jitad.reading.derivatives.parts import Place, boxed, built, dtype_of, shape_of
from jitad.reading.merging import describe
from jitad.reading.source import find_source, unwrap_dispatcher
from jitad.reading.structures import is_active, mapped
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexValue,
    CustomForm,
    DictValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

DEEPEST = 4
"""A function called in its own rule has that rule again, so often (each order of derivatives takes one more).

Deeper calls give the value, and refuse to be differentiated.
"""


def call_custom(
    reader: Reader, form: CustomForm, args: Sequence[Value], kwargs: Mapping[str, Value], text: str
) -> Value:
    """The value of a call, with the user's rule for its derivative."""
    from jitad.reading.calls import call

    if reader.customs.count(form) >= DEEPEST:
        return _deepest(reader, reader.settle(call(reader, StaticValue(form.function), args, kwargs, text)), text)
    saved, reader.open_calls = reader.open_calls, []
    reader.customs.append(form)
    try:
        given = _positional(reader, form, args, kwargs, text)
        return _forward(reader, form, given, text) if len(form.rules) == 1 else _reverse(reader, form, given, text)
    finally:
        reader.customs.pop()
        reader.open_calls = saved


def _positional(
    reader: Reader, form: CustomForm, args: Sequence[Value], kwargs: Mapping[str, Value], text: str
) -> list[Value]:
    """The arguments in the order of the function's parameters, defaults filled in."""
    from jitad.reading.inlining import bind, function_defaults

    function, _ = unwrap_dispatcher(form.function)
    source = find_source(function)
    spec = source.node.args
    if spec.vararg is not None or spec.kwarg is not None:
        reader.no_call(f"{text!r} has a rule of its own and takes *args or **kwargs", "name its parameters")
    env = bind(reader, source.node, function_defaults(reader, source), args, kwargs, text)
    return list(env.values())


def _forward(reader: Reader, form: CustomForm, args: list[Value], text: str) -> Value:
    """A function with a rule ``rule(primals, tangents) -> (value, tangent of the value)``."""
    from jitad.reading.calls import call
    from jitad.transforms.localize import localize

    start = len(reader.builder.block.statements)
    value = reader.settle(call(reader, StaticValue(form.function), args, {}, text))
    body = reader.builder.block.statements[start:]
    refuse_written_arguments(reader, body, args, repr(text))
    mirror = Mirror(reader, reader.builder.nested(), lenient=True)
    primals = SequenceValue(tuple(mirror(arg, text) for arg in args))
    count = len(mirror.params)
    if not count:
        return value
    tangents = SequenceValue(tuple(_inactive_as_none(mirror(arg, text)) for arg in args))
    rule = f"the rule of {text!r}"
    with reader.block(mirror.builder):
        pair = reader.settle(call(reader, StaticValue(form.rules[0]), [primals, tangents], {}, rule))
        if not isinstance(pair, SequenceValue) or len(pair.items) != 2:
            _refuse(reader, f"{rule} returns {describe(pair)}", "return the pair (value, tangent of the value)")
        gives, results = _paired(reader, value, pair.items[1], rule)
    program, free = as_program(reader, mirror, results, f"{text}_jvp")
    own, linear, rest = program.params[:count], program.params[count : 2 * count], program.params[2 * count :]
    program = localize(replace(program, params=[*own, *rest, *linear]))
    return _linked(reader, text, program, value, body, mirror.leaves[:count], (), free, gives, forward=True)


def _reverse(reader: Reader, form: CustomForm, args: list[Value], text: str) -> Value:
    """A function with the rules ``forward(*args) -> (value, residuals)`` and ``backward(residuals, cotangent)``."""
    from jitad.reading.calls import call
    from jitad.transforms.localize import localize

    start = len(reader.builder.block.statements)
    pair = reader.settle(call(reader, StaticValue(form.rules[0]), args, {}, f"the forward rule of {text!r}"))
    body = reader.builder.block.statements[start:]
    refuse_written_arguments(reader, body, args, f"the forward rule of {text!r}")
    if not isinstance(pair, SequenceValue) or len(pair.items) != 2:
        _refuse(reader, f"the forward rule of {text!r} returns {describe(pair)}", "return the pair (value, residuals)")
    value, residuals = pair.items
    sources = Mirror(reader, reader.builder.nested(), lenient=True)
    for arg in args:
        sources(arg, text)
    if not sources.leaves:
        return value
    mirror = Mirror(reader, reader.builder.nested(), lenient=True)
    rule = f"the backward rule of {text!r}"
    saved = mirror(residuals, rule)
    count = len(mirror.params)
    cotangent = _inactive_as_none(mirror(value, rule))
    with reader.block(mirror.builder):
        found = reader.settle(call(reader, StaticValue(form.rules[1]), [saved, cotangent], {}, rule))
        if not isinstance(found, SequenceValue) or len(found.items) != len(args):
            remedy = f"return a tuple with one cotangent for each of the {len(args)} arguments (None for zero)"
            _refuse(reader, f"{rule} returns {describe(found)}", remedy)
        gives, results = _paired(reader, SequenceValue(tuple(args)), found, rule)
    program, free = as_program(reader, mirror, results, f"{text}_vjp")
    last = len(mirror.params)
    own, linear, rest = program.params[:count], program.params[count:last], program.params[last:]
    program = localize(replace(program, params=[*own, *rest, *linear]))
    leaves = mirror.leaves[:count]
    return _linked(reader, text, program, value, body, sources.leaves, leaves, free, gives, forward=False)


def _linked(
    reader: Reader,
    text: str,
    rule: Program,
    value: Value,
    body: Sequence[Statement],
    parts: Sequence[Leaf],
    residuals: Sequence[Leaf],
    free: Sequence[Var],
    gives: Sequence[int],
    *,
    forward: bool,
) -> Value:
    """The value, which the statements ``body`` computed, again, with the derivative that the rule gives."""
    from jitad.transforms.custom import CustomNode

    computed: list[Leaf] = []
    tree = _without_leaves(value, computed)
    if not computed or not gives:
        return value
    outs = _places(reader, computed)
    depends = apart(
        reader, rule, [*(_boxed(reader, leaf) for leaf in (*parts, *residuals)), *(boxed(reader, var) for var in free)]
    )
    first = len(outs)
    count = len(parts)
    node = CustomNode(
        name=_label(text),
        rule=rule,
        reads=tuple(range(first if forward else first + count, first + len(depends))),
        outs=first,
        parts=count,
        gives=tuple(gives),
        forward=forward,
        shared=tuple(at for at, leaf in enumerate(computed) if is_shared(body, leaf)),
        inert=frozenset((*range(first), *range(first + count, first + len(depends)))),
    )
    own = [_boxed(reader, leaf) for leaf in computed]
    reader.builder.add(Call(node, tuple(out.base for out in outs), (*own, *depends), origin=reader.origin))
    return built(tree, dict(enumerate(_found(reader, outs, computed))))


def _deepest(reader: Reader, value: Value, text: str) -> Value:
    """The value again, of which derivatives are refused."""
    from jitad.transforms.custom import DeepestNode

    computed: list[Leaf] = []
    tree = _without_leaves(value, computed)
    if not computed:
        return value
    outs = _places(reader, computed)
    node = DeepestNode(name=_label(text), origin=reader.origin)
    own = tuple(_boxed(reader, leaf) for leaf in computed)
    reader.builder.add(Call(node, tuple(out.base for out in outs), own, origin=reader.origin))
    return built(tree, dict(enumerate(_found(reader, outs, computed))))


def _places(reader: Reader, leaves: Sequence[Leaf]) -> list[ArrayValue]:
    """Fresh arrays for the parts of a value."""
    return [allocate(reader, "value", dtype_of(leaf), shape_of(leaf)) for leaf in leaves]


def _found(reader: Reader, outs: Sequence[ArrayValue], leaves: Sequence[Leaf]) -> list[Value]:
    """What is in the places of the parts of a value, numbers as numbers."""
    return [
        ScalarValue(reader.builder.load(out.base, ())) if isinstance(leaf, ScalarValue) else out
        for out, leaf in zip(outs, leaves, strict=True)
    ]


def _label(text: str) -> str:
    return text if text.isidentifier() else "custom"


def _boxed(reader: Reader, leaf: Leaf) -> Var:
    """A leaf as an array: a number in a 0-d one."""
    if isinstance(leaf, ArrayValue):
        return arrays.as_variable(reader, leaf)
    return _box(reader, leaf.operand)


def _box(reader: Reader, operand: Operand) -> Var:
    box = allocate(reader, "number", str(operand.type), ())
    reader.builder.store(box.base, (), operand)
    return box.base


def _refuse(reader: Reader, reason: str, remedy: str) -> NoReturn:
    reader.refuse(KernelTypeError, reason, remedy)


# Structures


def _inactive_as_none(value: Value) -> Value:
    """The structure with None for what has no tangent."""
    return mapped(value, lambda leaf: leaf if is_active(leaf) else StaticValue(None))


def _without_leaves(value: Value, found: list[Leaf]) -> Value:
    """Take the floating-point leaves out of a value; the structure with places for them."""

    def take(leaf: Value) -> Value:
        if not is_active(leaf):
            return leaf
        assert isinstance(leaf, ScalarValue | ArrayValue)
        found.append(leaf)
        return Place(len(found) - 1)

    return mapped(value, take)


def _paired(reader: Reader, primal: Value, derivative: Value, rule: str) -> tuple[list[int], list[Operand]]:
    """The derivatives in the structure of a primal: to which of its leaves each belongs, and their operands."""
    rows: list[tuple[Value, Value | None]] = []
    _pair(reader, primal, derivative, rule, rows)
    gives, operands = [], []
    for at, (own, given) in enumerate(rows):
        if given is None:
            continue
        gives.append(at)
        operands.append(_operand(reader, own, given, rule))
    return gives, operands


def _pair(
    reader: Reader, primal: Value, derivative: Value | None, rule: str, rows: list[tuple[Value, Value | None]]
) -> None:
    if isinstance(derivative, StaticValue) and derivative.obj is None:
        derivative = None
    match primal, derivative:
        case (SequenceValue(items=owns), None | SequenceValue()):
            parts = [None] * len(owns) if derivative is None else list(derivative.items)
            if len(parts) == len(owns):
                for own, part in zip(owns, parts, strict=True):
                    _pair(reader, own, part, rule, rows)
                return
        case (DictValue(items=owns), None | DictValue()):
            named = dict.fromkeys(owns) if derivative is None else derivative.items
            if set(named) == set(owns):
                for key, own in owns.items():
                    _pair(reader, own, named[key], rule, rows)
                return
        case (ComplexValue() | ComplexArrayValue(), _):
            _pair_complex(reader, primal, derivative, rule, rows)
            return
        case (ScalarValue() | ArrayValue() | LazyValue(), _) if is_active(primal):
            rows.append((primal, derivative))
            return
        case (_, None):
            return
    _refuse(
        reader,
        f"{rule} gives {'None' if derivative is None else describe(derivative)} for {describe(primal)}",
        "give each floating-point number and array its derivative, and None for anything else",
    )


def _pair_complex(
    reader: Reader,
    primal: ComplexValue | ComplexArrayValue,
    derivative: Value | None,
    rule: str,
    rows: list[tuple[Value, Value | None]],
) -> None:
    """The derivative of a complex number as those of its parts, of a complex array as that of its real array."""
    if isinstance(primal, ComplexArrayValue):
        if derivative is not None and not isinstance(derivative, ComplexArrayValue):
            _refuse(reader, f"{rule} gives {describe(derivative)} for {describe(primal)}", "give a complex array")
        rows.append((primal.pair, None if derivative is None else derivative.pair))
        return
    if derivative is not None and not isinstance(derivative, ScalarValue | ComplexValue):
        _refuse(reader, f"{rule} gives {describe(derivative)} for {describe(primal)}", "give a complex number")
    number = None if derivative is None else complexes.number_of(reader.builder, derivative, primal.type)
    rows.append((ScalarValue(primal.re), None if number is None else ScalarValue(number.re)))
    rows.append((ScalarValue(primal.im), None if number is None else ScalarValue(number.im)))


def _operand(reader: Reader, own: Value, given: Value, rule: str) -> Operand:
    if isinstance(own, ScalarValue):
        return reader.builder.cast(reader.scalar(given, f"a derivative in {rule}"), own.type)
    assert isinstance(own, ArrayValue | LazyValue)
    fits = isinstance(given, ArrayValue | LazyValue) and given.ndim == own.ndim and given.dtype == own.dtype
    if not fits:
        _refuse(reader, f"{rule} gives {describe(given)} for {describe(own)}", "give it the same shape and dtype")
    return arrays.as_variable(reader, arrays.materialize(reader, given, "derivative", fresh=True))
