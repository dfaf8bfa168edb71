"""Sums, products, extremes and other reductions, over all axes or some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jitad.errors import KernelTypeError, KernelValueError
from jitad.primitives import core, roots
from jitad.primitives.spec import ScalarPrimitive
from jitad.primitives.sums import addition
from jitad.program.builder import Builder, is_const
from jitad.program.statements import Const, Operand
from jitad.program.types import BOOL, INT64, Scalar
from jitad.reading.arrays.arguments import axes_of, dtype_of, flag
from jitad.reading.arrays.creation import diag
from jitad.reading.arrays.loops import fold, for_each
from jitad.reading.arrays.maps import ONE, ZERO, allocate, anywhere, as_lazy, from_variable, require_array, size_of
from jitad.reading.arrays.materialize import materialize, settled
from jitad.reading.arrays.searching import extreme_places, joined
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.arrays.shapes import ravel
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, LazyValue, ScalarValue, SequenceValue, StaticValue, Value

LONG = 100
"""The cost of a reduction's element, in additions: enough that it is never computed twice."""


@dataclass(frozen=True)
class Fold:
    """A reduction by one operation: its start, its type from an element's, and how a value joins the rest."""

    start: float
    join: ScalarPrimitive
    widens: bool = True

    def type_of(self, dtype: str) -> Scalar:
        if not self.widens:
            return BOOL
        return Scalar(dtype) if dtype.startswith("float") else INT64


SUM = Fold(0, core.add)
PROD = Fold(1, core.mul)
ANY = Fold(0, core.or_, widens=False)
ALL = Fold(1, core.and_, widens=False)


def reduced(ctx: Context, value: Value, axis: Value | None, keepdims: Value | None, kind: Fold, name: str) -> Value:
    """``kind`` over all elements, or along an axis known while reading."""
    source = _source(ctx, value, name)
    axes = axes_of(ctx, axis, source.ndim)
    type_ = kind.type_of(source.dtype)
    start = core.convert_constant(Const(int(kind.start), INT64), type_)
    join = addition(type_) if kind is SUM else kind.join
    kept = flag(ctx, keepdims, "keepdims")

    def step(builder: Builder, total: Operand, item: Operand) -> Operand:
        return builder.compute_typed(join, (total, builder.cast(item, type_)), type_)

    if len(axes) == source.ndim and not kept:

        def body(builder: Builder, index: list[Operand], carried: list[Operand]) -> list[Operand]:
            return [step(builder, carried[0], source.element(builder, index))]

        return ScalarValue(fold(ctx, source.shape, [start], body)[0])
    trailing = set(axes) == set(range(source.ndim - len(axes), source.ndim))
    if trailing or kind is not SUM:
        result: Value = _along(ctx, source, axes, start, step)
    else:
        result = _accumulated(ctx, source, axes, type_)
    return with_axes(ctx, result, axes, source.ndim) if kept else result


def _source(ctx: Context, value: Value, name: str) -> LazyValue:
    if isinstance(value, SequenceValue):
        value = from_sequence(ctx, value)
    if isinstance(value, ScalarValue):
        value = materialize(ctx, value)
    return as_lazy(settled(ctx, require_array(ctx, value, f"the argument of {name}")))


def _split(axes: Sequence[int], ndim: int) -> list[int]:
    return [k for k in range(ndim) if k not in axes]


def _along(
    ctx: Context,
    source: LazyValue,
    axes: Sequence[int],
    start: Operand,
    step: Callable[[Builder, Operand, Operand], Operand],
) -> LazyValue:
    """A reduction whose element is a loop over the reduced axes."""
    inner_shape = [source.shape[k] for k in axes]

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        def body(inside: Builder, at: list[Operand], carried: list[Operand]) -> list[Operand]:
            return [step(inside, carried[0], source.element(inside, joined(axes, index, at)))]

        return fold(ctx, inner_shape, [start], body, builder=builder)[0]

    shape = tuple(source.shape[k] for k in _split(axes, source.ndim))
    dtype = str(start.type)
    return LazyValue(dtype, shape, element, anywhere(source.reads), source.cost + LONG)


