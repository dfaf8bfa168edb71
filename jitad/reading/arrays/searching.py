"""Where the extreme elements of an array are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jitad.primitives import core, extremes
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.builder import Builder
from jitad.program.statements import Operand
from jitad.program.types import INT64, Scalar
from jitad.reading.arrays.loops import fold
from jitad.reading.arrays.maps import ZERO, size_of
from jitad.reading.context import Context
from jitad.reading.values import LazyValue

Places = Callable[[Builder, Sequence[Operand]], list[Operand]]

CHEAP = 4
"""An element that costs no more additions is read twice: both passes over the elements run in vector registers."""


def extreme_places(ctx: Context, source: LazyValue, axes: Sequence[int], better: ScalarPrimitive) -> Places:
    """Where the extreme element along ``axes`` is, for an index of the other axes; the first of equals.

    The search sees the values with their derivatives stopped, so that it leaves nothing on the tape: the
    derivative flows through the one element found. As in NumPy, the first NaN wins.
    """
    if source.cost <= CHEAP and len(axes) > 0:
        return _in_two_passes(ctx, source, axes, better)
    return _in_one_pass(ctx, source, axes, better)


def joined(axes: Sequence[int], kept: Sequence[Operand], inner: Sequence[Operand]) -> list[Operand]:
    """The index of all axes, from that of the axes kept and that of the axes reduced."""
    rest, own = iter(kept), iter(inner)
    return [next(own) if k in axes else next(rest) for k in range(len(kept) + len(inner))]


def _in_two_passes(ctx: Context, source: LazyValue, axes: Sequence[int], better: ScalarPrimitive) -> Places:
    """The first pass finds the extreme value, the second the first place that has it."""
    shape = [source.shape[k] for k in axes]
    is_float = source.dtype.startswith("float")
    type_ = Scalar(source.dtype)
    of_two = extremes.largest if better is core.gt else extremes.smallest

    def places(builder: Builder, kept: Sequence[Operand]) -> list[Operand]:
        def item_at(inner: Builder, at: Sequence[Operand]) -> Operand:
            item = source.element(inner, joined(axes, kept, at))
            return inner.compute(core.stopped, item) if is_float else item

        def better_of(inner: Builder, at: list[Operand], carried: list[Operand]) -> list[Operand]:
            item, best = item_at(inner, at), carried[0]
            if is_float:
                return [inner.compute_typed(of_two, (best, item), type_)]
            return [inner.select(inner.compute(better, item, best), item, best)]

        start = item_at(builder, [ZERO] * len(axes))
        best = fold(ctx, shape, [start], better_of, builder=builder, order_free=False)[0]
        with ctx.block(builder):
            size = size_of(ctx, shape)

        def first_of(inner: Builder, at: list[Operand], carried: list[Operand]) -> list[Operand]:
            item = item_at(inner, at)
            found = inner.compute(core.eq, item, best)
            if is_float:
                are_nan = inner.compute(core.and_, _is_nan(inner, item), _is_nan(inner, best))
                found = inner.compute(core.or_, found, are_nan)
            place = inner.select(found, _position(inner, at, shape), size)
            return [inner.select(inner.compute(core.lt, place, carried[0]), place, carried[0])]

        first = fold(ctx, shape, [size], first_of, builder=builder, order_free=False)[0]
        # with the user's fastmath there may be no NaN that is found to be one
        inside = builder.select(builder.compute(core.lt, first, size), first, ZERO)
        return _index_of(builder, inside, shape)

    return places


def _is_nan(builder: Builder, value: Operand) -> Operand:
    return builder.compute(core.ne, value, value)


def _position(builder: Builder, at: Sequence[Operand], shape: Sequence[Operand]) -> Operand:
    """The place of an index in row order."""
    position = at[0]
    for index, length in zip(at[1:], shape[1:], strict=True):
        position = builder.plus(builder.times(position, length), index)
    return position


def _index_of(builder: Builder, position: Operand, shape: Sequence[Operand]) -> list[Operand]:
    """The index of a place in row order."""
    index: list[Operand] = []
    for length in reversed(shape[1:]):
        index.insert(0, builder.compute_typed(core.mod, (position, length), INT64))
        position = builder.compute_typed(core.floordiv, (position, length), INT64)
    return [position, *index]


def _in_one_pass(ctx: Context, source: LazyValue, axes: Sequence[int], better: ScalarPrimitive) -> Places:
    """One pass carries the extreme value and its place."""
    inner_shape = [source.shape[k] for k in axes]
    is_float = source.dtype.startswith("float")

    def places(builder: Builder, kept: Sequence[Operand]) -> list[Operand]:
        first = source.element(builder, joined(axes, kept, [ZERO] * len(axes)))
        seen = builder.compute(core.stopped, first) if is_float else first

        def step(inner: Builder, at: list[Operand], carried: list[Operand]) -> list[Operand]:
            item = source.element(inner, joined(axes, kept, at))
            best = carried[0]
            if is_float:
                item = inner.compute(core.stopped, item)
            take = inner.compute(better, item, best)
            if is_float:
                is_nan, was_number = inner.compute(core.ne, item, item), inner.compute(core.eq, best, best)
                take = inner.compute(core.or_, take, inner.compute(core.and_, is_nan, was_number))
            return [inner.select(take, new, old) for new, old in zip((item, *at), carried, strict=True)]

        inits = [seen, *([ZERO] * len(axes))]
        return fold(ctx, inner_shape, inits, step, builder=builder, order_free=False)[1:]

    return places
