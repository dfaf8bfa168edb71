"""Orthogonal and triangular factors.

Forwards, with ``s = q^T a_dot r^-1``, the part of s below the diagonal turns the columns of ``q``: S. F. Walter and L.
Lehmann, *Algorithmic differentiation of linear algebra functions with application in optimum experimental design*
(2010). The reverse rule is that of M. Seeger et al., *Auto-differentiating linear algebra* (2017), for the factors
``l @ q``, which are the transposes of those here.
"""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array, composite
from jitad_linalg import samples
from jitad_linalg.dtypes import as_floats
from jitad_linalg.lapack import routines
from jitad_linalg.triangular import triangular_into

QRResult = type(np.linalg.qr(np.eye(1)))


@array(outs=2, layouts="C", cost=200_000)
def qr_into(q, r, a):
    """The factors ``a = q @ r``, (m, n) and (n, n), of a matrix with m >= n."""
    m, n = a.shape
    at, tau = np.empty((n, m), a.dtype), np.zeros(n, a.dtype)
    routines.transpose_into(at, a)
    routines.geqrf(at, tau)
    for i in range(n):
        r[i, :i] = 0
        for j in range(i, n):
            r[i, j] = at[j, i]
    routines.orgqr(at, tau)
    routines.transpose_into(q, at)


@qr_into.vjp
def qr_vjp(q, q_bar, r, r_bar, a, a_bar):
    if a_bar is not None:
        n = r.shape[0]
        mixed = np.zeros((n, n), r.dtype)
        right = np.zeros_like(q)
        if r_bar is not None:
            mixed += r @ np.triu(r_bar).T
        if q_bar is not None:
            mixed -= q_bar.T @ q
            right += q_bar
        for i in range(n):
            for j in range(i):
                mixed[j, i] = mixed[i, j]
        right += q @ mixed
        a_bar += over_right(right, r)


@qr_into.jvp
def qr_jvp(q, q_dot, r, r_dot, a, a_dot):
    if a_dot is not None:
        n = r.shape[0]
        scaled = over(a_dot, r)
        seen = q.T @ scaled
        turn = np.zeros_like(seen)
        for i in range(n):
            for j in range(i):
                turn[i, j] = seen[i, j]
                turn[j, i] = -seen[i, j]
        if q_dot is not None:
            q_dot += scaled + q @ (turn - seen)
        if r_dot is not None:
            r_dot += np.triu((seen - turn) @ r)


def over(x, r):
    """``x @ r^-1``."""
    out = np.empty((x.shape[1], x.shape[0]), r.dtype)
    triangular_into(out, r, x.T, 0, 1, 0)
    return out.T


def over_right(x, r):
    """``x @ r^-T``."""
    out = np.empty((x.shape[1], x.shape[0]), r.dtype)
    triangular_into(out, r, x.T, 0, 0, 0)
    return out.T


def factored(a):
    """The reduced factors of a matrix of any shape."""
    m, n = a.shape
    k = min(m, n)
    q, r = np.empty((m, k), a.dtype), np.empty((k, k), a.dtype)
    qr_into(q, r, a[:, :k])
    if m >= n:
        return q, r
    return q, np.hstack((r, q.T @ a[:, k:]))


@composite(np.linalg.qr, cases=[samples.tall, samples.wide])
def qr(a, mode="reduced"):
    """The factors ``a = q @ r`` of a matrix (m, n): (m, k) and (k, n) with k = min(m, n).

    The first k columns of ``a`` must be linearly independent. Only ``mode`` "reduced" and "r" have derivatives.
    """
    if mode != "reduced" and mode != "r":
        raise ValueError("qr: the other columns of a complete factor have no derivative: use mode='reduced'")
    q, r = factored(as_floats(a))
    if mode == "r":
        return r
    return QRResult(q, r)
