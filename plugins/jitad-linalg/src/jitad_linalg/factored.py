"""SciPy's LU factors, as functions of the matrix and as what systems are solved with.

With ``p a = l u`` and ``f = l^-1 p a_dot u^-1``, ``l_dot = l tril(f, -1)`` and ``u_dot = triu(f) u``; the reverse
rule is the transpose: F. de Hoog, R. Anderssen and M. Lukas, *Differentiation of matrix functionals using triangular
factorization* (2011).
"""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array, composite
from jitad_linalg import samples
from jitad_linalg.dtypes import as_floats, require_square
from jitad_linalg.lapack import routines
from jitad_linalg.triangular import forth_and_back, triangular_into


@array(outs=2, layouts="C", cost=100_000)
def lu_into(lu, piv, a):
    """The triangles of a square matrix in one (the lower has ones on its diagonal), and the swaps of rows."""
    at = np.empty(a.shape, a.dtype)
    routines.transpose_into(at, a)
    routines.getrf(at, piv)
    routines.transpose_into(lu, at)
    for i in range(piv.size):
        piv[i] -= 1


@lu_into.vjp
def lu_vjp(lu, lu_bar, piv, piv_bar, a, a_bar):
    if lu_bar is not None and a_bar is not None:
        f = np.tril(unit_lower(lu).T @ np.tril(lu_bar, -1), -1) + np.triu(np.triu(lu_bar) @ np.triu(lu).T)
        left = solved(lu, f, 1, 1, 1)
        moved = solved(lu, left.T, 0, 0, 0).T
        order = order_of(piv)
        for i in range(order.size):
            a_bar[order[i]] += moved[i]


@lu_into.jvp
def lu_jvp(lu, lu_dot, piv, piv_dot, a, a_dot):
    if a_dot is not None and lu_dot is not None:
        left = solved(lu, a_dot[order_of(piv)], 1, 0, 1)
        f = solved(lu, left.T, 0, 1, 0).T
        lu_dot += unit_lower(lu) @ np.tril(f, -1) + np.triu(f) @ np.triu(lu)


def solved(a, b, lower, trans, unit):
    x = np.empty_like(a)
    triangular_into(x, a, b, lower, trans, unit)
    return x


def unit_lower(lu):
    out = np.tril(lu, -1)
    for i in range(lu.shape[0]):
        out[i, i] = 1.0
    return out


def order_of(piv):
    """Which row each row comes from, after the swaps."""
    order = np.arange(piv.size)
    for i in range(piv.size):
        other = piv[i]
        kept = order[i]
        order[i] = order[other]
        order[other] = kept
    return order


def inverse_order_of(piv):
    order = order_of(piv)
    inverse = np.arange(piv.size)
    for i in range(piv.size):
        inverse[order[i]] = i
    return inverse


@composite("scipy.linalg:lu_factor", cases=[samples.general])
def lu_factor(a, overwrite_a=False, check_finite=True):
    """The triangles (n, n) of a square matrix in one, and the pivots (n,), as ``scipy.linalg`` has them."""
    require_square(a)
    a = as_floats(a)
    lu, piv = np.empty_like(a), np.empty(a.shape[0], np.int32)
    lu_into(lu, piv, a)
    return lu, piv


@composite("scipy.linalg:lu_solve", cases=[samples.solved_by_lu, samples.solved_by_transposed_lu])
def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    """The solution x of ``a @ x = b`` (``a.T`` for ``trans`` 1 or 2) for what ``lu_factor`` gave."""
    lu, piv = lu_and_piv
    if b.shape[0] != lu.shape[0]:
        raise ValueError("lu_solve: the right-hand side and the matrix have different numbers of rows")
    if trans == 0:
        return forth_and_back(lu, forth_and_back(lu, b[order_of(piv)], 1, 0, 1), 0, 0, 0)
    x = forth_and_back(lu, forth_and_back(lu, b, 0, 1, 0), 1, 1, 1)
    return x[inverse_order_of(piv)]
