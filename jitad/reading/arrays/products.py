"""Matrix and vector products."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jitad.errors import KernelTypeError
from jitad.primitives import core
from jitad.primitives.composites import norms
from jitad.program.builder import Builder, const_int
from jitad.program.statements import Call, Const, Operand, Var
from jitad.program.types import Scalar
from jitad.reading.arrays.agreement import require_equal
from jitad.reading.arrays.arguments import is_absent
from jitad.reading.arrays.loops import fold
from jitad.reading.arrays.maps import anywhere, as_lazy, require_array
from jitad.reading.arrays.materialize import ProductValue, contiguous, materialize, settled
from jitad.reading.arrays.reductions import LONG, SUM, reduced, root_of
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.context import Context
from jitad.reading.values import ArrayLike, ArrayValue, LazyValue, ScalarValue, SequenceValue, StaticValue, Value

MOST_PRODUCTS = 64
"""Products of matrices of known sizes are written out up to so many products of numbers: two matrices of 4 by 4."""


def matmul(ctx: Context, a: Value, b: Value) -> Value:
    """``a @ b`` for one or two axes each. Products with a matrix are one library call, but for small ones."""
    first, second = _operand(ctx, a, "the left side of @"), _operand(ctx, b, "the right side of @")
    if not 1 <= first.ndim <= 2 or not 1 <= second.ndim <= 2:
        ctx.refuse(
            KernelTypeError,
            f"a product of arrays with {first.ndim} and {second.ndim} axes",
            "use arrays of one or two axes, and a loop over the others",
        )
    require_equal(ctx, first.shape[-1], second.shape[0], "@", [first.shape, second.shape])
    dtype = _result_type(ctx, first, second)
    if first.ndim == second.ndim == 1:
        return _vector_dot(ctx, first, second)
    if not dtype.is_float:
        return _looped(ctx, first, second, dtype)
    terms = _small_number_of_terms(first.shape, second.shape)
    if terms is not None:
        return _written_out(ctx, first, second, dtype, terms)
    shape = (*first.shape[:-1], *second.shape[1:])
    primitive = ctx.array_primitive("matmul")
    left = contiguous(ctx, _converted(ctx, first, dtype), "CFA")
    right = contiguous(ctx, _converted(ctx, second, dtype), "CFA")

    def write(writer: Context, out: Var, accumulate: bool) -> None:
        writer.builder.add(Call(primitive, (out,), (left, right), accumulate))

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        raise AssertionError("a pending product has no elements")

    reads = tuple(ArrayValue(var, (), ()) for var in (left, right))
    return ProductValue(dtype.dtype, shape, element, reads, LONG, write, primitive.accumulating is not None)


def _operand(ctx: Context, value: Value, what: str) -> ArrayLike:
    if isinstance(value, SequenceValue):
        value = from_sequence(ctx, value)
    return settled(ctx, require_array(ctx, value, what))


def _result_type(ctx: Context, a: ArrayLike, b: ArrayLike) -> Scalar:
    type_ = ctx.builder.nested().compute(core.mul, Var("a", Scalar(a.dtype)), Var("b", Scalar(b.dtype))).type
    assert isinstance(type_, Scalar)
    return type_


def _converted(ctx: Context, value: ArrayLike, dtype: Scalar) -> ArrayLike:
    if value.dtype == dtype.dtype:
        return value
    converted = ctx.apply(core.casts[dtype.dtype], (value,))
    assert isinstance(converted, LazyValue)
    return converted


def _vector_dot(ctx: Context, a: ArrayLike, b: ArrayLike) -> Value:
    """The sum of the products, as one loop (the lengths are checked already)."""
    left, right = as_lazy(a), as_lazy(b)
    type_ = _result_type(ctx, a, b)

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        return builder.compute(core.mul, left.element(builder, index), right.element(builder, index))

    cost = left.cost + right.cost + 1
    products = LazyValue(type_.dtype, left.shape, element, (*left.reads, *right.reads), cost)
    return reduced(ctx, products, None, None, SUM, "dot")


def _looped(ctx: Context, a: ArrayLike, b: ArrayLike, dtype: Scalar) -> LazyValue:
    """A product of integers: a sum for each element."""
    left, right = (as_lazy(materialize(ctx, side)) for side in (a, b))
    zero = core.convert_constant(core.Const(0, Scalar("int64")), dtype)

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        row, column = index[: left.ndim - 1], index[left.ndim - 1 :]

        def step(inner: Builder, at: list[Operand], carried: list[Operand]) -> list[Operand]:
            x = left.element(inner, [*row, at[0]])
            y = right.element(inner, [at[0], *column])
            product = inner.cast(inner.compute(core.mul, x, y), dtype)
            return [inner.compute_typed(core.add, (carried[0], product), dtype)]

        return fold(ctx, [left.shape[-1]], [zero], step, builder=builder)[0]

    shape = (*left.shape[:-1], *right.shape[1:])
    return LazyValue(dtype.dtype, shape, element, anywhere((*left.reads, *right.reads)), LONG)


def _small_number_of_terms(first: Sequence[Operand], second: Sequence[Operand]) -> int | None:
    """How many products each element adds up, where all lengths are known and a library call would take longer."""
    inner = [length.value for length in (first[-1], second[0]) if isinstance(length, Const)]
    outer = [length.value for length in (*first[:-1], *second[1:]) if isinstance(length, Const)]
    is_known = inner and len(outer) == len(first) + len(second) - 2
    return int(inner[0]) if is_known and inner[0] > 0 and inner[0] * math.prod(outer) <= MOST_PRODUCTS else None


def _written_out(ctx: Context, a: ArrayLike, b: ArrayLike, dtype: Scalar, terms: int) -> LazyValue:
    """A product with each element as a sum of so many products, in one expression."""
    left, right = (as_lazy(materialize(ctx, side)) for side in (a, b))

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        row, column = index[: left.ndim - 1], index[left.ndim - 1 :]
        total: Operand | None = None
        for at in map(const_int, range(terms)):
            x = left.element(builder, [*row, at])
            y = right.element(builder, [at, *column])
            product = builder.cast(builder.compute(core.mul, x, y), dtype)
            total = product if total is None else builder.compute_typed(core.add, (total, product), dtype)
        assert total is not None
        return total

    shape = (*left.shape[:-1], *right.shape[1:])
    return LazyValue(dtype.dtype, shape, element, anywhere((*left.reads, *right.reads)), LONG)


def dot(ctx: Context, a: Value, b: Value) -> Value:
    """``np.dot``: a product of numbers, vectors or matrices."""
    if isinstance(a, ScalarValue) or isinstance(b, ScalarValue):
        return ctx.apply(core.mul, (a, b))
    return matmul(ctx, a, b)


def vdot(ctx: Context, a: Value, b: Value) -> Value:
    from jitad.reading.arrays.shapes import ravel

    return matmul(ctx, ravel(ctx, a), ravel(ctx, b))


def inner(ctx: Context, a: Value, b: Value) -> Value:
    """``np.inner`` of vectors, or of matrices along their last axes."""
    from jitad.reading.arrays.shapes import transposed

    if isinstance(a, ScalarValue) or isinstance(b, ScalarValue):
        return ctx.apply(core.mul, (a, b))
    second = require_array(ctx, b, "the second argument of inner")
    return matmul(ctx, a, second if second.ndim == 1 else transposed(ctx, second))


def outer(ctx: Context, a: Value, b: Value) -> Value:
    """The products of all pairs of elements."""
    from jitad.reading.arrays.indexing import FULL, getitem
    from jitad.reading.arrays.shapes import ravel

    new = StaticValue(None)
    column = getitem(ctx, ravel(ctx, a), SequenceValue((FULL, new)))
    row = getitem(ctx, ravel(ctx, b), SequenceValue((new, FULL)))
    return ctx.apply(core.mul, (column, row))


def norm(
    ctx: Context, x: Value, ord: Value | None = None, axis: Value | None = None, keepdims: Value | None = None
) -> Value:
    """The Euclidean norm of a vector or the Frobenius norm of a matrix, as one loop; other norms by a kernel."""
    array = _operand(ctx, x, "the argument of norm")
    two = isinstance(ord, ScalarValue) and getattr(ord.operand, "value", None) == 2 and array.ndim == 1
    if not (is_absent(axis) and is_absent(keepdims) and (is_absent(ord) or two)):
        given = {"ord": ord, "axis": axis, "keepdims": keepdims}
        options = {name: value for name, value in given.items() if value is not None}
        return ctx.call(norms.norm, [x], options, "np.linalg.norm")
    if array.ndim != 1:
        array = materialize(ctx, array)
    return root_of(ctx, reduced(ctx, ctx.apply(core.mul, (array, array)), None, None, SUM, "norm"))
