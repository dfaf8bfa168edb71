"""Matrix and vector products of complex arrays: real products of their parts."""

from __future__ import annotations

import operator

import numpy as np

from jitad.errors import KernelTypeError
from jitad.primitives import core
from jitad.primitives.complexes import arrays
from jitad.reading.arrays import products
from jitad.reading.arrays.agreement import require_equal
from jitad.reading.arrays.indexing import FULL
from jitad.reading.arrays.materialize import materialize
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.complexes.creation import from_values
from jitad.reading.complexes.functions import array_in, ravel, transposed
from jitad.reading.complexes.indexing import getitem
from jitad.reading.complexes.operations import operation
from jitad.reading.complexes.parts import cheap, holds_complex, in_memory, joined
from jitad.reading.complexes.reductions import sum_
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayLike,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

NEW = StaticValue(None)


def matmul(ctx: Context, a: Value, b: Value) -> Value:
    """``a @ b`` for one or two axes each."""
    first, second = _operand(ctx, a), _operand(ctx, b)
    if first.ndim == second.ndim == 1:
        require_equal(ctx, first.shape[0], second.shape[0], "@", [first.shape, second.shape])
        return sum_(ctx, operation(ctx, operator.mul, (first, second)))

    def product(left: Value, right: Value) -> Value:
        return products.matmul(ctx, left, right)

    if not isinstance(first, ComplexArrayValue | ComplexLazy):
        assert isinstance(second, ComplexArrayValue | ComplexLazy)
        return joined(ctx, product(first, second.re), product(first, second.im))
    if not isinstance(second, ComplexArrayValue | ComplexLazy):
        return joined(ctx, product(first.re, second), product(first.im, second))
    re = ctx.apply(core.sub, (product(first.re, second.re), product(first.im, second.im)))
    im = ctx.apply(core.add, (product(first.re, second.im), product(first.im, second.re)))
    return joined(ctx, re, im)


def _operand(ctx: Context, value: Value) -> ArrayValue | ComplexArrayLike:
    if isinstance(value, SequenceValue):
        value = from_values(ctx, value) if holds_complex(value) else from_sequence(ctx, value)
    if isinstance(value, ComplexArrayValue | ComplexLazy):
        return cheap(ctx, value)
    if not isinstance(value, ArrayValue | LazyValue):
        ctx.refuse(KernelTypeError, "a side of a product must be an array", "pass an array here")
    return materialize(ctx, value)


def dot(ctx: Context, a: Value, b: Value) -> Value:
    """``np.dot``: a product of numbers, vectors or matrices."""
    if isinstance(a, ScalarValue | ComplexValue) or isinstance(b, ScalarValue | ComplexValue):
        return operation(ctx, operator.mul, (a, b))
    return matmul(ctx, a, b)


def vdot(ctx: Context, a: Value, b: Value) -> Value:
    """The product of the first vector's conjugate with the second."""
    return matmul(ctx, operation(ctx, np.conjugate, (ravel(ctx, a),)), ravel(ctx, b))


def inner(ctx: Context, a: Value, b: Value) -> Value:
    """``np.inner`` of vectors, or of matrices along their last axes (nothing is conjugated)."""
    if isinstance(a, ScalarValue | ComplexValue) or isinstance(b, ScalarValue | ComplexValue):
        return operation(ctx, operator.mul, (a, b))
    second = array_in(ctx, b)
    return matmul(ctx, a, second if second.ndim == 1 else transposed(ctx, second))


def outer(ctx: Context, a: Value, b: Value) -> Value:
    """The products of all pairs of elements."""
    column = getitem(ctx, _vector(ctx, a), SequenceValue((FULL, NEW)))
    row = getitem(ctx, _vector(ctx, b), SequenceValue((NEW, FULL)))
    return operation(ctx, operator.mul, (column, row))


def _vector(ctx: Context, value: Value) -> ComplexArrayValue:
    found = ravel(ctx, value)
    assert isinstance(found, ComplexArrayValue)
    return in_memory(ctx, found)


def kron(ctx: Context, a: Value, b: Value) -> Value:
    """The products of all pairs of elements, in blocks."""
    first, second = (in_memory(ctx, array_in(ctx, each)) for each in (a, b))
    if first.ndim != second.ndim or not 1 <= first.ndim <= 2:
        ctx.refuse(KernelTypeError, "kron takes two vectors or two matrices", "give both one or two axes")
    return ctx.call(arrays.kron, [first, second], {}, "np.kron")