def _accumulated(ctx: Context, source: LazyValue, axes: Sequence[int], type_: Scalar) -> ArrayValue:
    """A sum over leading axes: rows are added to the result, so that memory is read in order."""
    kept = _split(axes, source.ndim)
    out = allocate(ctx, "sum", type_.dtype, [source.shape[k] for k in kept], 0)

    def body(builder: Builder, index: list[Operand]) -> None:
        item = source.element(builder, index)
        builder.accumulate(out.base, [index[k] for k in kept], builder.cast(item, type_))

    for_each(ctx, source.shape, body)
    return out


def with_axes(ctx: Context, value: Value, axes: Sequence[int], ndim: int) -> ArrayValue:
    """The value with axes of length 1 put back where axes were reduced."""
    from jitad.program.statements import ViewAxis

    array = materialize(ctx, value)
    rest = iter(array.axes)
    return ArrayValue(
        array.base,
        array.starts,
        tuple(ViewAxis(ONE, None, ZERO) if k in axes else next(rest) for k in range(ndim)),
    )


def sum_(
    ctx: Context, a: Value, axis: Value | None = None, dtype: Value | None = None, *, keepdims: Value | None = None
) -> Value:
    source = _source(ctx, a, "sum")
    terms = source if dtype is None else ctx.apply(core.casts[dtype_of(ctx, dtype, source.dtype)], (source,))
    return reduced(ctx, terms, axis, keepdims, SUM, "sum")


def trace(ctx: Context, a: Value) -> Value:
    return sum_(ctx, diag(ctx, a))


