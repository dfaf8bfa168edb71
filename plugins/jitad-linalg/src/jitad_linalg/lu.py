"""Linear systems, inverses and determinants: one factorisation, used again by every rule.

With ``a @ x = b`` and the adjoint ``w = a^-T x_bar`` of ``b``, the adjoint of ``a`` is ``-w x^T``: M. B. Giles,
*Collected matrix derivative results for forward and reverse mode algorithmic differentiation* (2008), section 2.3;
inverses and determinants are in section 2.2 there.
"""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array, composite
from jitad_linalg import samples
from jitad_linalg.complex_lu import complex_det, complex_inv, complex_slogdet, complex_solve
from jitad_linalg.dtypes import alike, as_floats, columns, identity_like, require_square
from jitad_linalg.lapack import routines

SlogdetResult = type(np.linalg.slogdet(np.eye(1)))


@array(outs=3, layouts="C", cost=100_000)
def factor_into(lu, piv, sign, a):
    """Factors of ``a`` that only this module reads, and the sign of the determinant (0 when there is a zero pivot)."""
    lu[:, :] = a
    is_singular = routines.getrf(lu, piv) > 0
    sign[0] = 1
    for i in range(piv.size):
        if (piv[i] != i + 1) != (lu[i, i] < 0):
            sign[0] = -sign[0]
    if is_singular:
        sign[0] = 0


@factor_into.loops
def factor_loops(lu, piv, sign, a):
    """Gaussian elimination with row exchanges (Golub and Van Loan, *Matrix Computations*, 4th ed., section 3.4)."""
    n = a.shape[0]
    for i in range(n):
        for j in range(n):
            lu[i, j] = a[i, j]
    sign[0] = 1
    for k in range(n):
        largest = k
        for i in range(k + 1, n):
            if abs(lu[i, k]) > abs(lu[largest, k]):
                largest = i
        piv[k] = largest + 1
        if largest != k:
            for j in range(n):
                lu[k, j], lu[largest, j] = lu[largest, j], lu[k, j]
        if lu[k, k] == 0:
            sign[0] = 0
            continue
        if (largest != k) != (lu[k, k] < 0):
            sign[0] = -sign[0]
        for i in range(k + 1, n):
            lu[i, k] /= lu[k, k]
            for j in range(k + 1, n):
                lu[i, j] -= lu[i, k] * lu[k, j]


@array(inert=("lu",), layouts="C", cost=20_000)
def apply_into(x, lu, piv, a, b, trans):
    """Solve ``a @ x = b``, or ``a.T @ x = b`` for ``trans`` 1, with the factors of ``a``."""
    if b.shape[1] == 1:
        x[:, :] = b
        routines.getrs(lu, piv, x.reshape((1, x.size)), trans)
    else:
        right = np.empty((b.shape[1], b.shape[0]), b.dtype)
        routines.transpose_into(right, b)
        routines.getrs(lu, piv, right, trans)
        routines.transpose_into(x, right)


@apply_into.loops
def apply_loops(x, lu, piv, a, b, trans):
    for c in range(b.shape[1]):
        for i in range(b.shape[0]):
            x[i, c] = b[i, c]
        substitute(x, lu, piv, c, trans)


def substitute(x, lu, piv, c, trans):
    """Solve for column ``c`` of ``x`` in place, with the factors of ``factor_loops``."""
    n = x.shape[0]
    if trans == 0:
        for k in range(n):
            x[k, c], x[piv[k] - 1, c] = x[piv[k] - 1, c], x[k, c]
        for i in range(n):
            for j in range(i):
                x[i, c] -= lu[i, j] * x[j, c]
        for i in range(n - 1, -1, -1):
            for j in range(i + 1, n):
                x[i, c] -= lu[i, j] * x[j, c]
            x[i, c] /= lu[i, i]
    else:
        for i in range(n):
            for j in range(i):
                x[i, c] -= lu[j, i] * x[j, c]
            x[i, c] /= lu[i, i]
        for i in range(n - 1, -1, -1):
            for j in range(i + 1, n):
                x[i, c] -= lu[j, i] * x[j, c]
        for k in range(n - 1, -1, -1):
            x[k, c], x[piv[k] - 1, c] = x[piv[k] - 1, c], x[k, c]


