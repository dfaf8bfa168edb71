"""LAPACK on C-contiguous matrices, in place: what the array primitives are written with.

LAPACK counts in columns, so it sees the transpose of each matrix here. Complex matrices are arrays of pairs
(m, n, 2). Functions that say nothing else return LAPACK's ``info``: 0, or what went wrong. Tuples are added where
Numba can't unpack them into others.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from jitad_linalg.lapack.invoke import invoke, invoke_complex

N, T, L, R, U, S, V = (ord(letter) for letter in "NTLRUSV")


@register_jitable
def transpose_into(out, a):
    """``out[...] = a.T`` in blocks that fit into a cache."""
    m, n = a.shape
    for i0 in range(0, m, 32):
        for j0 in range(0, n, 32):
            for j in range(j0, min(j0 + 32, n)):
                for i in range(i0, min(i0 + 32, m)):
                    out[j, i] = a[i, j]


@register_jitable
def getrf(a, piv):
    """Factor ``a.T`` into triangles, with pivots counted from 1."""
    n = a.shape[0]
    info = np.zeros(1, np.int32)
    if n > 0:
        invoke("getrf", (n, n, a, n, piv, info))
    return info[0]


@register_jitable
def getrs(lu, piv, b, trans):
    """Solve ``a @ x.T = b.T`` (``a.T`` for ``trans`` 1) with what ``getrf`` made of ``a``; x is in ``b``."""
    n, k = lu.shape[0], b.shape[0]
    if n > 0 and k > 0:
        invoke("getrs", (T if trans == 0 else N, n, k, lu, n, piv, b, n, np.zeros(1, np.int32)))


@register_jitable
def potrf(a):
    """Overwrite the lower triangle of ``a`` by its Cholesky factor."""
    n = a.shape[0]
    info = np.zeros(1, np.int32)
    if n > 0:
        invoke("potrf", (U, n, a, n, info))
    return info[0]


@register_jitable
def geqrf(at, tau):
    """Householder factors of ``a``, given as ``at = a.T``."""
    n, m = at.shape
    work = np.empty(64 * max(n, 1), at.dtype)
    if n > 0 and m > 0:
        invoke("geqrf", (m, n, at, m, tau, work, work.size, np.zeros(1, np.int32)))


@register_jitable
def orgqr(at, tau):
    """The first columns of the orthogonal factor, transposed, in place of ``geqrf``'s results."""
    n, m = at.shape
    work = np.empty(64 * max(n, 1), at.dtype)
    if n > 0 and m > 0:
        invoke("orgqr", (m, n, n, at, m, tau, work, work.size, np.zeros(1, np.int32)))


@register_jitable
def syevd(w, vt, upper):
    """Eigenvalues, and eigenvectors as rows, of the symmetric matrix ``vt.T`` of which one triangle is read."""
    n = w.size
    info = np.zeros(1, np.int32)
    if n > 0:
        work, iwork = np.empty(1 + 6 * n + 2 * n * n, w.dtype), np.empty(3 + 5 * n, np.int32)
        invoke("syevd", (V, U if upper else L, n, vt, n, w, work, work.size, iwork, iwork.size, info))
    return info[0]


@register_jitable
def gesdd(s, ut, v, at):
    """The reduced singular value decomposition of ``a``, given as ``at = a.T`` (which is overwritten)."""
    n, m = at.shape
    k = s.size
    info = np.zeros(1, np.int32)
    if k > 0:
        iwork, best = np.empty(8 * k, np.int32), np.zeros(1, at.dtype)
        invoke("gesdd", (S, m, n, at, m, s, ut, m, v, k, best, -1, iwork, info))
        work = np.empty(int(best[0]) + 1, at.dtype)
        invoke("gesdd", (S, m, n, at, m, s, ut, m, v, k, work, work.size, iwork, info))
    return info[0]


@register_jitable
def gees(at, zt):
    """The real Schur form of ``a = at.T``, transposed in ``at``, and the basis transposed in ``zt``."""
    n = at.shape[0]
    info = np.zeros(1, np.int32)
    if n > 0:
        real, imaginary = np.empty(n, at.dtype), np.empty(n, at.dtype)
        work, count, chosen = np.empty(64 * n, at.dtype), np.zeros(1, np.int32), np.zeros(1, np.int32)
        invoke(
            "gees",
            (V, N, chosen, n, at, n, count, real, imaginary, zt, n, work, work.size, chosen, info),
        )
    return info[0]