def prod(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    return reduced(ctx, a, axis, keepdims, PROD, "prod")


def any_(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    return reduced(ctx, a, axis, keepdims, ANY, "any")


def all_(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    return reduced(ctx, a, axis, keepdims, ALL, "all")


def count_nonzero(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    source = _source(ctx, a, "count_nonzero")
    truth = ctx.apply(core.casts["bool"], [source])
    return reduced(ctx, truth, axis, None, SUM, "count_nonzero")


def _count(ctx: Context, source: LazyValue, axes: Sequence[int]) -> ScalarValue:
    return ScalarValue(size_of(ctx, [source.shape[k] for k in axes]))


def mean(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    source = _source(ctx, a, "mean")
    total = reduced(ctx, source, axis, keepdims, SUM, "mean")
    count = _count(ctx, source, axes_of(ctx, axis, source.ndim))
    return _narrowed(ctx, ctx.apply(core.truediv, (total, count)), source.dtype)


def _narrowed(ctx: Context, value: Value, dtype: str) -> Value:
    return ctx.apply(core.casts["float32"], (value,)) if dtype == "float32" else value


def var(
    ctx: Context, a: Value, axis: Value | None = None, *, ddof: Value | None = None, keepdims: Value | None = None
) -> Value:
    """The mean of squared deviations from the mean, both over ``axis``; the mean's divisor is lessened by ``ddof``."""
    source = _source(ctx, a, "var")
    if source.cost > 0:
        source = as_lazy(materialize(ctx, source))
    axes = axes_of(ctx, axis, source.ndim)
    everything = len(axes) == source.ndim
    center = mean(ctx, source, axis, keepdims=None if everything else ScalarValue(Const(True, BOOL)))
    deviation = ctx.apply(core.sub, (source, center))
    total = reduced(ctx, ctx.apply(core.mul, (deviation, deviation)), axis, keepdims, SUM, "var")
    count: Value = _count(ctx, source, axes)
    if ddof is not None:
        count = ctx.apply(core.sub, (count, ddof))
    return _narrowed(ctx, ctx.apply(core.truediv, (total, count)), source.dtype)


def std(
    ctx: Context, a: Value, axis: Value | None = None, *, ddof: Value | None = None, keepdims: Value | None = None
) -> Value:
    return root_of(ctx, var(ctx, a, axis, ddof=ddof, keepdims=keepdims))


def root_of(ctx: Context, value: Value) -> Value:
    """The square root of a sum of squares."""
    return ctx.apply(roots.PRIMITIVES[0], (value,))


def _require_some(ctx: Context, source: LazyValue, axes: Sequence[int], name: str) -> None:
    for k in axes:
        empty = ctx.builder.compute(core.eq, source.shape[k], ZERO)
        ctx.fail_if(empty, KernelValueError, f"{name} of an empty array", "check that the array has elements")


def _extreme(
    ctx: Context, a: Value, axis: Value | None, keepdims: Value | None, better: ScalarPrimitive, name: str
) -> Value:
    source = _source(ctx, a, name)
    if source.dtype == "bool":
        return reduced(ctx, source, axis, keepdims, ANY if better is core.gt else ALL, name)
    axes = axes_of(ctx, axis, source.ndim)
    kept = flag(ctx, keepdims, "keepdims")
    _require_some(ctx, source, axes, name)
    places = extreme_places(ctx, source, axes, better)

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        return source.element(builder, joined(axes, index, places(builder, index)))

    if len(axes) == source.ndim and not kept:
        return ScalarValue(element(ctx.builder, ()))
    shape = tuple(source.shape[k] for k in _split(axes, source.ndim))
    result = LazyValue(source.dtype, shape, element, anywhere(source.reads), source.cost + LONG)
    return with_axes(ctx, result, axes, source.ndim) if kept else result


def max_(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    return _extreme(ctx, a, axis, keepdims, core.gt, "max")


def min_(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    return _extreme(ctx, a, axis, keepdims, core.lt, "min")


def _arg_extreme(ctx: Context, a: Value, axis: Value | None, better: ScalarPrimitive, name: str) -> Value:
    source = _source(ctx, a, name)
    axes = axes_of(ctx, axis, source.ndim)
    _require_some(ctx, source, axes, name)
    places = extreme_places(ctx, source, axes, better)

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        flat: Operand = ZERO
        for at, k in zip(places(builder, index), axes, strict=True):
            flat = builder.plus(builder.times(flat, source.shape[k]), at) if not is_const(flat, 0) else at
        return flat

    if len(axes) == source.ndim:
        return ScalarValue(element(ctx.builder, ()))
    shape = tuple(source.shape[k] for k in _split(axes, source.ndim))
    return LazyValue("int64", shape, element, anywhere(source.reads), source.cost + LONG)


def argmax(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    return _arg_extreme(ctx, a, axis, core.gt, "argmax")


def argmin(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    return _arg_extreme(ctx, a, axis, core.lt, "argmin")


def cumsum(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    return _cumulative(ctx, a, axis, SUM, "cumsum")


def cumprod(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    return _cumulative(ctx, a, axis, PROD, "cumprod")


def _cumulative(ctx: Context, a: Value, axis: Value | None, kind: Fold, name: str) -> ArrayValue:
    """Running totals along an axis; without one, over the elements in row order."""
    source = _source(ctx, a, name)
    if source.ndim == 0 or (source.ndim > 1 and (axis is None or (isinstance(axis, StaticValue) and axis.obj is None))):
        source = as_lazy(require_array(ctx, ravel(ctx, a), name))
    along = axes_of(ctx, axis, source.ndim)
    if len(along) != 1:
        ctx.refuse(KernelTypeError, f"{name} takes one axis", "give one integer as the axis")
    type_ = kind.type_of(source.dtype)
    out = allocate(ctx, name, type_.dtype, source.shape)
    start = core.convert_constant(Const(int(kind.start), INT64), type_)
    others = [source.shape[k] for k in _split(along, source.ndim)]

    def outer(builder: Builder, kept: list[Operand]) -> None:
        def step(inner: Builder, at: list[Operand], carried: list[Operand]) -> list[Operand]:
            index = joined(along, kept, at)
            item = inner.cast(source.element(inner, index), type_)
            total = inner.compute_typed(kind.join, (carried[0], item), type_)
            inner.store(out.base, index, total)
            return [total]

        fold(ctx, [source.shape[along[0]]], [start], step, order_free=False, builder=builder)

    for_each(ctx, others, outer)
    return from_variable(ctx.builder, out.base)
