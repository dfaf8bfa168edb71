"""Sylvester's and Lyapunov's equations, and square roots of matrices, by real Schur forms.

With ``a @ x + x @ b = c`` and the adjoint ``w`` of ``c``, the solution of ``a.T @ w + w @ b.T = x_bar``, the adjoints
of a and b are ``-w x^T`` and ``-x^T w``. The derivative of a square root solves ``x @ x_dot + x_dot @ x = a_dot``: N.
J. Higham, *Functions of matrices* (2008), section 6.1. The square root of the Schur form is that of section 6.2
there.
"""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from jitad.plugin import array, composite
from jitad_linalg import samples
from jitad_linalg.dtypes import alike, as_floats, require_square
from jitad_linalg.lapack import routines


@array(outs=2, layouts="C", cost=1_000_000)
def schur_into(tt, zt, a):
    """The real Schur form ``a = z @ t @ z.T``, both transposed; only other calls of this module read it."""
    routines.transpose_into(tt, a)
    if routines.gees(tt, zt) != 0:
        raise np.linalg.LinAlgError("Schur form not found. Possibly ill-conditioned.")


@array(inert=("ta", "za", "tb", "zb"), layouts="C", cost=200_000)
def sylvester_into(x, ta, za, tb, zb, a, b, c, trans):
    """Solve ``a @ x + x @ b = c`` (``a.T`` and ``b.T`` for ``trans`` 1) with the Schur forms of ``a`` and ``b``."""
    m, n = c.shape
    turned, right = np.empty((n, m), c.dtype), np.empty((n, m), c.dtype)
    routines.gemm(1.0, zb, False, c, True, 0.0, turned)
    routines.gemm(1.0, turned, False, za, True, 0.0, right)
    scale, info = routines.trsyl(ta, tb, right, trans == 1, trans == 1)
    if info != 0:
        raise np.linalg.LinAlgError("the equation a @ x + x @ b = c is singular")
    back = np.empty((m, n), c.dtype)
    routines.gemm(1.0 / scale, za, True, right, True, 0.0, back)
    routines.gemm(1.0, back, False, zb, False, 0.0, x)


@sylvester_into.vjp
def sylvester_vjp(
    x, x_bar, ta, ta_bar, za, za_bar, tb, tb_bar, zb, zb_bar, a, a_bar, b, b_bar, c, c_bar, trans, trans_bar
):  # fmt: skip
    if x_bar is not None:
        w = np.empty_like(x)
        sylvester_into(w, ta, za, tb, zb, a, b, x_bar, 1 - trans)
        if c_bar is not None:
            c_bar += w
        if a_bar is not None or b_bar is not None:
            minus = -w
            if trans == 0:
                if a_bar is not None:
                    a_bar += minus @ x.T
                if b_bar is not None:
                    b_bar += x.T @ minus
            else:
                if a_bar is not None:
                    a_bar += x @ minus.T
                if b_bar is not None:
                    b_bar += minus.T @ x


@sylvester_into.jvp
def sylvester_jvp(
    x, x_dot, ta, ta_dot, za, za_dot, tb, tb_dot, zb, zb_dot, a, a_dot, b, b_dot, c, c_dot, trans, trans_dot
):  # fmt: skip
    right = np.zeros_like(x)
    if c_dot is not None:
        right += c_dot
    if a_dot is not None:
        if trans == 0:
            right -= a_dot @ x
        else:
            right -= a_dot.T @ x
    if b_dot is not None:
        if trans == 0:
            right -= x @ b_dot
        else:
            right -= x @ b_dot.T
    step = np.empty_like(x)
    sylvester_into(step, ta, za, tb, zb, a, b, right, trans)
    x_dot += step


@array(outs=2, layouts="C", cost=1_000_000)
def root_of_schur_into(rt, zt, a):
    """The Schur form of the principal square root of ``a``, transposed."""
    n = a.shape[0]
    tt = np.empty((n, n), a.dtype)
    routines.transpose_into(tt, a)
    if routines.gees(tt, zt) != 0:
        raise np.linalg.LinAlgError("Schur form not found. Possibly ill-conditioned.")
    rt[:, :] = 0
    last = 0
    while last < n:
        first, last = last, last + _block(tt, last)
        _corner_root(tt, rt, first, last)
        upper = first
        while upper > 0:
            below, upper = upper, upper - _block_before(tt, upper)
            for j in range(first, last):
                for i in range(upper, below):
                    total = tt[j, i]
                    for k in range(below, first):
                        total -= rt[k, i] * rt[j, k]
                    rt[j, i] = total
            if below - upper == 1 and last - first == 1:
                rt[first, upper] /= rt[upper, upper] + rt[first, first]
            else:
                corner = rt[first:last, upper:below]
                scale, _ = routines.trsyl(
                    rt[upper:below, upper:below], rt[first:last, first:last], corner, False, False
                )
                for j in range(first, last):
                    for i in range(upper, below):
                        rt[j, i] /= scale