@apply_into.vjp
def apply_vjp(x, x_bar, lu, lu_bar, piv, piv_bar, a, a_bar, b, b_bar, trans, trans_bar):
    if x_bar is not None:
        w = np.empty_like(x)
        apply_into(w, lu, piv, a, x_bar, 1 - trans)
        if b_bar is not None:
            b_bar += w
        if a_bar is not None:
            minus = -w
            if trans == 0:
                a_bar += minus @ x.T
            else:
                a_bar += x @ minus.T


@apply_into.jvp
def apply_jvp(x, x_dot, lu, lu_dot, piv, piv_dot, a, a_dot, b, b_dot, trans, trans_dot):
    if a_dot is not None or b_dot is not None:
        right = np.zeros_like(x)
        if b_dot is not None:
            right += b_dot
        if a_dot is not None:
            if trans == 0:
                right -= a_dot @ x
            else:
                right -= a_dot.T @ x
        step = np.empty_like(x)
        apply_into(step, lu, piv, a, right, trans)
        x_dot += step


@array(inert=("lu",), layouts="C", cost=1000)
def product_into(d, lu, piv, sign, a):
    """The determinant of ``a``, of the diagonal of its factors."""
    product = np.ones(1, a.dtype)
    for i in range(a.shape[0]):
        product[0] *= -lu[i, i] if piv[i] != i + 1 else lu[i, i]
    d[0] = product[0]


@product_into.loops
def product_loops(d, lu, piv, sign, a):
    d[0] = 1
    for i in range(a.shape[0]):
        d[0] *= -lu[i, i] if piv[i] != i + 1 else lu[i, i]


@product_into.vjp
def product_vjp(d, d_bar, lu, lu_bar, piv, piv_bar, sign, sign_bar, a, a_bar):
    if d_bar is not None and a_bar is not None:
        a_bar += d_bar[0] * cofactors(d, lu, piv, a)


@product_into.jvp
def product_jvp(d, d_dot, lu, lu_dot, piv, piv_dot, sign, sign_dot, a, a_dot):
    if a_dot is not None:
        d_dot[0] += np.sum(cofactors(d, lu, piv, a) * a_dot)


def cofactors(d, lu, piv, a):
    """The derivative of the determinant: ``det(a) a^-T``, and of a singular matrix by its singular vectors."""
    n = a.shape[0]
    c = np.empty_like(a)
    if d[0] != 0:
        apply_into(c, lu, piv, a, identity_like(a), 1)
        c *= d[0]
    elif n > 0:
        u, s, vt = np.linalg.svd(a, full_matrices=False)
        others = np.ones_like(s)
        for j in range(n):
            for i in range(n):
                if i != j:
                    others[j] *= s[i]
        c[:, :] = (orientation(u) * orientation(vt)) * ((u * others) @ vt)
    return c


def orientation(q):
    """The determinant of an orthogonal matrix."""
    return factors(q)[2][0]


@array(inert=("lu",), layouts="C", cost=1000)
def logarithm_into(value, lu, piv, a):
    """The logarithm of the determinant's absolute value, of the diagonal of the factors."""
    total = np.zeros(1, a.dtype)
    for i in range(a.shape[0]):
        total[0] += np.log(abs(lu[i, i]))
    value[0] = total[0]


@logarithm_into.loops
def logarithm_loops(value, lu, piv, a):
    value[0] = 0
    for i in range(a.shape[0]):
        value[0] += np.log(abs(lu[i, i]))


@array(inert=("lu",), layouts="C", cost=100_000)
def inverse_into(x, lu, piv, a):
    """The inverse of ``a``, of its factors."""
    n = a.shape[0]
    right = np.zeros((n, n), a.dtype)
    for i in range(n):
        right[i, i] = 1.0
    routines.getrs(lu, piv, right, 0)
    routines.transpose_into(x, right)


