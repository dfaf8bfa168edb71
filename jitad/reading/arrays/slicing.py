"""Indices and slices resolved to non-negative index maps, by Python's rules."""

from __future__ import annotations

from dataclasses import dataclass

from jitad.errors import IndexOutOfRangeError, KernelTypeError, KernelValueError, ShapeMismatchError
from jitad.primitives import core
from jitad.program.builder import const_int, is_const
from jitad.program.statements import Const, Operand
from jitad.program.types import INT64, Scalar
from jitad.reading.arrays.facts import is_nonnegative, larger, lower_bound, not_below_zero, note_at_least, smaller
from jitad.reading.arrays.maps import ONE, ZERO
from jitad.reading.context import Context
from jitad.reading.values import SliceValue, StaticValue, Value


def integer(ctx: Context, value: Value, what: str) -> Operand:
    """The int64 operand of an integer; refuses other types."""
    operand = ctx.scalar(value, what)
    type_ = operand.type
    if not isinstance(type_, Scalar) or type_.is_float or type_.dtype == "bool":
        ctx.refuse(KernelTypeError, f"{what} must be an integer, not {type_}", "convert it with int(...)")
    converted = ctx.builder.cast(operand, INT64)
    if converted is not operand and type_.dtype.startswith("uint"):
        note_at_least(ctx, converted)
    return converted


def resolved_index(ctx: Context, index: Operand, length: Operand) -> Operand:
    """An index counted from the front: a negative one counts from the end."""
    builder = ctx.builder
    if isinstance(index, Const):
        value = int(index.value)
        if isinstance(length, Const) and not -int(length.value) <= value < int(length.value):
            ctx.refuse(
                IndexOutOfRangeError,
                f"index {value} is outside an axis of length {length.value}",
                "use an index inside the array",
            )
        if value < 0:
            index = builder.plus(length, index)
    elif not is_nonnegative(ctx, index):
        wrapped = builder.select(builder.compute(core.lt, index, ZERO), builder.plus(index, length), index)
        index = wrapped
    if ctx.bounds_checked:
        _check(ctx, index, length)
    return index


def _check(ctx: Context, index: Operand, length: Operand) -> None:
    if isinstance(index, Const) and isinstance(length, Const):
        return
    builder = ctx.builder
    outside = builder.compute(core.or_, builder.compute(core.lt, index, ZERO), builder.compute(core.ge, index, length))
    ctx.fail_if(outside, IndexOutOfRangeError, "the index is outside the array", "use an index inside the array")


@dataclass(frozen=True)
class Span:
    """A resolved slice: element ``j`` is ``start + step * j`` for ``j < length``."""

    start: Operand
    step: Operand
    length: Operand


def resolved_slice(ctx: Context, value: SliceValue, n: Operand) -> Span:
    """What a slice selects of an axis of length ``n``, by Python's clamping rules."""
    note_at_least(ctx, n)
    step = ONE if _absent(value.step) else integer(ctx, value.step, "a slice's step")  # type: ignore[arg-type]
    start = None if _absent(value.start) else integer(ctx, value.start, "a slice's start")  # type: ignore[arg-type]
    stop = None if _absent(value.stop) else integer(ctx, value.stop, "a slice's stop")  # type: ignore[arg-type]
    if is_const(step, 0):
        ctx.refuse(KernelValueError, "a slice's step can't be zero", "use a step of 1, or leave it out")
    bound = lower_bound(ctx, step)
    if bound is not None and bound >= 1:
        return _forwards(ctx, start, stop, step, n)
    if isinstance(step, Const):
        return _backwards(ctx, start, stop, step, n)
    builder = ctx.builder
    ctx.fail_if(
        builder.compute(core.eq, step, ZERO), KernelValueError, "a slice's step can't be zero", "use another step"
    )
    up = builder.compute(core.gt, step, ZERO)
    size = larger(builder, step, builder.negative(step))
    note_at_least(ctx, size, 1)
    one, other = _forwards(ctx, start, stop, size, n), _backwards(ctx, start, stop, builder.negative(size), n)
    length = builder.select(up, one.length, other.length)
    return Span(builder.select(up, one.start, other.start), step, note_at_least(ctx, length))


