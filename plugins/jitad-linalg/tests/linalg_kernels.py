"""Kernels with linear algebra and their arguments: the cases of several test modules."""

from __future__ import annotations

import numpy as np
import scipy.linalg

RNG = np.random.default_rng(0)
A = RNG.standard_normal((4, 4)) + 3 * np.eye(4)
B, TWO = RNG.standard_normal(4), RNG.standard_normal((4, 2))
S = A @ A.T + np.eye(4)
C = RNG.standard_normal((4, 4))
TALL, FIVE = RNG.standard_normal((5, 3)), RNG.standard_normal(5)
WIDE = TALL.T.copy()
WEIGHTS = RNG.standard_normal(4)


def solve(a, b):
    return np.sum(np.linalg.solve(a, b) ** 2)


def inv(a):
    return np.sum(np.linalg.inv(a) * C[: a.shape[0], : a.shape[0]])


def det(a):
    return np.linalg.det(a) ** 2


def slogdet(a):
    sign, logarithm = np.linalg.slogdet(a)
    return sign * logarithm**2 + np.linalg.slogdet(a).logabsdet


def cholesky(a):
    return np.sum(np.linalg.cholesky(a) * C[: a.shape[0], : a.shape[0]]) ** 2


def qr(a):
    q, r = np.linalg.qr(a)
    return np.sum(q**3) + np.sum(r**2 * np.abs(r))


def eigh(a):
    w, v = np.linalg.eigh(a)
    return np.sum((v * w**3) @ v.T * C[: a.shape[0], : a.shape[0]]) + np.sum(w**2)


def eigvalsh(a):
    return np.sum(np.linalg.eigvalsh(a) ** 2 * WEIGHTS[: a.shape[0]])


def svd(a):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return np.sum((u * s**2) @ vt) + np.sum(s * WEIGHTS[: s.size]) + np.sum(u**2 * np.abs(u))


def lstsq(a, b):
    x, residuals, rank, s = np.linalg.lstsq(a, b)
    return np.sum(x**3) + np.sum(residuals) * rank + np.sum(s**2)


def pinv(a):
    return np.sum(np.linalg.pinv(a) ** 3)


def norms(a):
    return np.linalg.norm(a) + np.linalg.norm(a, 2) + np.linalg.norm(a, "nuc")


def cond(a):
    return np.linalg.cond(a) + np.linalg.cond(a, 1)


def powers(a):
    return np.sum(np.linalg.matrix_power(a, 5)) + np.sum(np.linalg.matrix_power(a, -2))


def rank(a):
    return np.linalg.matrix_rank(a) * np.sum(a**2)


def triangular(a, b):
    forth = scipy.linalg.solve_triangular(a, b, lower=True)
    return np.sum(scipy.linalg.solve_triangular(a, forth, trans="T", unit_diagonal=True) ** 2)


def cho_solve(a, b):
    x = scipy.linalg.cho_solve(scipy.linalg.cho_factor(a), b)
    return np.sum(scipy.linalg.cho_solve(scipy.linalg.cho_factor(a, lower=True), x) ** 2)


def lu_solve(a, b):
    lu, piv = scipy.linalg.lu_factor(a)
    x = scipy.linalg.lu_solve((lu, piv), b)
    return np.sum(scipy.linalg.lu_solve((lu, piv), x, trans=1) ** 2) + np.sum(lu**2)


def expm(a):
    return np.sum(scipy.linalg.expm(a) * C[: a.shape[0], : a.shape[0]])


def sqrtm(a):
    return np.sum(scipy.linalg.sqrtm(a) ** 3)


def sylvester(a, b, q):
    return np.sum(scipy.linalg.solve_sylvester(a, b, q) ** 3)


def banded(ab, b):
    return np.sum(scipy.linalg.solve_banded((1, 2), ab, b) ** 2)


def toeplitz(c, r, b):
    return np.sum(scipy.linalg.solve_toeplitz((c, r), b) ** 2) + np.sum(scipy.linalg.toeplitz(c) ** 3)


BAND = RNG.standard_normal((4, 6)) + np.array([[0.0], [0.0], [5.0], [0.0]])
CASES = [
    (solve, (A, B)),
    (solve, (A, TWO)),
    (inv, (A,)),
    (det, (A,)),
    (slogdet, (A,)),
    (cholesky, (S,)),
    (qr, (TALL,)),
    (qr, (WIDE,)),
    (eigh, (S,)),
    (eigvalsh, (S,)),
    (svd, (TALL,)),
    (svd, (WIDE,)),
    (lstsq, (TALL, FIVE)),
    (lstsq, (WIDE, FIVE[:3])),
    (pinv, (TALL,)),
    (norms, (TALL,)),
    (cond, (A,)),
    (powers, (A,)),
    (rank, (A,)),
    (triangular, (A, TWO)),
    (cho_solve, (S, B)),
    (lu_solve, (C + 0.1, B)),
    (expm, (0.3 * A,)),
    (expm, (4.0 * A,)),
    (sqrtm, (A,)),
    (sylvester, (A, A[:3, :3].copy(), TALL[:4])),
    (banded, (BAND, RNG.standard_normal(6))),
    (toeplitz, (np.array([4.0, 1.0, 0.5, 0.2]), np.array([4.0, -1.0, 0.3, 0.1]), B)),
]