@inverse_into.loops
def inverse_loops(x, lu, piv, a):
    for c in range(a.shape[0]):
        for i in range(a.shape[0]):
            x[i, c] = 1 if i == c else 0
        substitute(x, lu, piv, c, 0)


@inverse_into.vjp
def inverse_vjp(x, x_bar, lu, lu_bar, piv, piv_bar, a, a_bar):
    if x_bar is not None and a_bar is not None:
        minus = -(x.T @ x_bar)
        a_bar += minus @ x.T


@inverse_into.jvp
def inverse_jvp(x, x_dot, lu, lu_dot, piv, piv_dot, a, a_dot):
    if a_dot is not None:
        minus = -(x @ a_dot)
        x_dot += minus @ x


@logarithm_into.vjp
def logarithm_vjp(value, value_bar, lu, lu_bar, piv, piv_bar, a, a_bar):
    if value_bar is not None and a_bar is not None:
        a_bar += value_bar[0] * inverse(lu, piv, a).T


@logarithm_into.jvp
def logarithm_jvp(value, value_dot, lu, lu_dot, piv, piv_dot, a, a_dot):
    if a_dot is not None:
        value_dot[0] += np.sum(inverse(lu, piv, a).T * a_dot)


def inverse(lu, piv, a):
    x = np.empty_like(a)
    inverse_into(x, lu, piv, a)
    return x


def factors(a):
    n = a.shape[0]
    lu, piv, sign = np.empty((n, n), a.dtype), np.empty(n, np.int32), np.empty(1, np.int64)
    factor_into(lu, piv, sign, a)
    return lu, piv, sign


@composite(np.linalg.solve, "scipy.linalg:solve", cases=samples.SYSTEMS, takes_complex=True)
def solve(a, b):
    """The solution x of ``a @ x = b`` for a square ``a`` (n, n) and ``b`` (n,) or (n, k).

    The reverse sweep solves with the factors of the forward sweep.
    """
    require_square(a)
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        return complex_solve(a, b)
    a, b = alike(a, b)
    right = columns(b)
    if right.shape[0] != a.shape[0]:
        raise ValueError("solve: the right-hand side and the matrix have different numbers of rows")
    lu, piv, sign = factors(a)
    if sign[0] == 0:
        raise np.linalg.LinAlgError("Singular matrix")
    x = np.empty_like(right)
    apply_into(x, lu, piv, a, right, 0)
    return x.reshape(b.shape)


@composite(np.linalg.inv, "scipy.linalg:inv", cases=[samples.general, samples.complex_general], takes_complex=True)
def inv(a):
    """The inverse of a matrix (n, n)."""
    require_square(a)
    if np.iscomplexobj(a):
        return complex_inv(a)
    a = as_floats(a)
    lu, piv, sign = factors(a)
    if sign[0] == 0:
        raise np.linalg.LinAlgError("Singular matrix")
    return inverse(lu, piv, a)


@composite(np.linalg.det, "scipy.linalg:det", cases=[samples.general, samples.complex_general], takes_complex=True)
def det(a):
    """The determinant of a matrix (n, n). Its derivative exists at singular matrices too."""
    require_square(a)
    if np.iscomplexobj(a):
        return complex_det(a)
    a = as_floats(a)
    lu, piv, sign = factors(a)
    d = np.empty(1, a.dtype)
    product_into(d, lu, piv, sign, a)
    return d[0]


@composite(np.linalg.slogdet, cases=[samples.general, samples.complex_general], takes_complex=True)
def slogdet(a):
    """The determinant of a matrix (n, n) over its absolute value, and the logarithm of that.

    The first one, a sign, is constant; of a complex matrix it is a number of absolute value 1.
    """
    require_square(a)
    if np.iscomplexobj(a):
        return SlogdetResult(*complex_slogdet(a))
    a = as_floats(a)
    lu, piv, sign = factors(a)
    value = np.empty(1, a.dtype)
    logarithm_into(value, lu, piv, a)
    signs = np.empty(1, a.dtype)
    signs[0] = sign[0]
    return SlogdetResult(signs[0], value[0])
