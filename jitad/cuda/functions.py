"""The functions that kernels call where compiled code on the CPU calls NumPy, BLAS, or functions of jitad's own.

Each has the values of its namesake; see there. What isn't offered for the types of a call isn't compiled.
"""

# numba-cuda types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import functools
import math
import types as python_types
from collections.abc import Callable
from typing import Any

from numba import types

from jitad.cuda.target import cuda, device_jit, libdevice, overload

_LOG_2 = math.log(2.0)


@functools.cache
def device_form(function: Callable[..., Any]) -> Any:
    """A Python function, or Numba's, as one that kernels call; so are the Python functions that it reads.

    ``jitad_original`` of the result is ``function``.
    """
    plain = getattr(function, "py_func", function)
    read = {name: plain.__globals__.get(name) for name in plain.__code__.co_names}
    inner = {
        name: device_form(value)
        for name, value in read.items()
        if isinstance(value, python_types.FunctionType) and value is not plain
    }
    made = python_types.FunctionType(plain.__code__, {**plain.__globals__, **inner}, plain.__name__, plain.__defaults__)
    made.__module__ = plain.__module__
    vars(made)["jitad_original"] = function
    return device_jit(made)


def _named(name: str) -> Any:
    """A function to be called by kernels only."""

    def function(*args: Any) -> Any:
        raise NotImplementedError(f"{name} is for kernels")

    function.__name__ = function.__qualname__ = name
    return function


def _are(kind: Any, *args: Any) -> bool:
    return all(isinstance(arg, kind) for arg in args)


# Functions of libdevice, which has them for each precision; integers become float64, as in NumPy

cbrt, rint, np_floor, np_ceil, np_trunc = map(_named, ("cbrt", "rint", "np_floor", "np_ceil", "np_trunc"))
fmod, nextafter = _named("fmod"), _named("nextafter")


def _unary(function: Any, name: str) -> None:
    wide, narrow = libdevice(name), libdevice(f"{name}f")

    @overload(function)
    def typed(x):
        called = narrow if x == types.float32 else wide
        if not _are(types.Number | types.Boolean, x):
            return None

        def run(x):
            return called(x)

        return run


def _binary(function: Any, name: str) -> None:
    wide, narrow = libdevice(name), libdevice(f"{name}f")

    @overload(function)
    def typed(x, y):
        called = narrow if x == y == types.float32 else wide
        if not _are(types.Float, x, y):
            return None

        def run(x, y):
            return called(x, y)

        return run


_unary(cbrt, "cbrt")
_unary(rint, "rint")
_unary(np_floor, "floor")
_unary(np_ceil, "ceil")
_unary(np_trunc, "trunc")
_binary(fmod, "fmod")
_binary(nextafter, "nextafter")


# Functions of one number

reciprocal, spacing, sign, signbit = map(_named, ("reciprocal", "spacing", "sign", "signbit"))


@overload(reciprocal)
def _reciprocal(x):
    if not _are(types.Float, x):
        return None
    one = _one(x)
    return lambda x: one / x


@overload(spacing)
def _spacing(x):
    if not _are(types.Float, x):
        return None
    after = libdevice("nextafterf" if x == types.float32 else "nextafter")
    return lambda x: after(x, math.copysign(math.inf, x)) - x


@overload(sign)
def _sign(x):
    if _are(types.Integer, x):
        return lambda x: (x > 0) - (x < 0)
    one = _one(x)
    return lambda x: one if x > 0 else (-one if x < 0 else x)


@overload(signbit)
def _signbit(x):
    return lambda x: math.copysign(1.0, x) < 0.0


def _one(dtype: Any) -> Any:
    import numpy as np

    return np.float32(1.0) if dtype == types.float32 else 1.0


# Functions of two numbers

logaddexp, logaddexp2, largest, smallest = map(_named, ("logaddexp", "logaddexp2", "largest", "smallest"))
gcd, lcm = _named("gcd"), _named("lcm")


@overload(logaddexp)
def _logaddexp(x, y):
    def run(x, y):
        if x == y:
            return x + _LOG_2
        difference = x - y
        if difference > 0:
            return x + math.log1p(math.exp(-difference))
        if difference <= 0:
            return y + math.log1p(math.exp(difference))
        return difference * 1.0

    return run