def _absent(value: Value | None) -> bool:
    return value is None or (isinstance(value, StaticValue) and value.obj is None)


def _from_front(ctx: Context, bound: Operand, n: Operand) -> Operand:
    """A slice's bound counted from the front; it may still lie outside."""
    builder = ctx.builder
    if isinstance(bound, Const):
        return builder.minus(n, const_int(-int(bound.value))) if bound.value < 0 else bound
    if is_nonnegative(ctx, bound):
        return bound
    return builder.select(builder.compute(core.lt, bound, ZERO), builder.plus(bound, n), bound)


def _forwards(ctx: Context, start: Operand | None, stop: Operand | None, step: Operand, n: Operand) -> Span:
    """A slice with a positive step. Where it is empty, its start may be past the end."""
    builder = ctx.builder
    begin = ZERO if start is None else not_below_zero(ctx, _from_front(ctx, start, n))
    if stop is None:
        end = n
    else:
        end = _from_front(ctx, stop, n)
        if not (isinstance(stop, Const) and stop.value < 0):
            end = end if end is n else smaller(builder, end, n)
    if isinstance(start, Const) and start.value < 0 and stop is None:
        span = smaller(builder, n, const_int(-int(start.value)))
        note_at_least(ctx, span)
    elif is_const(begin, 0):
        span = not_below_zero(ctx, end) if stop is not None and not _is_clamped(ctx, stop) else end
    else:
        span = not_below_zero(ctx, builder.minus(end, begin))
    note_at_least(ctx, span)
    if _is_single(start, stop, step):
        span = _single(ctx, span)
    return Span(begin, step, _steps(ctx, span, step))


def _is_single(start: Operand | None, stop: Operand | None, step: Operand) -> bool:
    """True for slices such as ``:1``, ``2:3`` and ``-1:``, whose literals say that they have one element."""
    if is_const(step, 1) and stop is None:
        return start is not None and is_const(start, -1)
    first = ZERO if start is None else start
    if not isinstance(first, Const) or not isinstance(stop, Const) or (first.value < 0 <= stop.value):
        return False
    return stop.value - first.value == 1


def _single(ctx: Context, span: Operand) -> Operand:
    """A literal length of 1, so that the axis broadcasts; checked at run time."""
    empty = ctx.builder.compute(core.ne, span, ONE)
    reason = "a slice of one element is past the end of its axis"
    ctx.fail_if(empty, ShapeMismatchError, reason, "check the length of the array before it is sliced")
    return ONE


def _is_clamped(ctx: Context, stop: Operand) -> bool:
    return is_nonnegative(ctx, stop)


def _backwards(ctx: Context, start: Operand | None, stop: Operand | None, step: Operand, n: Operand) -> Span:
    """A slice with a negative step: ``start`` and ``stop`` are clamped to -1 … n - 1."""
    builder = ctx.builder
    last = builder.minus(n, ONE)
    begin = last if start is None else smaller(builder, _from_front(ctx, start, n), last)
    if stop is None:
        span = n if start is None else not_below_zero(ctx, builder.plus(begin, ONE))
    else:
        end = larger(builder, _from_front(ctx, stop, n), const_int(-1))
        span = not_below_zero(ctx, builder.minus(begin, end))
    return Span(begin, step, _steps(ctx, span, builder.negative(step)))


def _steps(ctx: Context, span: Operand, step: Operand) -> Operand:
    """How many steps of a positive size fit in a span: the quotient rounded up."""
    if is_const(step, 1):
        return span
    builder = ctx.builder
    rounded = builder.plus(span, builder.minus(step, ONE))
    return note_at_least(ctx, builder.compute(core.floordiv, rounded, step))
