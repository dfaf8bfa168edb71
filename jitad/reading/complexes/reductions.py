"""Sums, means, products and norms of complex arrays."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from jitad.primitives.complexes import arithmetic, arrays
from jitad.program.builder import Builder
from jitad.program.statements import Operand
from jitad.program.types import REAL_DTYPES, Scalar
from jitad.reading.arrays import products as real_products
from jitad.reading.arrays import reductions
from jitad.reading.arrays.arguments import axes_of, flag, is_absent
from jitad.reading.arrays.loops import fold
from jitad.reading.arrays.maps import size_of
from jitad.reading.complexes.creation import from_values
from jitad.reading.complexes.elementwise import applied, refuse_complex
from jitad.reading.complexes.operations import is_nonzero, operation
from jitad.reading.complexes.parts import as_complex_lazy, complex_dtype, constant, converted, partwise
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayLike,
    ComplexArrayLike,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    Value,
)


def array_of(ctx: Context, value: Value) -> ComplexArrayLike:
    """A value as a complex array."""
    if isinstance(value, ComplexArrayValue | ComplexLazy):
        return value
    if isinstance(value, SequenceValue | ComplexValue):
        return from_values(ctx, value)
    assert isinstance(value, ArrayLike)
    return converted(ctx, value, "complex128")


def _folded(ctx: Context, source: ComplexLazy, start: float, definition: object) -> ComplexValue:
    """All elements joined by a definition, in one loop."""
    part = Scalar(REAL_DTYPES[source.dtype])

    def step(builder: Builder, index: list[Operand], carried: list[Operand]) -> Sequence[Operand]:
        item = source.element(builder, index)
        return ctx.define(definition, (*carried, *item))

    re, im = fold(ctx, source.shape, [constant(part, start), constant(part)], step)
    return ComplexValue(re, im)


def sum_(
    ctx: Context, a: Value, axis: Value | None = None, dtype: Value | None = None, *, keepdims: Value | None = None
) -> Value:
    array = array_of(ctx, a)
    if not is_absent(dtype):
        name = complex_dtype(dtype)
        if name is None:
            refuse_complex(ctx, "np.sum with a real dtype")
        array = converted(ctx, array, name)
    if len(axes_of(ctx, axis, array.ndim)) == array.ndim and not flag(ctx, keepdims, "keepdims"):
        return _folded(ctx, as_complex_lazy(array), 0.0, arithmetic.add)

    def summed(part: ArrayLike) -> Value:
        return reductions.sum_(ctx, part, axis, keepdims=keepdims)

    return partwise(ctx, array, summed)


def _count(ctx: Context, array: ComplexArrayLike, axis: Value | None) -> ScalarValue:
    return ScalarValue(size_of(ctx, [array.shape[k] for k in axes_of(ctx, axis, array.ndim)]))


def mean(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    array = array_of(ctx, a)
    total = sum_(ctx, array, axis, keepdims=keepdims)
    return applied(ctx, operator.truediv, arithmetic.divide, (total, _count(ctx, array, axis)), "the mean", array.dtype)


def prod(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    array = array_of(ctx, a)
    if len(axes_of(ctx, axis, array.ndim)) < array.ndim or flag(ctx, keepdims, "keepdims"):
        refuse_complex(ctx, "np.prod along an axis", "write the product as a loop, or take the product of all elements")
    return _folded(ctx, as_complex_lazy(array), 1.0, arithmetic.multiply)


def cumprod(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    array = array_of(ctx, a)
    if array.ndim != 1:
        refuse_complex(ctx, "np.cumprod of more than one axis", "write the products as a loop")
    return ctx.call(arrays.cumprod, [array], {}, "np.cumprod")


def cumsum(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    def summed(part: ArrayLike) -> Value:
        return reductions.cumsum(ctx, part, axis)

    return partwise(ctx, array_of(ctx, a), summed)


def var(
    ctx: Context, a: Value, axis: Value | None = None, *, ddof: Value | None = None, keepdims: Value | None = None
) -> Value:
    """The mean of the squared distances from the mean."""
    given = {"axis": axis, "ddof": ddof, "keepdims": keepdims}
    options = {name: value for name, value in given.items() if value is not None}
    return ctx.call(arrays.var, [array_of(ctx, a)], options, "np.var")


def std(
    ctx: Context, a: Value, axis: Value | None = None, *, ddof: Value | None = None, keepdims: Value | None = None
) -> Value:
    return reductions.root_of(ctx, var(ctx, a, axis, ddof=ddof, keepdims=keepdims))


def norm(
    ctx: Context, x: Value, ord: Value | None = None, axis: Value | None = None, keepdims: Value | None = None
) -> Value:
    """A norm of the sizes; norms of matrices that need singular values are refused."""
    array = array_of(ctx, x)
    if is_absent(ord) and is_absent(axis) and is_absent(keepdims):
        return reductions.root_of(ctx, reductions.sum_(ctx, _squared_sizes(ctx, array)))
    name = getattr(getattr(ord, "operand", ord), "value", getattr(ord, "obj", None))
    if array.ndim == 2 and is_absent(axis) and name in (2, -2, "nuc"):
        refuse_complex(ctx, "a norm of matrices by singular values", "use the Frobenius norm")
    given = {"ord": ord, "axis": axis, "keepdims": keepdims}
    options = {key: value for key, value in given.items() if value is not None}
    sizes = operation(ctx, abs, (array,))
    return real_products.norm(ctx, sizes, **options)


def _squared_sizes(ctx: Context, array: ComplexArrayLike) -> Value:
    """The squared sizes of the elements."""
    part = REAL_DTYPES[array.dtype]
    return applied(ctx, None, arithmetic.squared_size, (array,), "abs", part)


def any_(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    return reductions.any_(ctx, is_nonzero(ctx, array_of(ctx, a)), axis, keepdims=keepdims)


def all_(ctx: Context, a: Value, axis: Value | None = None, *, keepdims: Value | None = None) -> Value:
    return reductions.all_(ctx, is_nonzero(ctx, array_of(ctx, a)), axis, keepdims=keepdims)


def count_nonzero(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    truth = is_nonzero(ctx, array_of(ctx, a))
    assert isinstance(truth, LazyValue | ScalarValue)
    return reductions.count_nonzero(ctx, truth, axis)


def nonzero(ctx: Context, a: Value) -> Value:
    """The places of the elements that aren't zero, one index array per axis."""
    return ctx.call(np.nonzero, [is_nonzero(ctx, array_of(ctx, a))], {}, "np.nonzero")


def flatnonzero(ctx: Context, a: Value) -> Value:
    return ctx.call(np.flatnonzero, [is_nonzero(ctx, array_of(ctx, a))], {}, "np.flatnonzero")
