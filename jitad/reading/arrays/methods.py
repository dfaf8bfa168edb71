"""Attributes and methods of arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jitad.errors import KernelTypeError, UnsupportedCallError
from jitad.program.builder import const_int
from jitad.reading.arrays import creation, products, reductions, shapes
from jitad.reading.arrays.arguments import known_integer
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.indexing import getitem
from jitad.reading.arrays.maps import as_lazy, layout_of, require_array, size_of
from jitad.reading.arrays.materialize import settled
from jitad.reading.arrays.stores import assign
from jitad.reading.context import Context
from jitad.reading.values import ArrayLike, ArrayValue, MethodValue, ScalarValue, SequenceValue, StaticValue, Value


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
    if name == "imag":
        return creation.zeros_like(ctx, array)
    if name == "nbytes":
        return ScalarValue(ctx.builder.times(size_of(ctx, array.shape), const_int(np.dtype(array.dtype).itemsize)))
    if name == "flat":
        return flat(ctx, array)
    if name in _REFUSED:
        reason, remedy = _REFUSED[name]
        ctx.refuse(UnsupportedCallError, f"the attribute {name!r} of an array: {reason}", remedy)
    return MethodValue(array, name) if name in METHODS or name in FUNCTION_METHODS else None


def flat(ctx: Context, array: ArrayLike) -> Value:
    """The elements in row order as a vector that shares the array's memory."""
    if isinstance(array, ArrayValue) and array.ndim > 1 and layout_of(ctx.builder, array) != "C":
        ctx.refuse(
            UnsupportedCallError,
            "the attribute 'flat' of an array whose rows don't follow each other in memory",
            "loop over its axes, or take a copy first: np.ascontiguousarray(a)",
        )
    return shapes.ravel(ctx, array)


def call_method(ctx: Context, method: MethodValue, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """A call of an array's method."""
    if method.name in FUNCTION_METHODS:
        return ctx.call(FUNCTION_METHODS[method.name], [method.owner, *args], kwargs, f"the method {method.name}")
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
    "trace": reductions.trace,
    "fill": fill,
    "item": item,
}
"""The handlers of methods: ``handler(ctx, array, *args, **kwargs) -> Value``."""

FUNCTION_METHODS: dict[str, Callable[..., Any]] = {
    "argsort": np.argsort,
    "clip": np.clip,
    "conj": np.conjugate,
    "conjugate": np.conjugate,
    "nonzero": np.nonzero,
    "partition": np.ndarray.partition,
    "repeat": np.repeat,
    "round": np.round,
    "searchsorted": np.searchsorted,
    "sort": np.ndarray.sort,
    "take": np.take,
}
"""Methods that are calls of a function whose first argument is the array."""

_REFUSED = {
    "view": ("the bytes of an array read as another dtype have no derivative", "convert with astype"),
    "tobytes": ("the bytes of an array have no derivative", "do it outside the kernel"),
    "ctypes": ("a kernel can't give its arrays to C code", "do it outside the kernel"),
    "strides": ("how an array lies in memory isn't known to a kernel", "use its shape"),
    "flags": ("how an array lies in memory isn't known to a kernel", "use its shape"),
}
"""Attributes that arrays have in Numba and not in kernels: the reason, and what to do instead."""
