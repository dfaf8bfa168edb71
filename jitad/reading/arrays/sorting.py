"""The order that sorts a vector, found with derivatives stopped."""

from __future__ import annotations

from jitad.errors import UnsupportedCallError
from jitad.primitives import core
from jitad.program.statements import Call
from jitad.reading.arrays.maps import allocate, require_array
from jitad.reading.arrays.materialize import contiguous, settled
from jitad.reading.context import Context
from jitad.reading.values import ArrayLike, ArrayValue, Value


def argsort(ctx: Context, a: Value) -> ArrayValue:
    """The indices that sort a vector."""
    array = settled(ctx, _vector(ctx, a, "argsort"))
    stopped = ctx.apply(core.stopped, (array,)) if array.dtype.startswith("float") else array
    source = contiguous(ctx, require_array(ctx, stopped, "the argument of argsort"))
    out = allocate(ctx, "order", "int64", array.shape)
    ctx.builder.add(Call(ctx.array_primitive("argsort"), (out.base,), (source,)))
    return out


def _vector(ctx: Context, a: Value, name: str) -> ArrayLike:
    array = require_array(ctx, a, f"the argument of {name}")
    if array.ndim != 1:
        ctx.refuse(UnsupportedCallError, f"{name} of an array with {array.ndim} axes", "sort one row at a time")
    return array
