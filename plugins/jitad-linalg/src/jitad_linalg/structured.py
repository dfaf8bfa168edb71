"""Systems with band matrices and Toeplitz matrices (the rules are those of ``jitad_linalg.lu``, kept to the band)."""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array, composite
from jitad_linalg import samples
from jitad_linalg.dtypes import alike, columns
from jitad_linalg.lapack import routines
from jitad_linalg.lu import solve


@array(outs=2, layouts="C", cost=10_000)
def band_factor_into(f, piv, ab, lower, upper):
    """The factors of a band matrix; only ``band_apply_into`` reads them."""
    f[:, :] = 0
    for j in range(ab.shape[1]):
        for i in range(max(0, upper - j), min(ab.shape[0], upper + ab.shape[1] - j)):
            f[j, lower + i] = ab[i, j]
    if routines.gbtrf(f, piv, ab.shape[1], lower, upper) > 0:
        raise np.linalg.LinAlgError("singular matrix")


@array(inert=("f",), layouts="C", cost=10_000)
def band_apply_into(x, f, piv, ab, b, lower, upper, trans):
    """Solve with the factors of a band matrix, or of its transpose for ``trans`` 1."""
    right = np.empty((b.shape[1], b.shape[0]), b.dtype)
    routines.transpose_into(right, b)
    routines.gbtrs(f, piv, right, lower, upper, trans)
    routines.transpose_into(x, right)


@band_apply_into.vjp
def band_vjp(
    x, x_bar, f, f_bar, piv, piv_bar, ab, ab_bar, b, b_bar, lower, lower_bar, upper, upper_bar, trans, trans_bar
):  # fmt: skip
    if x_bar is not None:
        w = np.empty_like(x)
        band_apply_into(w, f, piv, ab, x_bar, lower, upper, 1 - trans)
        if b_bar is not None:
            b_bar += w
        if ab_bar is not None:
            n = x.shape[0]
            for j in range(n):
                for i in range(max(0, j - upper), min(n, j + lower + 1)):
                    total = 0.0
                    for k in range(x.shape[1]):
                        total += w[i, k] * x[j, k] if trans == 0 else x[i, k] * w[j, k]
                    ab_bar[upper + i - j, j] -= total


@band_apply_into.jvp
def band_jvp(
    x, x_dot, f, f_dot, piv, piv_dot, ab, ab_dot, b, b_dot, lower, lower_dot, upper, upper_dot, trans, trans_dot
):  # fmt: skip
    right = np.zeros_like(x)
    if b_dot is not None:
        right += b_dot
    if ab_dot is not None:
        n = x.shape[0]
        for j in range(n):
            for i in range(max(0, j - upper), min(n, j + lower + 1)):
                for k in range(x.shape[1]):
                    if trans == 0:
                        right[i, k] -= ab_dot[upper + i - j, j] * x[j, k]
                    else:
                        right[j, k] -= ab_dot[upper + i - j, j] * x[i, k]
    step = np.empty_like(x)
    band_apply_into(step, f, piv, ab, right, lower, upper, trans)
    x_dot += step


def band_factors(ab, lower, upper):
    n = ab.shape[1]
    f, piv = np.empty((n, 2 * lower + upper + 1), ab.dtype), np.empty(n, np.int32)
    band_factor_into(f, piv, ab, lower, upper)
    return f, piv


@composite("scipy.linalg:solve_banded", cases=[samples.banded])
def solve_banded(l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True):
    """The solution x of ``a @ x = b`` for a matrix with l lower and u upper diagonals, given as ``ab`` (l + u + 1, n).

    ``ab[u + i - j, j]`` is ``a[i, j]``; ``b`` is (n,) or (n, k). Raises LinAlgError for a singular matrix.
    """
    lower, upper = l_and_u
    ab, b = alike(ab, b)
    n = ab.shape[1]
    if b.shape[0] != n or ab.shape[0] != lower + upper + 1:
        raise ValueError("solve_banded: the diagonals, the matrix and the right-hand side don't fit together")
    right = columns(b)
    f, piv = band_factors(ab, lower, upper)
    x = np.empty_like(right)
    band_apply_into(x, f, piv, ab, right, lower, upper, 0)
    return x.reshape(b.shape)


@composite("scipy.linalg:toeplitz", cases=[samples.toeplitz])
def toeplitz(c, r=None):
    """The matrix (m, n) with constant diagonals, of its first column (m,) and first row (n,), ``c`` by default."""
    row = c if r is None else r
    t = np.empty((c.size, row.size), (np.empty(0, c.dtype) * np.empty(0, row.dtype)).dtype)
    for i in range(c.size):
        for j in range(row.size):
            t[i, j] = c[i - j] if i >= j else row[j - i]
    return t


@composite("scipy.linalg:solve_toeplitz", cases=[samples.toeplitz])
def solve_toeplitz(c_or_cr, b, check_finite=True):
    """The solution x of ``toeplitz(c, r) @ x = b``, by elimination: O(n^3), where SciPy's recursion takes O(n^2).

    The result is of float64, as SciPy's is.
    """
    t = toeplitz(c_or_cr[0], c_or_cr[1]) if isinstance(c_or_cr, tuple) else toeplitz(c_or_cr)
    return solve(t.astype(np.float64), b)
