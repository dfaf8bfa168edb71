"""Systems, inverses and determinants of complex matrices, given as arrays of pairs (n, n, 2).

The rules are those of ``jitad_linalg.lu`` with conjugate transposes for transposes: the inner product is
``Re(conj(a) b)``, in which the transpose of ``x -> a x`` is ``x -> a^H x``.
"""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

import jitad
from jitad.plugin import array
from jitad_linalg.complexes import adjoint, identity, inner, pairs_of, scaled, times
from jitad_linalg.dtypes import alike
from jitad_linalg.lapack import routines


@array(outs=3, layouts="C", cost=400_000)
def complex_factor_into(lu, piv, regular, a):
    """Factors of ``a`` that only this module reads; ``regular`` is 0 when there is a zero pivot, else 1."""
    lu[:, :, :] = a
    regular[0] = 0 if routines.complex_getrf(lu, piv) > 0 else 1


@array(inert=("lu",), layouts="C", cost=80_000)
def complex_apply_into(x, lu, piv, a, b, trans):
    """Solve ``a @ x = b``, or ``a^H @ x = b`` for ``trans`` 1, with the factors of ``a``; b is (n, k, 2)."""
    n, k = b.shape[0], b.shape[1]
    sign = -1.0 if trans == 1 else 1.0
    right = np.empty((k, n, 2), b.dtype)
    for i in range(n):
        for j in range(k):
            right[j, i, 0] = b[i, j, 0]
            right[j, i, 1] = sign * b[i, j, 1]
    routines.complex_getrs(lu, piv, right, trans)
    for i in range(n):
        for j in range(k):
            x[i, j, 0] = right[j, i, 0]
            x[i, j, 1] = sign * right[j, i, 1]


@complex_apply_into.vjp
def complex_apply_vjp(x, x_bar, lu, lu_bar, piv, piv_bar, a, a_bar, b, b_bar, trans, trans_bar):
    if x_bar is not None:
        w = np.empty_like(x)
        complex_apply_into(w, lu, piv, a, x_bar, 1 - trans)
        if b_bar is not None:
            b_bar += w
        if a_bar is not None:
            if trans == 0:
                a_bar -= times(w, adjoint(x))
            else:
                a_bar -= times(x, adjoint(w))


@complex_apply_into.jvp
def complex_apply_jvp(x, x_dot, lu, lu_dot, piv, piv_dot, a, a_dot, b, b_dot, trans, trans_dot):
    if a_dot is not None or b_dot is not None:
        right = np.zeros_like(x)
        if b_dot is not None:
            right += b_dot
        if a_dot is not None:
            if trans == 0:
                right -= times(a_dot, x)
            else:
                right -= times(adjoint(a_dot), x)
        step = np.empty_like(x)
        complex_apply_into(step, lu, piv, a, right, trans)
        x_dot += step


@array(inert=("lu",), layouts="C", cost=1000)
def complex_product_into(d, lu, piv, a):
    """The determinant (2,) of ``a``, of the diagonal of its factors."""
    real, imaginary = np.ones(1, a.dtype), np.zeros(1, a.dtype)
    for i in range(a.shape[0]):
        swap = -1.0 if piv[i] != i + 1 else 1.0
        x, y = swap * lu[i, i, 0], swap * lu[i, i, 1]
        kept = real[0]
        real[0] = kept * x - imaginary[0] * y
        imaginary[0] = kept * y + imaginary[0] * x
    d[0] = real[0]
    d[1] = imaginary[0]


@complex_product_into.vjp
def complex_product_vjp(d, d_bar, lu, lu_bar, piv, piv_bar, a, a_bar):
    if d_bar is not None and a_bar is not None:
        a_bar += scaled(complex_cofactors(d, lu, piv, a), d_bar)


@complex_product_into.jvp
def complex_product_jvp(d, d_dot, lu, lu_dot, piv, piv_dot, a, a_dot):
    if a_dot is not None:
        real, imaginary = inner(complex_cofactors(d, lu, piv, a), a_dot)
        d_dot[0] += real
        d_dot[1] += imaginary


