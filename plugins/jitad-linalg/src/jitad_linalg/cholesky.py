"""Cholesky factors, and systems solved with them.

NumPy and SciPy read one triangle of the matrix, so the derivative is that of a function of this triangle: the adjoint
is zero in the other one. The reverse rule is the blocked one of I. Murray, *Differentiation of the Cholesky
decomposition* (2016), section 4, whose cost is twice the factorisation's; its own rules come from the closed form
``l^-T half(l^T l_bar) l^-1`` (section 3), where ``half`` is the lower triangle with half the diagonal.
"""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from numba.extending import register_jitable

from jitad.plugin import array, composite
from jitad_linalg import samples
from jitad_linalg.dtypes import as_floats, require_square
from jitad_linalg.lapack import routines
from jitad_linalg.triangular import forth_and_back, triangular_into

BLOCK = 64


@array(layouts="C", cost=50_000)
def cholesky_into(c, a):
    """The lower Cholesky factor of the symmetric matrix whose lower triangle is in ``a``."""
    n = a.shape[0]
    for i in range(n):
        c[i, : i + 1] = a[i, : i + 1]
        c[i, i + 1 :] = 0
    if routines.potrf(c) > 0:
        raise np.linalg.LinAlgError("Matrix is not positive definite")


@cholesky_into.loops
def cholesky_loops(c, a):
    """By rows; from the first pivot on that isn't positive, the diagonal is NaN."""
    n = a.shape[0]
    for i in range(n):
        for j in range(n):
            c[i, j] = a[i, j] if j <= i else 0
        for j in range(i):
            for k in range(j):
                c[i, j] -= c[i, k] * c[j, k]
            c[i, j] /= c[j, j]
        for k in range(i):
            c[i, i] -= c[i, k] * c[i, k]
        c[i, i] = math.sqrt(c[i, i]) if c[i, i] > 0 else math.nan


@cholesky_into.vjp
def cholesky_vjp(c, c_bar, a, a_bar):
    if c_bar is not None and a_bar is not None:
        g = np.empty_like(c)
        adjoint_into(g, c, c_bar)
        a_bar += g


@cholesky_into.jvp
def cholesky_jvp(c, c_dot, a, a_dot):
    if a_dot is not None:
        lower = half(a_dot)
        c_dot += c @ half(between(c, lower + lower.T, 0))


@array(layouts="C", cost=100_000)
def adjoint_into(g, c, c_bar):
    """The adjoint of the lower triangle of ``a`` for that of its factor ``c``; only lower triangles are read."""
    n = c.shape[0]
    for i in range(n):
        g[i, : i + 1] = c_bar[i, : i + 1]
        g[i, i + 1 :] = 0
    last = n
    while last > 0:
        first = max(0, last - BLOCK)
        corner, below, left = c[first:last, first:last], c[last:, first:last], c[first:last, :first]
        corner_bar, below_bar = g[first:last, first:last], g[last:, first:last]
        routines.trsm(corner, below_bar, True, True, False, False)
        routines.gemm(-1.0, below_bar, False, left, False, 1.0, g[last:, :first])
        routines.gemm(-1.0, below_bar, True, below, False, 1.0, corner_bar)
        _corner_adjoint(corner, corner_bar)
        both = corner_bar + corner_bar.T
        routines.gemm(-1.0, below_bar, True, c[last:, :first], False, 1.0, g[first:last, :first])
        routines.gemm(-1.0, both, False, left, False, 1.0, g[first:last, :first])
        last = first


@adjoint_into.loops
def adjoint_loops(g, c, c_bar):
    """The factorisation by columns, backwards (S. P. Smith, *Differentiation of the Cholesky algorithm*, 1995)."""
    n = c.shape[0]
    for i in range(n):
        for j in range(n):
            g[i, j] = c_bar[i, j] if j <= i else 0
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            for i in range(j, n):
                g[i, k] -= g[i, j] * c[j, k]
                g[j, k] -= g[i, j] * c[i, k]
        for j in range(k + 1, n):
            g[j, k] /= c[k, k]
            g[k, k] -= c[j, k] * g[j, k]
        g[k, k] /= 2 * c[k, k]


