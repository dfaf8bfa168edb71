"""Matrix products into existing arrays, through the BLAS that Numba itself calls.

``matmul`` overwrites its destination and ``matmul_accumulate`` adds to it, so that the adjoint of a product needs
no temporary. Transposes are flags, never copies: any operand whose rows or columns are contiguous goes to BLAS as
it is, with the distance between them. Other strides are copied for the time of the call, which BLAS does itself with
vectors that aren't contiguous, unless a product is so small that loops are done before. Dtypes that BLAS doesn't have
take loops. Called from compiled code only.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable
from numba.np import arrayobj
from numba.np.linalg import check_blas_return, ensure_blas, get_blas_kind, make_constant_slot

from jitad.errors import ShapeMismatchError

CHAR, INTP, POINTER = ir.IntType(8), cgutils.intp_t, ir.IntType(8).as_pointer()

SMALL = 64
"""Products with fewer rows or terms than this many go without copies: loops cost less than memory for them."""


def matmul(out: Any, a: Any, b: Any) -> None:
    """``out[...] = a @ b`` for 1-d and 2-d operands of one dtype; ``out`` (0-d to 2-d) overlaps neither.

    Raises ``jitad.errors.ShapeMismatchError`` when the shapes don't fit together.
    """
    from jitad.runtime import plain

    plain.matmul(out, a, b)


def matmul_accumulate(out: Any, a: Any, b: Any) -> None:
    """``out += a @ b``, as ``matmul``."""
    from jitad.runtime import plain

    plain.matmul_accumulate(out, a, b)


@overload(matmul)
def _matmul(out, a, b):
    product = _product(out, a, b)

    def run(out, a, b):
        product(out, a, b, 0)

    return run


@overload(matmul_accumulate)
def _matmul_accumulate(out, a, b):
    product = _product(out, a, b)

    def run(out, a, b):
        product(out, a, b, 1)

    return run


def _product(out: Any, a: Any, b: Any) -> Any:
    """The function that computes ``out = beta * out + a @ b`` for operands of these Numba types."""
    has_blas = a.dtype == b.dtype == out.dtype and a.dtype in (types.float64, types.float32)
    strided = has_blas and any(array.layout == "A" for array in (a, b, out))
    return {
        (2, 2): _matrix_matrix_strided if strided else _matrix_matrix if has_blas else _matrix_matrix_loops,
        (2, 1): _matrix_vector_strided if strided else _matrix_vector if has_blas else _matrix_vector_loops,
        (1, 2): _vector_matrix,
        (1, 1): _vector_vector if has_blas else _vector_vector_loops,
    }[a.ndim, b.ndim]


# Loops, for any strides and any dtype


@register_jitable
def _scale(out, beta):
    if beta == 0:
        for i in range(out.shape[0]):
            out[i] = 0


@register_jitable
def _matrix_matrix_loops(out, a, b, beta):
    m, k = a.shape
    n = b.shape[1]
    if b.shape[0] != k or out.shape[0] != m or out.shape[1] != n:
        raise ShapeMismatchError("matrix product: the inner dimensions differ")
    for i in range(m):
        row = out[i]
        _scale(row, beta)
        for p in range(k):
            for j in range(n):
                row[j] += a[i, p] * b[p, j]


@register_jitable
def _matrix_vector_loops(out, a, x, beta):
    m, n = a.shape
    if x.shape[0] != n or out.shape[0] != m:
        raise ShapeMismatchError("matrix product: the inner dimensions differ")
    _scale(out, beta)
    for i in range(m):
        total = out[i]
        for j in range(n):
            total += a[i, j] * x[j]
        out[i] = total


@register_jitable
def _vector_matrix(out, x, b, beta):
    _matrix_vector_any(out, b.T, x, beta)


@register_jitable
def _vector_vector_loops(out, a, b, beta):
    if a.shape[0] != b.shape[0]:
        raise ShapeMismatchError("inner product: the vectors have different lengths")
    if beta == 0:
        out[()] = 0
    for i in range(a.shape[0]):
        out[()] += a[i] * b[i]


def _matrix_vector_any(out: Any, a: Any, x: Any, beta: Any) -> None:
    """The matrix-vector product that fits the types (resolved while Numba compiles)."""


@overload(_matrix_vector_any)
def _choose_matrix_vector(out, a, x, beta):
    product = _product(out, a, x)

    def run(out, a, x, beta):
        product(out, a, x, beta)

    return run


# BLAS


@register_jitable
def _leading(a):
    """How a matrix lies in memory: 0 with contiguous rows, 1 with contiguous columns, 2 neither; and the leading
    dimension. Strides along axes of length 1 say nothing."""
    m, n = a.shape
    size = a.itemsize
    if (n == 1 or a.strides[1] == size) and (m == 1 or a.strides[0] >= n * size):
        return 0, (n if m == 1 else a.strides[0] // size)
    if (m == 1 or a.strides[0] == size) and (n == 1 or a.strides[1] >= m * size):
        return 1, (m if n == 1 else a.strides[1] // size)
    return 2, 0


@register_jitable
def _matrix_matrix(out, a, b, beta):
    m, k = a.shape
    n = b.shape[1]
    if b.shape[0] != k or out.shape[0] != m or out.shape[1] != n:
        raise ShapeMismatchError("matrix product: the inner dimensions differ")
    if m == 0 or n == 0:
        return
    if k == 0:
        _matrix_matrix_loops(out, a, b, beta)
        return
    order_a, ld_a = _leading(a)
    order_b, ld_b = _leading(b)
    order_out, ld_out = _leading(out)
    if order_a == 2 or order_b == 2 or order_out == 2:
        _matrix_matrix_loops(out, a, b, beta)
    elif order_out == 0:  # BLAS counts in columns: compute the transpose of the product
        _gemm(b, order_b != 0, ld_b, a, order_a != 0, ld_a, n, m, k, beta, out, ld_out)
    else:
        _gemm(a, order_a == 0, ld_a, b, order_b == 0, ld_b, m, n, k, beta, out, ld_out)


@register_jitable
def _matrix_vector(out, a, x, beta):
    m, n = a.shape
    if x.shape[0] != n or out.shape[0] != m:
        raise ShapeMismatchError("matrix product: the inner dimensions differ")
    if m == 0:
        return
    size = a.itemsize
    is_contiguous = (n <= 1 or x.strides[0] == size) and (m == 1 or out.strides[0] == size)
    order, ld = _leading(a)
    if n == 0 or order == 2 or not is_contiguous:
        _matrix_vector_loops(out, a, x, beta)
        return
    if order == 0:
        _gemv(True, n, m, a, ld, x, beta, out)
    else:
        _gemv(False, m, n, a, ld, x, beta, out)


@register_jitable
def _vector_vector(out, a, b, beta):
    n = a.shape[0]
    if b.shape[0] != n:
        raise ShapeMismatchError("inner product: the vectors have different lengths")
    size = a.itemsize
    if n > 1 and a.strides[0] == size and b.strides[0] == size:
        out[()] = out[()] + _dot(n, a, b) if beta == 1 else _dot(n, a, b)
    else:
        _vector_vector_loops(out, a, b, beta)


# Strides that BLAS doesn't take


@register_jitable
def _matrix_matrix_strided(out, a, b, beta):
    is_large = out.shape[0] * out.shape[1] * a.shape[1] >= SMALL * SMALL
    if is_large and (_leading(a)[0] == 2 or _leading(b)[0] == 2 or _leading(out)[0] == 2):
        result = np.empty(out.shape, out.dtype)
        first, second = np.empty(a.shape, a.dtype), np.empty(b.shape, b.dtype)
        _put_rows(first, a, 0)
        _put_rows(second, b, 0)
        _matrix_matrix(result, first, second, 0)
        _put_rows(out, result, beta)
    else:
        _matrix_matrix(out, a, b, beta)


@register_jitable
def _matrix_vector_strided(out, a, x, beta):
    size = a.itemsize
    is_large = a.shape[0] * a.shape[1] >= SMALL * SMALL
    if is_large and _leading(a)[0] < 2 and (x.strides[0] != size or out.strides[0] != size):
        result, given = np.empty(out.shape, out.dtype), np.empty(x.shape, x.dtype)
        _put(given, x, 0)
        _matrix_vector(result, a, given, 0)
        _put(out, result, beta)
    else:
        _matrix_vector(out, a, x, beta)


@register_jitable
def _put_rows(out, values, beta):
    for i in range(out.shape[0]):
        _put(out[i], values[i], beta)


@register_jitable
def _put(out, values, beta):
    """``out = beta * out + values``."""
    for i in range(out.shape[0]):
        out[i] = values[i] if beta == 0 else out[i] + values[i]


@intrinsic
def _gemm(typingctx, a, trans_a, ld_a, b, trans_b, ld_b, m, n, k, beta, out, ld_out):
    """BLAS ``xgemm`` in its own (column-major) terms; ``beta`` is 0 or 1."""
    flag, size = types.boolean, types.intp
    signature = types.none(a, flag, size, b, flag, size, size, size, size, size, out, size)

    def codegen(context, builder, sig, args):
        ensure_blas()
        a, trans_a, ld_a, b, trans_b, ld_b, m, n, k, beta, out, ld_out = args
        parts = [CHAR, CHAR, CHAR, INTP, INTP, INTP, POINTER, POINTER, INTP, POINTER, INTP, POINTER, POINTER, INTP]
        result = _call(
            *(context, builder, "numba_xxgemm", parts, sig.args[0].dtype),
            *(_transposition(builder, trans_a), _transposition(builder, trans_b), m, n, k),
            *(_number(context, builder, sig.args[0].dtype, 1.0), _data(context, builder, sig.args[0], a), ld_a),
            *(_data(context, builder, sig.args[3], b), ld_b),
            *(
                _zero_or_one(context, builder, sig.args[0].dtype, beta),
                _data(context, builder, sig.args[10], out),
                ld_out,
            ),
        )
        check_blas_return(context, builder, result)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def _gemv(typingctx, trans, m, n, a, ld, x, beta, out):
    """BLAS ``xgemv`` in its own (column-major) terms; ``beta`` is 0 or 1."""
    signature = types.none(types.boolean, types.intp, types.intp, a, types.intp, x, types.intp, out)

    def codegen(context, builder, sig, args):
        ensure_blas()
        trans, m, n, a, ld, x, beta, out = args
        dtype = sig.args[3].dtype
        parts = [CHAR, CHAR, INTP, INTP, POINTER, POINTER, INTP, POINTER, POINTER, POINTER]
        result = _call(
            *(context, builder, "numba_xxgemv", parts, dtype),
            *(_transposition(builder, trans), m, n),
            *(_number(context, builder, dtype, 1.0), _data(context, builder, sig.args[3], a), ld),
            *(_data(context, builder, sig.args[5], x), _zero_or_one(context, builder, dtype, beta)),
            _data(context, builder, sig.args[7], out),
        )
        check_blas_return(context, builder, result)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def _dot(typingctx, n, a, b):
    """BLAS ``xdot`` of two contiguous vectors."""
    signature = a.dtype(types.intp, a, b)

    def codegen(context, builder, sig, args):
        ensure_blas()
        dtype = sig.return_type
        out = cgutils.alloca_once(builder, context.get_value_type(dtype))
        result = _call(
            *(context, builder, "numba_xxdot", [CHAR, CHAR, INTP, POINTER, POINTER, POINTER], dtype),
            *(CHAR(0), args[0]),
            *(_data(context, builder, sig.args[1], args[1]), _data(context, builder, sig.args[2], args[2])),
            builder.bitcast(out, POINTER),
        )
        check_blas_return(context, builder, result)
        return builder.load(out)

    return signature, codegen


def _call(context: Any, builder: Any, symbol: str, parts: list[Any], dtype: Any, *args: Any) -> Any:
    function_type = ir.FunctionType(ir.IntType(32), parts)
    function = cgutils.get_or_insert_function(builder.module, function_type, symbol)
    return builder.call(function, (CHAR(ord(get_blas_kind(dtype))), *args))


def _transposition(builder: Any, flag: Any) -> Any:
    return builder.select(flag, CHAR(ord("t")), CHAR(ord("n")))


def _number(context: Any, builder: Any, dtype: Any, value: float) -> Any:
    return builder.bitcast(make_constant_slot(context, builder, dtype, value), POINTER)


def _zero_or_one(context: Any, builder: Any, dtype: Any, flag: Any) -> Any:
    slot = cgutils.alloca_once(builder, context.get_value_type(dtype))
    builder.store(builder.sitofp(flag, context.get_value_type(dtype)), slot)
    return builder.bitcast(slot, POINTER)


def _data(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    return builder.bitcast(arrayobj.make_array(array_type)(context, builder, array).data, POINTER)
