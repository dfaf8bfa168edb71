"""Linear algebra written as loops."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.spd(4),), compiled=True)
def cholesky_in_place(a):
    n = a.shape[0]
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s -= a[j, k] * a[j, k]
        a[j, j] = math.sqrt(s)
        for i in range(j + 1, n):
            s = a[i, j]
            for k in range(j):
                s -= a[i, k] * a[j, k]
            a[i, j] = s / a[j, j]
    total = 0.0
    for i in range(n):
        total += math.log(a[i, i])
        for j in range(i):
            total += 0.1 * a[i, j] * a[i, j]
    return total


@kernel(lambda d: (d.spd(4),))
def cholesky_with_row_slices(a):
    n = a.shape[0]
    for j in range(n):
        a[j, j] = math.sqrt(a[j, j] - np.sum(a[j, :j] * a[j, :j]))
        for i in range(j + 1, n):
            a[i, j] = (a[i, j] - np.dot(a[i, :j], a[j, :j])) / a[j, j]
    total = 0.0
    for i in range(n):
        total += math.log(a[i, i]) + a[i, 0]
    return total


@kernel(lambda d: (d.spd(3),))
def cholesky_right_looking(a):
    n = a.shape[0]
    for k in range(n):
        a[k, k] = math.sqrt(a[k, k])
        a[k + 1 :, k] /= a[k, k]
        for j in range(k + 1, n):
            a[j:, j] -= a[j:, k] * a[j, k]
    return a[0, 0] * a[1, 1] * a[2, 2] + a[2, 0]


@kernel(lambda d: (d.dominant(4),), compiled=True)
def lu_in_place(a):
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    det = 1.0
    for i in range(n):
        det *= a[i, i]
    return math.log(abs(det)) + a[n - 1, 0]


@kernel(lambda d: (d.dominant(3),))
def lu_with_outer_updates(a):
    n = a.shape[0]
    for k in range(n - 1):
        a[k + 1 :, k] = a[k + 1 :, k] / a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return np.sum(a * a) * 0.01


@kernel(lambda d: (d.signed(3, 3) + 0.1 * np.eye(3), d.signed(3)), argnums=(0, 1))
def elimination_with_pivots(a, b):
    n = a.shape[0]
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[p, k]):
                p = i
        if p != k:
            for j in range(n):
                a[k, j], a[p, j] = a[p, j], a[k, j]
            b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            f = a[i, k] / a[k, k]
            for j in range(k, n):
                a[i, j] -= f * a[k, j]
            b[i] -= f * b[k]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            b[i] -= a[i, j] * b[j]
        b[i] /= a[i, i]
    return np.sum(b * b)


@kernel(lambda d: (d.uniform(-0.4, 0.4, 4),))
def durbin(r):
    n = r.shape[0]
    y = np.zeros(n)
    z = np.zeros(n)
    y[0] = -r[0]
    alpha = -r[0]
    beta = 1.0
    for k in range(1, n):
        beta = (1.0 - alpha * alpha) * beta
        s = 0.0
        for i in range(k):
            s += r[k - i - 1] * y[i]
        alpha = -(r[k] + s) / beta
        for i in range(k):
            z[i] = y[i] + alpha * y[k - i - 1]
        for i in range(k):
            y[i] = z[i]
        y[k] = alpha
    return np.sum(y * y)


@kernel(lambda d: (d.signed(3, 3) + 2.0 * np.eye(3),))
def gram_schmidt(a):
    m, n = a.shape
    q = np.zeros((m, n))
    r = np.zeros((n, n))
    for k in range(n):
        norm = 0.0
        for i in range(m):
            norm += a[i, k] * a[i, k]
        r[k, k] = math.sqrt(norm)
        for i in range(m):
            q[i, k] = a[i, k] / r[k, k]
        for j in range(k + 1, n):
            for i in range(m):
                r[k, j] += q[i, k] * a[i, j]
            for i in range(m):
                a[i, j] -= q[i, k] * r[k, j]
    return r[0, 1] * r[1, 2] + r[2, 2] + q[1, 1]


@kernel(lambda d: (d.positive(4), d.positive(4) + 3.0, d.positive(4), d.signed(4)), argnums=(0, 1, 2, 3), compiled=True)
def tridiagonal_solve(lower, diagonal, upper, rhs):
    n = rhs.shape[0]
    c = np.empty(n)
    x = np.empty(n)
    c[0] = upper[0] / diagonal[0]
    x[0] = rhs[0] / diagonal[0]
    for i in range(1, n):
        m = 1.0 / (diagonal[i] - lower[i] * c[i - 1])
        c[i] = upper[i] * m
        x[i] = (rhs[i] - lower[i] * x[i - 1]) * m
    for i in range(n - 2, -1, -1):
        x[i] = x[i] - c[i] * x[i + 1]
    return np.sum(x * x)


@kernel(lambda d: (np.tril(d.signed(4, 4)) + 3.0 * np.eye(4), d.signed(4)), argnums=(0, 1))
def forward_substitution(a, b):
    x = b.copy()
    for i in range(x.shape[0]):
        for j in range(i):
            x[i] -= a[i, j] * x[j]
        x[i] /= a[i, i]
    return np.sum(x * x)


@kernel(lambda d: (d.spd(3), d.signed(3)), argnums=(0, 1))
def conjugate_gradients(a, b):
    x = np.zeros(3)
    r = b.copy()
    p = r.copy()
    rs = np.dot(r, r)
    for _ in range(2):
        ap = a @ p
        alpha = rs / np.dot(p, ap)
        x += alpha * p
        r -= alpha * ap
        new = np.dot(r, r)
        p = r + (new / rs) * p
        rs = new
    return np.dot(x, b) + np.sum(x)


@kernel(lambda d: (d.spd(3), d.positive(3)))
def power_iteration(a, x):
    value = 0.0
    for _ in range(4):
        y = a @ x
        value = math.sqrt(np.sum(y * y))
        x = y / value
    return value


@kernel(lambda d: (d.signed(3, 4), d.signed(4, 2)), argnums=(0, 1))
def matrix_product_by_loops(a, b):
    c = np.zeros((3, 2))
    for i in range(3):
        for j in range(2):
            for k in range(4):
                c[i, j] += a[i, k] * b[k, j]
    return np.sum(c * c)


@kernel(lambda d: (d.dominant(3),), tags=("not-numba",))
def newton_schulz_inverse(a):
    x = a.T / (np.sum(a * a))
    for _ in range(3):
        x = 2.0 * x - x @ a @ x
    return np.sum(x * x) + x[0, 1]


@kernel(lambda d: (d.dominant(4),))
def lu_by_products_of_beginnings(a):
    for i in range(a.shape[0]):
        for j in range(i):
            a[i, j] = (a[i, j] - np.dot(a[i, :j], a[:j, j])) / a[j, j]
        for j in range(i, a.shape[0]):
            a[i, j] -= np.dot(a[i, :i], a[:i, j])
    return np.sum(a * a)


@kernel(lambda d: (d.signed(3, 3), 0.3), argnums=(0, 1))
def rotated_points(x, angle):
    c, s = math.cos(angle), math.sin(angle)
    r = np.array([[c, -s, 0.0], [s, c, 0.0], [0.1, 0.0, 1.0]])
    total = 0.0
    for i in range(x.shape[0]):
        y = r @ x[i]
        r = r @ r.T
        x[i] = y @ r
        total += y[0] * y[1]
    return total + np.sum(x * x)


@kernel(lambda d: (d.signed(4, 4), d.signed(4, 4)), argnums=(0, 1))
def products_of_parts(a, b):
    c = a[1:3, 1:] @ b[1:, ::2] + b[:2, ::-2]
    for j in range(2):
        a[:, j] = a[:, 1:3] @ b[j::2, j] - a[:, 3]
        b[1:, j] += b[0, j] * (a[0, 1:] @ b[1:, 2:] @ c)[j]
    return np.sum(a * a) + np.sum(b) * np.sum(c)
