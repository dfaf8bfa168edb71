"""Least squares, pseudo-inverses, ranks and condition numbers."""

# These functions are read as kernels.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import composite
from jitad_linalg import samples
from jitad_linalg.dtypes import alike, as_floats, columns
from jitad_linalg.qr import factored
from jitad_linalg.spectra import KINK
from jitad_linalg.svd import values_of
from jitad_linalg.triangular import forth_and_back


def full_rank_solution(a, b):
    """The least squares solution, of the least norm, for a matrix of full rank and a matrix of right-hand sides."""
    if a.shape[0] >= a.shape[1]:
        q, r = factored(a)
        return forth_and_back(r, q.T @ b, 0, 0, 0)
    q, r = factored(a.T)
    return q @ forth_and_back(r, b, 0, 1, 0)


def rank_of(s, cutoff):
    rank = 0
    for i in range(s.size):
        if s[i] > cutoff:
            rank += 1
    return rank


@composite(np.linalg.lstsq, cases=[samples.tall_system, samples.wide_system])
def lstsq(a, b, rcond=None):
    """What ``np.linalg.lstsq`` gives for a matrix (m, n) of full rank and ``b`` (m,) or (m, k).

    The solution (n,) or (n, k), the sums of squared residuals (k,), the rank, and the singular values. Raises
    LinAlgError when the rank is smaller than min(m, n): the solution then isn't continuous.
    """
    a, b = alike(a, b)
    m, n = a.shape
    if b.shape[0] != m:
        raise np.linalg.LinAlgError("lstsq: the right-hand side and the matrix have different numbers of rows")
    s = values_of(a)
    share = np.finfo(a.dtype).eps * max(m, n) if rcond is None else rcond
    rank = rank_of(s, share * s[0]) if s.size > 0 else 0
    if rank < min(m, n):
        raise np.linalg.LinAlgError("lstsq: the matrix hasn't full rank, so the solution has no derivative")
    right = columns(b)
    x = full_rank_solution(a, right)
    missing = a @ x - right
    residuals = np.sum(missing * missing, axis=0) if m > n else np.zeros(0, a.dtype)
    return x.reshape((n, *b.shape[1:])), residuals, rank, s


@composite("scipy.linalg:lstsq", name="scipy_lstsq", cases=[samples.tall_system])
def scipy_lstsq(a, b, cond=None):
    """``lstsq`` as ``scipy.linalg`` has it; raises LinAlgError when the matrix hasn't full rank."""
    a, b = alike(a, b)
    share = np.finfo(a.dtype).eps if cond is None else cond
    x, residuals, rank, s = np.linalg.lstsq(a, b, share)
    if b.ndim == 1:
        if a.shape[0] <= a.shape[1]:
            raise ValueError("scipy.linalg.lstsq: use np.linalg.lstsq for a vector and a matrix that isn't tall")
        return x, residuals[0], rank, s
    return x, residuals, rank, s


@composite(np.linalg.pinv, cases=[samples.tall, samples.wide])
def pinv(a, rcond=None):
    """The pseudo-inverse (n, m) of a matrix (m, n) of full rank.

    Raises LinAlgError when the rank is smaller than min(m, n): the pseudo-inverse then isn't continuous.
    """
    a = as_floats(a)
    m, n = a.shape
    s = values_of(a)
    share = 1e-15 if rcond is None else rcond
    if m == 0 or n == 0:
        return np.zeros((n, m), a.dtype)
    if rank_of(s, max(share, np.finfo(a.dtype).eps) * s[0]) < min(m, n):
        raise np.linalg.LinAlgError("pinv: the matrix hasn't full rank, so the pseudo-inverse has no derivative")
    eye = np.zeros((m, m), a.dtype)
    for i in range(m):
        eye[i, i] = 1.0
    return full_rank_solution(a, eye)


@composite(np.linalg.matrix_rank, cases=[samples.tall])
def matrix_rank(a, tol=None):
    """The number of singular values (m, n) above the tolerance. Its derivative is zero."""
    a = as_floats(a)
    if a.ndim < 2:
        return 1 if np.any(a != 0) else 0
    s = values_of(a)
    if s.size == 0:
        return 0
    return rank_of(s, np.finfo(a.dtype).eps * max(a.shape[0], a.shape[1]) * s[0] if tol is None else tol)


@composite(np.linalg.cond, kink=KINK, cases=[samples.general])
def cond(x, p=None):
    """The condition number: the quotient of the extreme singular values, or ``norm(x, p) * norm(inv(x), p)``."""
    x = as_floats(x)
    if p is None or p == 2:
        s = values_of(x)
        return s[0] / s[-1]
    if p == -2:
        s = values_of(x)
        return s[-1] / s[0]
    return np.linalg.norm(x, p) * np.linalg.norm(np.linalg.inv(x), p)