@register_jitable
def _corner_adjoint(c, g):
    """The adjoint for one block, by the closed form."""
    n = c.shape[0]
    lower, s = np.zeros((n, n), c.dtype), np.zeros((n, n), c.dtype)
    for i in range(n):
        lower[i, : i + 1] = c[i, : i + 1]
        s[i, : i + 1] = g[i, : i + 1]
    both = np.zeros((n, n), c.dtype)
    routines.gemm(1.0, lower, True, s, False, 0.0, both)
    for i in range(n):
        both[i, i] *= 0.5
        both[i, i + 1 :] = 0
    routines.trsm(c, both, False, True, True, False)
    routines.trsm(c, both, True, True, False, False)
    for i in range(n):
        for j in range(i):
            g[i, j] = both[i, j] + both[j, i]
        g[i, i] = both[i, i]
        g[i, i + 1 :] = 0


@adjoint_into.vjp
def adjoint_vjp(g, g_bar, c, c_bar, seed, seed_bar):
    if g_bar is not None:
        lower = half(g_bar)
        h = lower + lower.T
        s = half(between(c, h, 0))
        if seed_bar is not None:
            seed_bar += np.tril(np.tril(c) @ s)
        if c_bar is not None:
            full = g + g.T
            across = solved(c, h @ full, 0).T
            c_bar += np.tril(np.tril(seed) @ s.T - across)


@adjoint_into.jvp
def adjoint_jvp(g, g_dot, c, c_dot, seed, seed_dot):
    s = np.zeros_like(c)
    if seed_dot is not None:
        s += np.tril(c).T @ np.tril(seed_dot)
    if c_dot is not None:
        s += np.tril(c_dot).T @ np.tril(seed)
    s = half(s)
    full_dot = between(c, s + s.T, 1)
    if c_dot is not None:
        step = solved(c, np.tril(c_dot).T @ (g + g.T), 1)
        full_dot = full_dot - (step + step.T)
    g_dot += half(full_dot)


def half(a):
    """The lower triangle with half the diagonal."""
    out = np.zeros_like(a)
    for i in range(a.shape[0]):
        out[i, :i] = a[i, :i]
        out[i, i] = 0.5 * a[i, i]
    return out


def solved(c, b, trans):
    """``c^-1 b``, or ``c^-T b``."""
    x = np.empty_like(c)
    triangular_into(x, c, b, 1, trans, 0)
    return x


def between(c, a, trans):
    """``c^-1 a c^-T`` for a symmetric ``a``, or ``c^-T a c^-1``."""
    return solved(c, solved(c, a, trans).T, trans)


def lower_factor(a):
    require_square(a)
    c = np.empty_like(a)
    cholesky_into(c, a)
    n = c.shape[0]
    if n > 0 and np.isnan(c[n - 1, n - 1]):  # by the loops, which can't raise
        raise np.linalg.LinAlgError("Matrix is not positive definite")
    return c


@composite(np.linalg.cholesky, cases=[samples.definite])
def cholesky(a, upper=False):
    """The lower Cholesky factor of a symmetric positive definite matrix (n, n), or the upper one.

    Only that triangle of ``a`` is read. Raises LinAlgError when the matrix isn't positive definite.
    """
    a = as_floats(a)
    return lower_factor(a.T).T if upper else lower_factor(a)


@composite("scipy.linalg:cholesky", name="scipy_cholesky", cases=[samples.definite])
def scipy_cholesky(a, lower=False, overwrite_a=False, check_finite=True):
    """The upper Cholesky factor of a symmetric positive definite matrix (n, n), or the lower one."""
    a = as_floats(a)
    return lower_factor(a) if lower else lower_factor(a.T).T


@composite("scipy.linalg:cho_factor", cases=[samples.definite])
def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """The factor that ``scipy_cholesky`` gives, and ``lower``. The other triangle is that of ``a``."""
    a = as_floats(a)
    if lower:
        return lower_factor(a) + np.triu(a, 1), lower
    return lower_factor(a.T).T + np.tril(a, -1), lower


@composite("scipy.linalg:cho_solve", cases=[samples.solved_by_cholesky, samples.solved_by_lower_cholesky])
def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    """The solution x of ``a @ x = b`` for the factor of ``a`` that ``cho_factor`` gave; ``b`` is (n,) or (n, k)."""
    c, lower = c_and_lower
    if b.shape[0] != c.shape[0]:
        raise ValueError("cho_solve: the right-hand side and the matrix have different numbers of rows")
    if lower:
        return forth_and_back(c, forth_and_back(c, b, 1, 0, 0), 1, 1, 0)
    return forth_and_back(c, forth_and_back(c, b, 0, 1, 0), 0, 0, 0)