@register_jitable
def geev(real, imaginary, vt, at):
    """Eigenvalues, and eigenvectors as rows, of ``a = at.T`` (which is overwritten).

    Two rows that belong to a pair of complex eigenvalues are the real and the imaginary part of the first one's.
    """
    n = at.shape[0]
    info = np.zeros(1, np.int32)
    if n > 0:
        best, left = np.zeros(1, at.dtype), np.zeros(1, at.dtype)
        invoke("geev", (N, V, n, at, n, real, imaginary, left, 1, vt, n, best, -1, info))
        work = np.empty(int(best[0]) + 1, at.dtype)
        invoke("geev", (N, V, n, at, n, real, imaginary, left, 1, vt, n, work, work.size, info))
    return info[0]


@register_jitable
def complex_geev(w, vt, at):
    """Eigenvalues, and eigenvectors as rows, of the complex matrix ``a = at.T`` (which is overwritten)."""
    n = at.shape[0]
    info = np.zeros(1, np.int32)
    if n > 0:
        best, left, more = np.zeros(2, at.dtype), np.zeros(2, at.dtype), np.empty(2 * n, at.dtype)
        invoke_complex("geev", (N, V, n, at, n, w, left, 1, vt, n, best, -1, more, info))
        work = np.empty(2 * (int(best[0]) + 1), at.dtype)
        invoke_complex("geev", (N, V, n, at, n, w, left, 1, vt, n, work, work.size // 2, more, info))
    return info[0]


@register_jitable
def complex_getrf(a, piv):
    """``getrf`` for a complex matrix."""
    n = a.shape[0]
    info = np.zeros(1, np.int32)
    if n > 0:
        invoke_complex("getrf", (n, n, a, n, piv, info))
    return info[0]


@register_jitable
def complex_getrs(lu, piv, b, trans):
    """``getrs`` for a complex matrix; ``trans`` 1 stands for ``a.T``, without conjugates."""
    n, k = lu.shape[0], b.shape[0]
    if n > 0 and k > 0:
        invoke_complex("getrs", (T if trans == 0 else N, n, k, lu, n, piv, b, n, np.zeros(1, np.int32)))


@register_jitable
def trsyl(at, bt, ct, trans_a, trans_b):
    """Solve ``op(a) @ x + x @ op(b) = scale * c`` for Schur forms, all transposed; x is in ``ct``, scale comes back."""
    m, n = at.shape[0], bt.shape[0]
    scale, info = np.ones(1, at.dtype), np.zeros(1, np.int32)
    if m > 0 and n > 0:
        codes = (T if trans_a else N, T if trans_b else N)
        invoke(
            "trsyl",
            (codes[0], codes[1], 1, m, n, at, at.strides[0] // at.itemsize, bt, bt.strides[0] // bt.itemsize)  # noqa: RUF005
            + (ct, ct.strides[0] // ct.itemsize, scale, info),
        )
    return scale[0], info[0]


@register_jitable
def gbtrf(ft, piv, n, lower, upper):
    """Factor a band matrix in LAPACK's storage, transposed (n, 2 lower + upper + 1)."""
    info = np.zeros(1, np.int32)
    if n > 0:
        invoke("gbtrf", (n, n, lower, upper, ft, ft.shape[1], piv, info))
    return info[0]


@register_jitable
def gbtrs(ft, piv, bt, lower, upper, trans):
    """Solve with the factors of ``gbtrf`` for the right-hand sides in the rows of ``bt``."""
    k, n = bt.shape
    if n > 0 and k > 0:
        codes = T if trans == 1 else N
        invoke("gbtrs", (codes, n, lower, upper, k, ft, ft.shape[1], piv, bt, n, np.zeros(1, np.int32)))


@register_jitable
def gemm(alpha, a, trans_a, b, trans_b, beta, c):
    """``c[...] = alpha * op(a) @ op(b) + beta * c`` for matrices with contiguous rows."""
    m, n = c.shape
    k = a.shape[0] if trans_a else a.shape[1]
    if m > 0 and n > 0:
        size = a.itemsize
        invoke(
            "gemm",
            (T if trans_b else N, T if trans_a else N, n, m, k, float(alpha), b, max(b.strides[0] // size, 1))  # noqa: RUF005
            + (a, max(a.strides[0] // size, 1), float(beta), c, max(c.strides[0] // size, 1)),
        )


@register_jitable
def trsm(a, b, right, lower, trans, unit):
    """Overwrite ``b`` by ``op(a)^-1 @ b``, or by ``b @ op(a)^-1``, for a triangle ``a``; rows are contiguous."""
    m, n = b.shape
    if m > 0 and n > 0:
        size = a.itemsize
        codes = (L if right else R, U if lower else L, T if trans else N, U if unit else N)
        invoke(
            "trsm",
            (codes[0], codes[1], codes[2], codes[3], n, m, 1.0, a, max(a.strides[0] // size, 1))  # noqa: RUF005
            + (b, max(b.strides[0] // size, 1)),
        )