@register_jitable
def _block(tt, at):
    """The size of the diagonal block that begins here."""
    return 2 if at + 1 < tt.shape[0] and tt[at, at + 1] != 0 else 1


@register_jitable
def _block_before(tt, end):
    """The size of the diagonal block that ends here."""
    return 2 if end >= 2 and tt[end - 2, end - 1] != 0 else 1


@register_jitable
def _corner_root(tt, rt, first, last):
    """The square root of a diagonal block: a number, or a matrix with a pair of complex eigenvalues."""
    if last - first == 1:
        if tt[first, first] < 0:
            raise np.linalg.LinAlgError("the square root is complex: the matrix has a negative eigenvalue")
        rt[first, first] = np.sqrt(tt[first, first])
        return
    i, j = first, first + 1
    real, imaginary = tt[i, i], np.sqrt(-tt[i, j] * tt[j, i])
    size = np.hypot(real, imaginary)
    part = np.sqrt(0.5 * (size + real)) if real > 0 else imaginary / np.sqrt(2.0 * (size - real))
    rt[i, i] = part
    rt[j, j] = part
    rt[i, j] = tt[i, j] / (2.0 * part)
    rt[j, i] = tt[j, i] / (2.0 * part)


@array(inert=("rt", "zt"), layouts="C", cost=100_000)
def root_into(x, rt, zt, a):
    """The square root of ``a``, of its Schur form."""
    half = np.empty(a.shape, a.dtype)
    routines.gemm(1.0, zt, True, rt, True, 0.0, half)
    routines.gemm(1.0, half, False, zt, False, 0.0, x)


@root_into.vjp
def root_vjp(x, x_bar, rt, rt_bar, zt, zt_bar, a, a_bar):
    if x_bar is not None and a_bar is not None:
        w = np.empty_like(x)
        sylvester_into(w, rt, zt, rt, zt, x, x.copy(), x_bar, 1)
        a_bar += w


@root_into.jvp
def root_jvp(x, x_dot, rt, rt_dot, zt, zt_dot, a, a_dot):
    if a_dot is not None:
        step = np.empty_like(x)
        sylvester_into(step, rt, zt, rt, zt, x, x.copy(), a_dot, 0)
        x_dot += step


def schur_form(a):
    tt, zt = np.empty_like(a), np.empty_like(a)
    schur_into(tt, zt, a)
    return tt, zt


def root_form(a):
    rt, zt = np.empty_like(a), np.empty_like(a)
    root_of_schur_into(rt, zt, a)
    return rt, zt


@composite("scipy.linalg:solve_sylvester", cases=[samples.sylvester])
def solve_sylvester(a, b, q):
    """The solution x (m, n) of ``a @ x + x @ b = q``; LinAlgError when it isn't unique."""
    require_square(a)
    require_square(b)
    a, b = alike(a, b)
    a, q = alike(a, q)
    b, q = alike(b, q)
    if q.shape[0] != a.shape[0] or q.shape[1] != b.shape[0]:
        raise ValueError("solve_sylvester: the shapes of the matrices don't fit together")
    ta, za = schur_form(a)
    tb, zb = schur_form(b)
    x = np.empty_like(q)
    sylvester_into(x, ta, za, tb, zb, a, b, q, 0)
    return x


@composite("scipy.linalg:solve_continuous_lyapunov", "scipy.linalg:solve_lyapunov", cases=[samples.lyapunov])
def solve_continuous_lyapunov(a, q):
    """The solution x (n, n) of ``a @ x + x @ a.T = q``."""
    return solve_sylvester(a, a.T, q)


@composite("scipy.linalg:sqrtm", cases=[samples.positive_spectrum])
def sqrtm(a):
    """The principal square root (n, n) of a matrix without negative eigenvalues.

    Raises LinAlgError when it has one: the root would be complex. There is no derivative at singular matrices.
    """
    require_square(a)
    a = as_floats(a)
    rt, zt = root_form(a)
    x = np.empty_like(a)
    root_into(x, rt, zt, a)
    return x
