"""Elementwise operations on arrays: typing, broadcasting in the index maps, and conditional elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jitad.errors import KernelTypeError
from jitad.inference import TypingFailure, unify
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.builder import Builder, is_const
from jitad.program.statements import Branch, Operand, Var
from jitad.program.types import BOOL, Scalar
from jitad.reading.arrays.agreement import broadcast_shape, is_repeated
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.maps import ZERO, as_lazy
from jitad.reading.arrays.materialize import materialize, settled
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.arrays.typing import array_result
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, LazyValue, ScalarValue, SequenceValue, Value

Element = Callable[[Builder, Sequence[Operand]], Operand]


def elementwise(ctx: Context, primitive: ScalarPrimitive, args: Sequence[Value]) -> Value:
    """``primitive`` on numbers and arrays, as an array expression; axes broadcast as in NumPy."""
    parts = [array_or_number(ctx, arg, primitive.name) for arg in args]
    shape = broadcast_shape(ctx, [p for p in parts if not isinstance(p, ScalarValue)], primitive.name)
    elements, reads, cost = aligned(ctx, parts, shape)
    types = tuple(Scalar(p.dtype) if isinstance(p, LazyValue) else p.operand.type for p in parts)
    probes = [p.operand if isinstance(p, ScalarValue) else Var("x", Scalar(p.dtype)) for p in parts]
    arrays = tuple(isinstance(p, LazyValue) for p in parts)
    try:
        probed = ctx.builder.nested().compute(primitive, *probes).type
        assert isinstance(probed, Scalar)
        result = array_result(primitive.typed_as, types, arrays, probed)  # type: ignore[arg-type]
    except TypingFailure as error:
        listed = ", ".join(f"{t} array" if is_array else f"{t}" for t, is_array in zip(types, arrays, strict=True))
        ctx.refuse(
            KernelTypeError,
            f"{primitive.name} doesn't take ({listed}): {str(error).strip().splitlines()[0]}",
            "convert the arguments to a type that it takes, e.g. with astype",
        )
    wider = result if result.is_float and probed.is_float and result != probed else None

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        operands = [each(builder, index) for each in elements]
        if wider is not None:
            operands = [builder.cast(o, wider) if o.type.is_float else o for o in operands]
        return builder.cast(builder.compute(primitive, *operands), result)

    return LazyValue(result.dtype, shape, element, reads, cost + primitive.cost)


def where(ctx: Context, cond: Value, a: Value, b: Value) -> Value:
    """``a if cond else b``, element by element; only the side taken is evaluated if a side costs anything."""
    parts = [array_or_number(ctx, part, "where") for part in (cond, a, b)]
    if all(isinstance(part, ScalarValue) for part in parts):
        test, then, otherwise = (part.operand for part in parts if isinstance(part, ScalarValue))
        unified = _unified(ctx, [then.type, otherwise.type])  # type: ignore[list-item]
        builder = ctx.builder
        truth = builder.cast(test, BOOL)
        return ScalarValue(builder.select(truth, builder.cast(then, unified), builder.cast(otherwise, unified)))
    shape = broadcast_shape(ctx, [p for p in parts if isinstance(p, LazyValue)], "where")
    elements, reads, cost = aligned(ctx, parts, shape)
    result = _unified(ctx, [Scalar(p.dtype) if isinstance(p, LazyValue) else p.type for p in parts[1:]])
    is_cheap = all(isinstance(p, ScalarValue) or p.cost == 0 for p in parts[1:])
    test_of, then_of, otherwise_of = elements

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        test = builder.cast(test_of(builder, index), BOOL)
        if is_cheap:
            then = builder.cast(then_of(builder, index), result)
            return builder.select(test, then, builder.cast(otherwise_of(builder, index), result))
        return choose(ctx, builder, test, result, [_at(then_of, index), _at(otherwise_of, index)])

    return LazyValue(result.dtype, shape, element, reads, cost + 1)


def choose(
    ctx: Context, builder: Builder, test: Operand, type_: Scalar, sides: Sequence[Callable[[Builder], Operand]]
) -> Operand:
    """The value of one of two sides, the other of which isn't evaluated."""
    arms, yields = [], []
    for side in sides:
        arm = builder.nested()
        with ctx.block(arm):
            yields.append(arm.cast(side(arm), type_))
        arms.append(arm.block)
    out = Var("chosen", type_)
    builder.add(Branch(test, arms[0], [yields[0]], arms[1], [yields[1]], [out]))
    return out


def _unified(ctx: Context, types: Sequence[Scalar]) -> Scalar:
    found = unify(tuple(types))
    if found is None:
        ctx.refuse(KernelTypeError, f"no type fits {' and '.join(map(str, types))}", "convert one of them with astype")
    return found


def array_or_number(ctx: Context, value: Value, what: str) -> LazyValue | ScalarValue:
    """A value as an operand of an elementwise operation."""
    if isinstance(value, ScalarValue):
        return value
    if isinstance(value, SequenceValue):
        value = from_sequence(ctx, value)
    if not isinstance(value, ArrayValue | LazyValue):
        ctx.refuse(KernelTypeError, f"{what} takes numbers and arrays only", "pass a number or an array")
    for length in value.shape:
        note_at_least(ctx, length)
    return as_lazy(settled(ctx, value))


def aligned(
    ctx: Context, parts: Sequence[LazyValue | ScalarValue], shape: tuple[Operand, ...]
) -> tuple[list[Element], tuple[ArrayValue, ...], int]:
    """The elements of each part at an index of the broadcast shape, what they read, and their cost."""
    elements: list[Element] = []
    reads: list[ArrayValue] = []
    cost = 0
    for part in parts:
        if isinstance(part, ScalarValue):
            elements.append(_constant(part.operand))
            continue
        if part.cost > 0 and is_repeated(part, shape):
            part = as_lazy(materialize(ctx, part))
        elements.append(broadcast_element(part, shape))
        reads.extend(part.reads)
        cost += part.cost
    return elements, tuple(reads), cost


def broadcast_element(part: LazyValue, shape: Sequence[Operand]) -> Element:
    """The element of ``part`` at an index of a shape that it broadcasts to."""
    lead = len(shape) - part.ndim
    fixed = [is_const(own, 1) for own in part.shape]

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        own = [ZERO if is_fixed else at for is_fixed, at in zip(fixed, index[lead:], strict=True)]
        return part.element(builder, own)

    return element


def _constant(operand: Operand) -> Element:
    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        return operand

    return element


def _at(element: Element, index: Sequence[Operand]) -> Callable[[Builder], Operand]:
    def side(builder: Builder) -> Operand:
        return element(builder, index)

    return side