def complex_cofactors(d, lu, piv, a):
    """``conj(det(a)) a^-H``, by which the determinant's derivative is an inner product."""
    n = a.shape[0]
    if n == 1:
        return identity(n, a.dtype)
    if n > 0 and d[0] == 0 and d[1] == 0:
        raise np.linalg.LinAlgError("det: the derivative at a singular complex matrix isn't offered")
    x = adjoint(complex_inverse(lu, piv, a))
    conjugate = np.empty_like(d)
    conjugate[0] = d[0]
    conjugate[1] = -d[1]
    return scaled(x, conjugate)


@array(outs=2, inert=("lu",), layouts="C", cost=1000)
def complex_logarithm_into(sign, value, lu, piv, a):
    """The determinant (2,) over its absolute value, and the logarithm of that, of the diagonal of the factors."""
    real, imaginary, total = np.ones(1, a.dtype), np.zeros(1, a.dtype), np.zeros(1, a.dtype)
    for i in range(a.shape[0]):
        size = np.hypot(lu[i, i, 0], lu[i, i, 1])
        total[0] += np.log(size)
        if size > 0:
            swap = -1.0 if piv[i] != i + 1 else 1.0
            x, y = swap * lu[i, i, 0] / size, swap * lu[i, i, 1] / size
            kept = real[0]
            real[0] = kept * x - imaginary[0] * y
            imaginary[0] = kept * y + imaginary[0] * x
        else:
            real[0] = 0.0
            imaginary[0] = 0.0
    sign[0] = real[0]
    sign[1] = imaginary[0]
    value[0] = total[0]


@complex_logarithm_into.vjp
def complex_logarithm_vjp(sign, sign_bar, value, value_bar, lu, lu_bar, piv, piv_bar, a, a_bar):
    if a_bar is not None:
        weight = np.zeros(2, a.dtype)
        if value_bar is not None:
            weight[0] += value_bar[0]
        if sign_bar is not None:
            weight[1] += sign[0] * sign_bar[1] - sign[1] * sign_bar[0]
        a_bar += scaled(adjoint(complex_inverse(lu, piv, a)), weight)


@complex_logarithm_into.jvp
def complex_logarithm_jvp(sign, sign_dot, value, value_dot, lu, lu_dot, piv, piv_dot, a, a_dot):
    if a_dot is not None:
        real, imaginary = inner(adjoint(complex_inverse(lu, piv, a)), a_dot)
        if value_dot is not None:
            value_dot[0] += real
        if sign_dot is not None:
            sign_dot[0] -= imaginary * sign[1]
            sign_dot[1] += imaginary * sign[0]


def complex_inverse(lu, piv, a):
    x = np.empty_like(a)
    complex_apply_into(x, lu, piv, a, identity(a.shape[0], a.dtype), 0)
    return x


def complex_factors(a):
    n = a.shape[0]
    lu, piv, regular = np.empty_like(a), np.empty(n, np.int32), np.empty(1, np.int64)
    complex_factor_into(lu, piv, regular, a)
    return lu, piv, regular


def regular_factors(a):
    lu, piv, regular = complex_factors(a)
    if regular[0] == 0:
        raise np.linalg.LinAlgError("Singular matrix")
    return lu, piv


# What ``jitad_linalg.lu`` calls for complex arguments


def complex_solve(a, b):
    """The solution of ``a @ x = b``; one of them may be real."""
    a, b = alike(pairs_of(a), pairs_of(b))
    right = np.expand_dims(b, 1) if b.ndim == 2 else b
    if right.shape[0] != a.shape[0]:
        raise ValueError("solve: the right-hand side and the matrix have different numbers of rows")
    lu, piv = regular_factors(a)
    x = np.empty_like(right)
    complex_apply_into(x, lu, piv, a, right, 0)
    return jitad.view_as_complex(x.reshape(b.shape))


def complex_inv(a):
    a = pairs_of(a)
    lu, piv = regular_factors(a)
    return jitad.view_as_complex(complex_inverse(lu, piv, a))


def complex_det(a):
    a = pairs_of(a)
    lu, piv, _ = complex_factors(a)
    d = np.empty(2, a.dtype)
    complex_product_into(d, lu, piv, a)
    return jitad.view_as_complex(d.reshape((1, 2)))[0]


def complex_slogdet(a):
    a = pairs_of(a)
    lu, piv, _ = complex_factors(a)
    sign, value = np.empty(2, a.dtype), np.empty(1, a.dtype)
    complex_logarithm_into(sign, value, lu, piv, a)
    return jitad.view_as_complex(sign.reshape((1, 2)))[0], value[0]
