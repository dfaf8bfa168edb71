"""Sorting: an order found with derivatives stopped, and a gather along it."""

from __future__ import annotations

from jitad.errors import UnsupportedCallError
from jitad.primitives import core
from jitad.program.builder import const_int
from jitad.program.statements import Call
from jitad.reading.arrays.indexing import getitem
from jitad.reading.arrays.maps import allocate, require_array
from jitad.reading.arrays.materialize import contiguous, materialize, settled
from jitad.reading.context import Context
from jitad.reading.values import ArrayLike, ArrayValue, ScalarValue, Value


def argsort(ctx: Context, a: Value) -> ArrayValue:
    """The indices that sort a vector."""
    array = settled(ctx, _vector(ctx, a, "argsort"))
    stopped = ctx.apply(core.stopped, (array,)) if array.dtype.startswith("float") else array
    source = contiguous(ctx, require_array(ctx, stopped, "the argument of argsort"))
    out = allocate(ctx, "order", "int64", array.shape)
    ctx.builder.add(Call(ctx.array_primitive("argsort"), (out.base,), (source,)))
    return out


def sort(ctx: Context, a: Value) -> Value:
    """A sorted copy of a vector."""
    array = materialize(ctx, _vector(ctx, a, "sort"))
    return getitem(ctx, array, argsort(ctx, array))


def median(ctx: Context, a: Value) -> Value:
    """The middle element of a vector in order, or the mean of the two in the middle."""
    array = materialize(ctx, sort(ctx, a))
    builder, size = ctx.builder, array.shape[0]
    last = builder.minus(size, const_int(1))
    middle = [builder.compute(core.floordiv, end, const_int(2)) for end in (last, size)]
    parts = [getitem(ctx, array, ScalarValue(place)) for place in middle]
    return ctx.apply(core.truediv, (ctx.apply(core.add, parts), ScalarValue(const_int(2))))


def _vector(ctx: Context, a: Value, name: str) -> ArrayLike:
    array = require_array(ctx, a, f"the argument of {name}")
    if array.ndim != 1:
        ctx.refuse(UnsupportedCallError, f"{name} of an array with {array.ndim} axes", "sort one row at a time")
    return array
