"""Attributes and methods of arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from jitad.errors import KernelTypeError, UnsupportedCallError
from jitad.program.builder import const_int
from jitad.reading.arrays import creation, products, reductions, shapes, sorting
from jitad.reading.arrays.arguments import known_integer
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.indexing import getitem
from jitad.reading.arrays.maps import as_lazy, require_array, size_of
from jitad.reading.arrays.materialize import settled
from jitad.reading.arrays.stores import assign
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, MethodValue, ScalarValue, SequenceValue, StaticValue, Value


def attribute(ctx: Context, value: Value, name: str) -> Value | None:
    """``value.name`` of an array; None when arrays have no such attribute here."""
    array = require_array(ctx, value, "the value")
    if name == "shape":
        return shape_value(ctx, array)
    if name == "size":
        return ScalarValue(size_of(ctx, array.shape))
    if name == "ndim":
        return ScalarValue(const_int(array.ndim))
    if name == "dtype":
        return StaticValue(np.dtype(array.dtype))
    if name == "itemsize":
        return ScalarValue(const_int(np.dtype(array.dtype).itemsize))
    if name == "T":
        return shapes.transposed(ctx, array)
    if name == "real":
        return array
    return MethodValue(array, name) if name in METHODS else None


def call_method(ctx: Context, method: MethodValue, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """A call of an array's method."""
    handler = METHODS[method.name]
    try:
        inspect.signature(handler).bind(ctx, method.owner, *args, **kwargs)
    except TypeError as error:
        ctx.refuse(UnsupportedCallError, f"the method {method.name}: {error}", "leave out that argument")
    return handler(ctx, method.owner, *args, **kwargs)


def shape_value(ctx: Context, a: Value) -> Value:
    """``np.shape``: a tuple of the lengths."""
    if isinstance(a, ScalarValue):
        return SequenceValue(())
    array = require_array(ctx, a, "the argument of shape")
    return SequenceValue(tuple(ScalarValue(note_at_least(ctx, length)) for length in array.shape))


def size(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    array = require_array(ctx, a, "the argument of size")
    if axis is not None:
        return ScalarValue(array.shape[known_integer(ctx, axis, "the axis")])
    return ScalarValue(size_of(ctx, array.shape))


def ndim(ctx: Context, a: Value) -> Value:
    return ScalarValue(const_int(0 if isinstance(a, ScalarValue) else require_array(ctx, a, "the argument").ndim))


def fill(ctx: Context, a: Value, value: Value) -> Value:
    """Store one number everywhere."""
    if not isinstance(a, ArrayValue):
        ctx.refuse(KernelTypeError, "only an array can be filled", "assign it to a name first")
    assign(ctx, a, ScalarValue(ctx.scalar(value, "the fill value")))
    return StaticValue(None)


def item(ctx: Context, a: Value, *args: Value) -> Value:
    """The only element, or the one at an index."""
    array = as_lazy(settled(ctx, require_array(ctx, a, "the value")))
    if args:
        return getitem(ctx, array, args[0] if len(args) == 1 else SequenceValue(args))
    return ScalarValue(array.element(ctx.builder, [const_int(0)] * array.ndim))


def clip(ctx: Context, a: Value, a_min: Value | None = None, a_max: Value | None = None) -> Value:
    """The elements kept between two bounds, either of which may be left out."""
    from jitad.primitives.registry import lookup
    from jitad.primitives.spec import ScalarPrimitive
    from jitad.reading.arrays.arguments import is_absent

    result = a
    for function, bound in ((np.maximum, a_min), (np.minimum, a_max)):
        if bound is not None and not is_absent(bound):
            primitive = lookup(function)
            assert isinstance(primitive, ScalarPrimitive)
            result = ctx.apply(primitive, (result, bound))
    return result


METHODS: dict[str, Callable[..., Value]] = {
    "sum": reductions.sum_,
    "prod": reductions.prod,
    "mean": reductions.mean,
    "var": reductions.var,
    "std": reductions.std,
    "min": reductions.min_,
    "max": reductions.max_,
    "any": reductions.any_,
    "all": reductions.all_,
    "argmin": reductions.argmin,
    "argmax": reductions.argmax,
    "cumsum": reductions.cumsum,
    "cumprod": reductions.cumprod,
    "dot": products.dot,
    "copy": creation.copy,
    "astype": creation.astype,
    "reshape": shapes.reshape,
    "ravel": shapes.ravel,
    "flatten": shapes.flatten,
    "transpose": shapes.transposed,
    "swapaxes": shapes.swapaxes,
    "squeeze": shapes.squeeze,
    "repeat": shapes.repeat,
    "trace": shapes.trace,
    "fill": fill,
    "item": item,
    "clip": clip,
    "argsort": sorting.argsort,
}
