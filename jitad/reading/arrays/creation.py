"""Functions that make arrays."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.errors import KernelValueError, UnsupportedCallError
from jitad.primitives import core
from jitad.program.builder import Builder, is_const
from jitad.program.statements import Const, Operand
from jitad.program.types import FLOAT64, INT64, Scalar
from jitad.reading.arrays.arguments import dtype_of, is_absent, shape_of
from jitad.reading.arrays.facts import not_below_zero, note_at_least, smaller
from jitad.reading.arrays.maps import ONE, ZERO, anywhere, as_lazy, require_array
from jitad.reading.arrays.materialize import filled, materialize, settled
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.arrays.slicing import integer
from jitad.reading.context import Context
from jitad.reading.values import ArrayLike, ArrayValue, LazyValue, ScalarValue, SequenceValue, Value


def zeros(ctx: Context, shape: Value, dtype: Value | None = None) -> Value:
    return filled(dtype_of(ctx, dtype), shape_of(ctx, shape), 0)


def ones(ctx: Context, shape: Value, dtype: Value | None = None) -> Value:
    return filled(dtype_of(ctx, dtype), shape_of(ctx, shape), 1)


def empty(ctx: Context, shape: Value, dtype: Value | None = None) -> Value:
    return filled(dtype_of(ctx, dtype), shape_of(ctx, shape), None)


def full(ctx: Context, shape: Value, fill_value: Value, dtype: Value | None = None) -> Value:
    number = ctx.scalar(fill_value, "the fill value")
    assert isinstance(number.type, Scalar)
    name = dtype_of(ctx, dtype, number.type.dtype)
    return _constant(ctx, name, shape_of(ctx, shape), number)


def _constant(ctx: Context, dtype: str, shape: tuple[Operand, ...], number: Operand) -> LazyValue:
    converted = ctx.builder.cast(number, Scalar(dtype))
    if isinstance(converted, Const):
        return filled(dtype, shape, converted.value)

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        return converted

    return LazyValue(dtype, shape, element)


def _like(ctx: Context, a: Value, dtype: Value | None) -> tuple[str, tuple[Operand, ...]]:
    if isinstance(a, ScalarValue):
        return dtype_of(ctx, dtype, a.type.dtype), ()
    if isinstance(a, SequenceValue):
        a = from_sequence(ctx, a)
    array = require_array(ctx, a, "the array to be like")
    return dtype_of(ctx, dtype, array.dtype), tuple(array.shape)


def zeros_like(ctx: Context, a: Value, dtype: Value | None = None) -> Value:
    return filled(*_like(ctx, a, dtype), 0)


def ones_like(ctx: Context, a: Value, dtype: Value | None = None) -> Value:
    return filled(*_like(ctx, a, dtype), 1)


def empty_like(ctx: Context, a: Value, dtype: Value | None = None) -> Value:
    return filled(*_like(ctx, a, dtype), None)


def full_like(ctx: Context, a: Value, fill_value: Value, dtype: Value | None = None) -> Value:
    name, shape = _like(ctx, a, dtype)
    return _constant(ctx, name, shape, ctx.scalar(fill_value, "the fill value"))


def arange(
    ctx: Context, start: Value, stop: Value | None = None, step: Value | None = None, dtype: Value | None = None
) -> Value:
    """``start, start + step, …`` before ``stop``."""
    if stop is None or is_absent(stop):
        start, stop = ScalarValue(ZERO), start
    if step is None or is_absent(step):
        step = ScalarValue(ONE)
    builder = ctx.builder
    numbers = [ctx.scalar(value, "an argument of arange") for value in (start, stop, step)]
    is_float = any(number.type.is_float for number in numbers)
    if is_const(numbers[2], 0):
        ctx.refuse(KernelValueError, "arange with a step of zero", "use another step")
    type_ = FLOAT64 if is_float else INT64
    first, last, by = (builder.cast(number, type_) for number in numbers)
    span = builder.minus(last, first)
    if is_const(by, 1) and not is_float:
        length = not_below_zero(ctx, span)
    else:
        length = not_below_zero(ctx, _quotient_up(builder, span, by, type_))
    name = dtype_of(ctx, dtype, type_.dtype)

    def element(inner: Builder, index: Sequence[Operand]) -> Operand:
        moved = inner.times(index[0], by)
        at = moved if is_const(first, 0) else inner.plus(moved, first)
        return inner.cast(at, Scalar(name))

    return LazyValue(name, (length,), element)


def _quotient_up(builder: Builder, span: Operand, by: Operand, type_: Scalar) -> Operand:
    """``span / by`` rounded up to an integer."""
    if type_ == INT64:
        return builder.negative(builder.compute(core.floordiv, builder.negative(span), by))
    quotient = builder.compute(core.truediv, span, by)
    whole = builder.cast(quotient, INT64)
    more = builder.compute(core.gt, quotient, builder.cast(whole, FLOAT64))
    return builder.select(more, builder.plus(whole, ONE), whole)


def linspace(ctx: Context, start: Value, stop: Value, num: Value | None = None) -> Value:
    """``num`` evenly spaced numbers; the last is ``stop`` itself."""
    builder = ctx.builder
    first, last = (builder.cast(ctx.scalar(v, "an end of linspace"), FLOAT64) for v in (start, stop))
    (count,) = shape_of(ctx, num) if num is not None else (Const(50, INT64),)
    gaps = note_at_least(ctx, builder.minus(count, ONE), -1)
    divisor = builder.cast(builder.select(builder.compute(core.gt, gaps, ZERO), gaps, ONE), FLOAT64)
    by = builder.compute(core.truediv, builder.minus(last, first), divisor)
    is_many = builder.compute(core.gt, gaps, ZERO)

    def element(inner: Builder, index: Sequence[Operand]) -> Operand:
        at = inner.plus(first, inner.times(inner.cast(index[0], FLOAT64), by))
        is_last = inner.compute(core.and_, inner.compute(core.eq, index[0], gaps), is_many)
        return inner.select(is_last, last, at)

    return LazyValue("float64", (count,), element)


def eye(
    ctx: Context,
    N: Value,  # noqa: N803 (NumPy's names, which callers may use)
    M: Value | None = None,  # noqa: N803
    k: Value | None = None,
    dtype: Value | None = None,
) -> Value:
    """Ones on the ``k``-th diagonal."""
    rows, columns = shape_of(ctx, N)[0], shape_of(ctx, N if M is None or is_absent(M) else M)[0]
    shift = ZERO if k is None else integer(ctx, k, "the diagonal")
    type_ = Scalar(dtype_of(ctx, dtype))

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        at = index[0] if is_const(shift, 0) else builder.plus(index[0], shift)
        return builder.cast(builder.compute(core.eq, at, index[1]), type_)

    return LazyValue(type_.dtype, (rows, columns), element)


def identity(ctx: Context, n: Value, dtype: Value | None = None) -> Value:
    return eye(ctx, n, None, None, dtype)


def diag(ctx: Context, v: Value, k: Value | None = None) -> Value:
    """The matrix with ``v`` on a diagonal, or a diagonal of the matrix ``v``."""
    array = settled(ctx, require_array(ctx, v, "the argument of diag"))
    shift = ZERO if k is None else integer(ctx, k, "the diagonal")
    if not isinstance(shift, Const):
        ctx.refuse(UnsupportedCallError, "diag with a diagonal that isn't a literal", "write the number itself")
    up, down = Const(max(int(shift.value), 0), INT64), Const(max(-int(shift.value), 0), INT64)
    lazy = as_lazy(array)
    if lazy.ndim == 2:
        return _diagonal(ctx, lazy, up, down)
    if lazy.cost > 0:
        lazy = as_lazy(materialize(ctx, lazy))
    length = ctx.builder.plus(lazy.shape[0], Const(up.value + down.value, INT64))
    note_at_least(ctx, length)
    out = materialize(ctx, filled(lazy.dtype, (length, length), 0), "diag")
    from jitad.reading.arrays.loops import for_each

    def body(builder: Builder, index: list[Operand]) -> None:
        at = (builder.plus(index[0], down), builder.plus(index[0], up))
        builder.store(out.base, at, lazy.element(builder, index))

    for_each(ctx, lazy.shape, body)
    return out


def _diagonal(ctx: Context, lazy: LazyValue, up: Const, down: Const) -> LazyValue:
    builder = ctx.builder
    rows, columns = builder.minus(lazy.shape[0], down), builder.minus(lazy.shape[1], up)
    length = not_below_zero(ctx, smaller(builder, rows, columns))

    def element(inner: Builder, index: Sequence[Operand]) -> Operand:
        return lazy.element(inner, (inner.plus(index[0], down), inner.plus(index[0], up)))

    return LazyValue(lazy.dtype, (length,), element, anywhere(lazy.reads), lazy.cost)


def array(ctx: Context, object: Value, dtype: Value | None = None) -> Value:
    """``np.array``: numbers, nested sequences of them, or a copy of an array."""
    name = None if dtype is None or is_absent(dtype) else dtype_of(ctx, dtype)
    if isinstance(object, ArrayValue | LazyValue):
        return copy(ctx, converted(ctx, object, name))
    return from_sequence(ctx, object, name)


def asarray(ctx: Context, a: Value, dtype: Value | None = None) -> Value:
    """``np.asarray``: an array of the right dtype is given back as it is."""
    name = None if dtype is None or is_absent(dtype) else dtype_of(ctx, dtype)
    if isinstance(a, ArrayValue | LazyValue):
        return converted(ctx, a, name)
    return from_sequence(ctx, a, name)


def ascontiguousarray(ctx: Context, a: Value) -> Value:
    from jitad.reading.arrays.maps import layout_of

    made = require_array(ctx, asarray(ctx, a), "the argument")
    if isinstance(made, ArrayValue) and layout_of(ctx.builder, made) == "C":
        return made
    return copy(ctx, made)


def copy(ctx: Context, a: Value) -> Value:
    """A copy: an expression, so that keeping it makes fresh memory."""
    array = settled(ctx, require_array(ctx, a, "the argument of copy"))
    return as_lazy(array)


def converted(ctx: Context, a: ArrayLike, dtype: str | None) -> ArrayLike:
    """The array in another dtype (itself when it has it)."""
    if dtype is None or a.dtype == dtype:
        return a
    result = ctx.apply(core.casts[dtype], (a,))
    assert isinstance(result, LazyValue)
    return result


def astype(ctx: Context, a: Value, dtype: Value) -> Value:
    """A copy in another dtype."""
    array = settled(ctx, require_array(ctx, a, "the converted value"))
    return copy(ctx, converted(ctx, array, dtype_of(ctx, dtype)))
