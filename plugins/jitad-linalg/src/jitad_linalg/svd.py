"""Singular values and vectors (J. Townsend, *Differentiating the singular value decomposition*, 2016).

Coinciding singular values are treated as ``jitad_linalg.eigh`` treats eigenvalues.
"""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array, composite
from jitad_linalg import jacobi, samples
from jitad_linalg.dtypes import as_floats
from jitad_linalg.lapack import routines
from jitad_linalg.spectra import KINK, noise_of, over_gap, resolution

SVDResult = type(np.linalg.svd(np.eye(1)))


@array(outs=3, layouts="C", cost=1_000_000, kink=KINK)
def svd_into(u, s, vt, a):
    """The reduced decomposition ``a = (u * s) @ vt``, of matrices (m, k), (k,), (k, n) with k = min(m, n)."""
    (m, n), k = a.shape, s.size
    at, ut, v = np.empty((n, m), a.dtype), np.empty((k, m), a.dtype), np.empty((n, k), a.dtype)
    routines.transpose_into(at, a)
    if routines.gesdd(s, ut, v, at) != 0:
        raise np.linalg.LinAlgError("SVD did not converge")
    routines.transpose_into(u, ut)
    routines.transpose_into(vt, v)


svd_into.loops(jacobi.svd)


@svd_into.vjp
def svd_vjp(u, u_bar, s, s_bar, vt, vt_bar, a, a_bar):
    if a_bar is not None:
        k = s.size
        inner = np.zeros((k, k), s.dtype)
        if u_bar is not None or vt_bar is not None:
            left, right = np.zeros((k, k), s.dtype), np.zeros((k, k), s.dtype)
            if u_bar is not None:
                left += u.T @ u_bar
            if vt_bar is not None:
                right += vt @ vt_bar.T
            width, noise = resolution(s), noise_of(left) + noise_of(right)
            for i in range(k):
                for j in range(i):
                    is_certain = s_bar is None
                    x, y = left[i, j] - left[j, i], right[i, j] - right[j, i]
                    even = 0.5 * over_gap(x + y, s[j] - s[i], width, noise, is_certain)
                    odd = 0.5 * over_gap(x - y, s[j] + s[i], width, noise, is_certain)
                    inner[i, j] = even + odd
                    inner[j, i] = even - odd
        if s_bar is not None:
            for i in range(k):
                inner[i, i] += s_bar[i]
        a_bar += u @ (inner @ vt)
        if u_bar is not None and u.shape[0] > k:
            a_bar += outside(u, over_values(u_bar, s)) @ vt
        if vt_bar is not None and vt.shape[1] > k:
            a_bar += u @ outside(vt.T, over_values(vt_bar.T, s)).T


@svd_into.jvp
def svd_jvp(u, u_dot, s, s_dot, vt, vt_dot, a, a_dot):
    if a_dot is not None:
        k = s.size
        image, shadow = a_dot @ vt.T, a_dot.T @ u
        inner = u.T @ image
        if s_dot is not None:
            for i in range(k):
                s_dot[i] += inner[i, i]
        if u_dot is not None or vt_dot is not None:
            left, right = np.zeros((k, k), s.dtype), np.zeros((k, k), s.dtype)
            width, noise = resolution(s), noise_of(inner)
            for i in range(k):
                for j in range(i):
                    even = 0.5 * over_gap(inner[i, j] + inner[j, i], s[j] - s[i], width, noise, True)
                    odd = 0.5 * over_gap(inner[i, j] - inner[j, i], s[j] + s[i], width, noise, True)
                    left[i, j] = even + odd
                    left[j, i] = -left[i, j]
                    right[i, j] = even - odd
                    right[j, i] = -right[i, j]
            if u_dot is not None:
                u_dot += u @ left
                if u.shape[0] > k:
                    u_dot += outside(u, over_values(image, s))
            if vt_dot is not None:
                vt_dot += right.T @ vt
                if vt.shape[1] > k:
                    vt_dot += outside(vt.T, over_values(shadow, s)).T


def outside(q, x):
    """The part of the columns of ``x`` that is orthogonal to the columns of ``q``."""
    return x - q @ (q.T @ x)


def over_values(x, s):
    """The columns of ``x`` over the singular values; over one that is zero, nan unless the column is zero too."""
    out = np.zeros_like(x)
    width = resolution(s)
    for j in range(s.size):
        for i in range(x.shape[0]):
            if s[j] > width:
                out[i, j] = x[i, j] / s[j]
            elif x[i, j] != 0:
                out[i, j] = np.nan
    return out


def reduced(a):
    m, n = a.shape
    k = min(m, n)
    u, s, vt = np.empty((m, k), a.dtype), np.empty(k, a.dtype), np.empty((k, n), a.dtype)
    svd_into(u, s, vt, a)
    return u, s, vt


def values_of(a):
    return reduced(as_floats(a))[1]


@composite(np.linalg.svd, kink=KINK, cases=[samples.reduced_tall, samples.general])
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """The singular value decomposition of a matrix (m, n): (m, k), (k,) and (k, n) with k = min(m, n).

    ``full_matrices=False`` must be given for matrices that aren't square: the further columns have no derivative.
    """
    if not compute_uv:
        return values_of(a)
    if full_matrices and a.shape[0] != a.shape[1]:
        raise ValueError("svd: the columns beyond the singular values have no derivative: pass full_matrices=False")
    u, s, vt = reduced(as_floats(a))
    return SVDResult(u, s, vt)


@composite(
    "scipy.linalg:svdvals", *([np.linalg.svdvals] if hasattr(np.linalg, "svdvals") else []), cases=[samples.tall]
)
def svdvals(a):
    """The singular values (k,) of a matrix (m, n), the largest first."""
    return values_of(a)
