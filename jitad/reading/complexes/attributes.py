"""Attributes and methods of complex numbers and arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from jitad.errors import UnsupportedCallError
from jitad.program.builder import const_int
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.maps import ZERO, layout_of, size_of
from jitad.reading.complexes import creation, functions, handlers, parts, products, reductions
from jitad.reading.complexes.elementwise import refuse_complex
from jitad.reading.complexes.indexing import getitem
from jitad.reading.context import Context
from jitad.reading.values import (
    ComplexArrayLike,
    ComplexArrayValue,
    ComplexValue,
    MethodValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)


def attribute(ctx: Context, value: ComplexValue | ComplexArrayLike, name: str) -> Value | None:
    """``value.name`` of a complex number or array; None when there is no such attribute here."""
    if name in ("real", "imag"):
        return parts.part_of(ctx, value, ("real", "imag").index(name))
    if isinstance(value, ComplexValue):
        return MethodValue(value, name) if name in ("conjugate", "conj", "item") else None
    return _of_array(ctx, value, name)


def _of_array(ctx: Context, array: ComplexArrayLike, name: str) -> Value | None:
    for length in array.shape:
        note_at_least(ctx, length)
    itemsize = const_int(np.dtype(array.dtype).itemsize)
    match name:
        case "shape":
            return SequenceValue(tuple(ScalarValue(length) for length in array.shape))
        case "size":
            return ScalarValue(size_of(ctx, array.shape))
        case "ndim":
            return ScalarValue(const_int(array.ndim))
        case "dtype":
            return StaticValue(np.dtype(array.dtype))
        case "itemsize":
            return ScalarValue(itemsize)
        case "nbytes":
            return ScalarValue(ctx.builder.times(size_of(ctx, array.shape), itemsize))
        case "T":
            return functions.transposed(ctx, array)
        case "flat":
            return _flat(ctx, array)
    return MethodValue(array, name) if name in METHODS or name in _NUMPY_METHODS else None


def _flat(ctx: Context, array: ComplexArrayLike) -> Value:
    """The elements in row order as a vector that shares the array's memory."""
    if isinstance(array, ComplexArrayValue) and array.ndim > 1 and layout_of(ctx.builder, array.pair) != "C":
        reason = "the attribute 'flat' of an array whose rows don't follow each other in memory"
        remedy = "loop over its axes, or take a copy first: np.ascontiguousarray(a)"
        ctx.refuse(UnsupportedCallError, reason, remedy)
    return functions.ravel(ctx, array)


def call_method(ctx: Context, method: MethodValue, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """A call of a method of something complex, or of a real array with something complex among the arguments."""
    name, owner = method.name, method.owner
    if name in _NUMPY_METHODS:
        return ctx.call(getattr(np, name), [owner, *args], kwargs, f"the method {name}")
    handler = METHODS.get(name)
    if handler is None:
        refuse_complex(ctx, f"the method {name!r}")
    try:
        inspect.signature(handler).bind(ctx, owner, *args, **kwargs)
    except TypeError as error:
        ctx.refuse(UnsupportedCallError, f"the method {name}: {error}", "leave out that argument")
    return handler(ctx, owner, *args, **kwargs)


def _item(ctx: Context, a: Value, *args: Value) -> Value:
    """The only element, or the one at an index."""
    if isinstance(a, ComplexValue):
        return a
    array = functions.array_in(ctx, a)
    if args:
        return getitem(ctx, array, args[0] if len(args) == 1 else SequenceValue(args))
    return ComplexValue(*parts.as_complex_lazy(array).element(ctx.builder, [ZERO] * array.ndim))


def _conjugate(ctx: Context, a: Value) -> Value:
    return ctx.call(np.conjugate, [a], {}, "conjugate")


METHODS: dict[str, Callable[..., Value]] = {
    "sum": reductions.sum_,
    "prod": reductions.prod,
    "mean": reductions.mean,
    "var": reductions.var,
    "std": reductions.std,
    "any": reductions.any_,
    "all": reductions.all_,
    "cumsum": reductions.cumsum,
    "cumprod": reductions.cumprod,
    "dot": products.dot,
    "copy": creation.copy,
    "astype": creation.astype,
    "reshape": functions.reshape,
    "ravel": functions.ravel,
    "flatten": functions.flatten,
    "transpose": functions.transposed,
    "trace": handlers.trace,
    "fill": handlers.fill,
    "item": _item,
    "conj": _conjugate,
    "conjugate": _conjugate,
}
"""The handlers of methods: ``handler(ctx, value, *args, **kwargs) -> Value``."""

_NUMPY_METHODS: tuple[str, ...] = ("swapaxes", "squeeze", "repeat", "take", "nonzero")
"""Methods that are NumPy's function of that name."""