@overload(logaddexp2)
def _logaddexp2(x, y):
    def run(x, y):
        if x == y:
            return x + 1.0
        difference = x - y
        if difference > 0:
            return x + math.log1p(2.0**-difference) / _LOG_2
        if difference <= 0:
            return y + math.log1p(2.0**difference) / _LOG_2
        return difference * 1.0

    return run


@overload(largest)
def _largest(a, b):
    return lambda a, b: b if b > a or (b != b and a == a) else a


@overload(smallest)
def _smallest(a, b):
    return lambda a, b: b if b < a or (b != b and a == a) else a


@device_jit
def _common_divisor(a, b):
    a, b = abs(a), abs(b)
    while b != 0:
        a, b = b, a % b
    return a


@overload(gcd)
def _gcd(a, b):
    if not _are(types.Integer, a, b):
        return None

    def run(a, b):
        return _common_divisor(a, b)

    return run


@overload(lcm)
def _lcm(a, b):
    if not _are(types.Integer, a, b):
        return None
    return lambda a, b: 0 if a == 0 or b == 0 else abs(a // _common_divisor(a, b) * b)


# Matrix products: sums of explicit fused multiply-adds, so that every call with the same numbers has the same bits

matmul, matmul_accumulate = _named("matmul"), _named("matmul_accumulate")


@device_jit
def _fused(a, b, c):
    return cuda.fma(a, b, c)


@device_jit
def _unfused(a, b, c):
    return a * b + c


@overload(matmul)
def _matmul(out, a, b):
    return _product(out, a, b, accumulate=False)


@overload(matmul_accumulate)
def _matmul_accumulate(out, a, b):
    return _product(out, a, b, accumulate=True)


def _product(out: Any, a: Any, b: Any, *, accumulate: bool) -> Any:
    """``out[...] = a @ b`` or ``out += a @ b`` for operands of these types."""
    is_float = a.dtype == b.dtype == out.dtype and isinstance(a.dtype, types.Float)
    add = _fused if is_float else _unfused

    def matrix_matrix(out, a, b):
        for i in range(a.shape[0]):
            for j in range(b.shape[1]):
                total = out[i, j] if accumulate else out.dtype.type(0)
                for k in range(b.shape[0]):
                    total = add(a[i, k], b[k, j], total)
                out[i, j] = total

    def matrix_vector(out, a, b):
        for i in range(a.shape[0]):
            total = out[i] if accumulate else out.dtype.type(0)
            for k in range(b.shape[0]):
                total = add(a[i, k], b[k], total)
            out[i] = total

    def vector_matrix(out, a, b):
        for j in range(b.shape[1]):
            total = out[j] if accumulate else out.dtype.type(0)
            for k in range(b.shape[0]):
                total = add(a[k], b[k, j], total)
            out[j] = total

    def vector_vector(out, a, b):
        total = out[()] if accumulate else out.dtype.type(0)
        for k in range(b.shape[0]):
            total = add(a[k], b[k], total)
        out[()] = total

    return {(2, 2): matrix_matrix, (2, 1): matrix_vector, (1, 2): vector_matrix, (1, 1): vector_vector}[a.ndim, b.ndim]


# Sorting

argsort = _named("argsort")


@device_jit
def _is_before(a, i, j):
    """True when element ``i`` comes before element ``j``: the smaller one, NaN last, of equal ones the first."""
    if a[i] < a[j] or (a[j] != a[j] and a[i] == a[i]):
        return True
    if a[j] < a[i] or (a[i] != a[i] and a[j] == a[j]):
        return False
    return i < j


@device_jit
def _sift(out, a, root, end):
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and _is_before(a, out[child], out[child + 1]):
            child += 1
        if _is_before(a, out[child], out[root]):
            return
        out[root], out[child] = out[child], out[root]
        root = child


@overload(argsort)
def _argsort(out, a):
    """Heapsort (Williams, *Algorithm 232*), which needs no further memory; ties go by position."""

    def run(out, a):
        n = a.shape[0]
        for i in range(n):
            out[i] = i
        for root in range(n // 2 - 1, -1, -1):
            _sift(out, a, root, n)
        for end in range(n - 1, 0, -1):
            out[0], out[end] = out[end], out[0]
            _sift(out, a, 0, end)

    return run
