"""Triangular systems (Giles 2008, section 2.3, with the adjoint kept to the triangle that is read)."""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array, composite
from jitad_linalg import samples
from jitad_linalg.dtypes import alike, columns, require_square
from jitad_linalg.lapack import routines


@array(layouts="C", cost=20_000)
def triangular_into(x, a, b, lower, trans, unit):
    """Solve ``a @ x = b`` (``a.T`` for ``trans`` 1) for one triangle of ``a``; its diagonal is ones for ``unit`` 1."""
    x[:, :] = b
    routines.trsm(a, x, False, lower == 1, trans == 1, unit == 1)


@triangular_into.loops
def triangular_loops(x, a, b, lower, trans, unit):
    n = a.shape[0]
    for c in range(b.shape[1]):
        for at in range(n):
            i = at if (lower == 1) != (trans == 1) else n - 1 - at  # the row whose unknown is next
            x[i, c] = b[i, c]
            for before in range(at):
                j = before if (lower == 1) != (trans == 1) else n - 1 - before
                x[i, c] -= (a[j, i] if trans == 1 else a[i, j]) * x[j, c]
            if unit != 1:
                x[i, c] /= a[i, i]


@triangular_into.vjp
def triangular_vjp(x, x_bar, a, a_bar, b, b_bar, lower, lower_bar, trans, trans_bar, unit, unit_bar):
    if x_bar is not None:
        w = np.empty_like(x)
        triangular_into(w, a, x_bar, lower, 1 - trans, unit)
        if b_bar is not None:
            b_bar += w
        if a_bar is not None:
            product = w @ x.T if trans == 0 else x @ w.T
            for i in range(a.shape[0]):
                first, last = row(a.shape[0], i, lower, unit)
                a_bar[i, first:last] -= product[i, first:last]


@triangular_into.jvp
def triangular_jvp(x, x_dot, a, a_dot, b, b_dot, lower, lower_dot, trans, trans_dot, unit, unit_dot):
    if a_dot is not None or b_dot is not None:
        right = np.zeros_like(x)
        if b_dot is not None:
            right += b_dot
        if a_dot is not None:
            part = np.zeros_like(a)
            for i in range(a.shape[0]):
                first, last = row(a.shape[0], i, lower, unit)
                part[i, first:last] = a_dot[i, first:last]
            if trans == 0:
                right -= part @ x
            else:
                right -= part.T @ x
        step = np.empty_like(x)
        triangular_into(step, a, right, lower, trans, unit)
        x_dot += step


def row(n, i, lower, unit):
    """Where the elements that are read begin and end in a row."""
    if lower == 1:
        return 0, i + 1 - unit
    return i + unit, n


def forth_and_back(a, b, lower, trans, unit):
    right = columns(b)
    x = np.empty_like(right)
    triangular_into(x, a, right, lower, trans, unit)
    return x.reshape(b.shape)


@composite("scipy.linalg:solve_triangular", cases=[samples.triangle])
def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True):
    """The solution x of ``a @ x = b`` for a triangle ``a`` (n, n) and ``b`` (n,) or (n, k)."""
    require_square(a)
    a, b = alike(a, b)
    if b.shape[0] != a.shape[0]:
        raise ValueError("solve_triangular: the right-hand side and the matrix have different numbers of rows")
    if not unit_diagonal:
        for i in range(a.shape[0]):
            if a[i, i] == 0:
                raise np.linalg.LinAlgError("singular matrix")
    is_transposed = 0 if trans in (0, "N") else 1
    return forth_and_back(a, b, 1 if lower else 0, is_transposed, 1 if unit_diagonal else 0)
