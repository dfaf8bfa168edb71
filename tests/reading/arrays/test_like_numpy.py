"""Array operations, recorded and evaluated, do what NumPy does."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from tests.reading.arrays.tracing import compare

rng = np.random.default_rng(20)
V = rng.normal(size=6)
W = rng.normal(size=6)
M = rng.normal(size=(4, 6))
N = rng.normal(size=(6, 4))
T = rng.normal(size=(3, 4, 6))
EMPTY = np.zeros(0)
INDEX = np.array([0, 3, -1, 3])


def arith(np, a, b):
    return 2.0 * a + np.sin(b) / (a - 3.0) ** 2


def broadcast(np, a, b):
    return b[:, None] * np.exp(a)[None, :] + a


def stencil(np, m):
    m[1:-1, 1:-1] = 0.25 * (m[:-2, 1:-1] + m[2:, 1:-1] + m[1:-1, :-2] + m[1:-1, 2:])
    return m


def in_place(np, a, b):
    a[1:-1] *= b[1:-1]
    a[::2] += 1.5
    a[0] = a[-1] * 2
    a += b
    a *= 2.0
    return np.sum(a)


def shifted(np, a):
    a[1:] = a[:-1]
    a[:-1] += a[1:]
    return a[::-1] - a


def backwards(np, a, m):
    a[:] = a[::-1]
    m[:] = m[:, ::-1]
    return a[-2:0:-2], m[::-1, 4:1:-1], a[10:], a[-100:3], a[4:2], a[:-7]


def transposes(np, m):
    return m.T @ m, m.T, m.T[1:, ::2], np.transpose(m), m[1:3].T @ m[1:3]


def rows(np, m):
    m[0] = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    m[1] = 0.0
    m[2, :] = m[3]
    m[:, 0] = m[:, 1]
    return np.sum(m, axis=0), m[..., 1], m[1, ...], m[-1][-1]


def views(np, m):
    v = m[1:][:, 1::2]
    v[0, :] = 7.0
    v[1] += v[0]
    w = m.T[2]
    w[:] = w * 2
    return v, w


def reductions(np, m):
    return (
        np.sum(m),
        m.sum(axis=1),
        np.sum(m, axis=0),
        np.sum(m * m, axis=-1),
        np.mean(m),
        np.mean(m, axis=0),
        m.mean(axis=1),
        np.prod(m),
        np.prod(m, axis=0),
        np.min(m),
        m.max(),
        np.max(m, axis=0),
        np.max(m, axis=1),
        np.argmax(m),
        np.argmin(m, axis=0),
        np.var(m),
        np.std(m),
        np.var(m, axis=0),
        np.std(m, axis=1),
        np.any(m > 1),
        np.all(m > -5.0, axis=0),
        np.sum(np.sum(m, axis=1) ** 2),
        np.count_nonzero(m > 0),
    )


def keepdims(np, m):
    return m - np.sum(m, axis=1, keepdims=True), m / np.max(m, axis=0, keepdims=True)


def reductions3(np, t):
    return np.sum(t, axis=1), np.sum(t, axis=(0, 2)), np.max(t, axis=1), np.sum(t), np.mean(t, axis=2)


def products(np, m, n, a):
    return m @ n, m @ a, a @ n, a @ a, np.dot(m, a), np.dot(a, a), np.outer(a, a), np.vdot(a, a), np.linalg.norm(m)


def product_expression(np, m, n, a):
    c = np.keep(np.zeros((4, 4)))
    c += m @ n
    c[:] = np.tanh(m @ n + 1.0)
    d = np.keep(np.zeros((2, 4)))
    d[1] = m @ a
    d[0] += m @ a
    d[:, 1:3] = m[:2] @ n[:, :2]
    return c, d, np.sum(m @ n), (m @ n)[1:, 0], (m @ n).T


def gathers(np, m, i):
    return m[i], m[:, i], m[i, i], m[i, 1], m[1, i], m[i, 1:3], m[i][:, i], m[0][i]


def gathers3(np, t, i):
    return t[0, :, i], t[:, i, 1:3], t[i % 3, i], t[:, :, i], t[i % 3, :, i], t[:, i % 4, i]


def scatters(np, m, a, i):
    a[i] = np.array([1.0, 2.0, 3.0, 4.0])
    np.update(a, i, operator.mul, 2.0)
    np.update(a, i, operator.add, 1.0)
    m[i, 2] = 5.0
    m[1, i] = m[2, i] + 1
    m[i] = m[0] * 3
    return a


def masks(np, m, a):
    b = np.keep(a * 1.0)
    b[b > 0] = 0.5
    np.update(b, b < 0, operator.mul, 3.0)
    m[m < 0] = m[m < 0] * 2
    m[:, a > 1.0] = 4.0
    m[m[:, 0] > 0.0, 0] = m[m[:, 0] > 0.0, 0] + 4.0
    m[:, 1:][m[:, 1:] > 0.3] = -1.0
    return a[a > 0], m[m > 0], b, np.sum(a[a < 0])


def row_masks(np, m, a):
    return m[:, a > 0], np.where(a > 0)[0], np.nonzero(m > 0)[1]


def wheres(np, a, b):
    return np.where(a > 0, a, b), np.where(a > 0, np.sqrt(a), 0.0), np.where(a > b, 1, 2)


def creations(np, a):
    n = len_of(a)
    z = np.keep(np.zeros(n))
    z[1] = 2.0
    return (
        z,
        np.ones((2, 3)),
        np.full(3, 2.5),
        np.full((2, 2), 7),
        np.zeros_like(a),
        np.full_like(a, 2),
        np.arange(5),
        np.arange(2, n),
        np.arange(7, 1, -2),
        np.arange(0.0, 1.0, 0.3),
        np.arange(1.1, 0.0, -0.1),
        np.linspace(0.0, 1.0, 7),
        np.linspace(2.0, 1.0, 1),
        np.eye(3),
        np.identity(2),
        np.eye(2, 3, 1),
        np.array([1.0, 2.0, 3]),
        np.array([[1, 2], [3, 4]]),
        np.array((a, a * 2)),
        np.array([a[0], 2.0]),
        np.zeros(3, np.int64),
        np.ones(2, dtype=np.float32),
        a.copy(),
        a.astype(np.float32),
        np.diag(a),
        np.diag(np.outer(a, a)),
        np.diag(a, 1),
        np.array([1, 2, 3]) * 2.0,
    )


def len_of(a):
    return a.shape[0]


def shapes(np, m, t):
    return (
        m.reshape(6, 4),
        m.reshape((2, -1)),
        m.reshape(-1),
        m[0].reshape(-1, 1),
        m[:, 0].reshape(1, -1),
        m[:, 0].reshape(4, 1),
        m.ravel(),
        m.T.ravel(),
        m.T.flatten(),
        t.transpose(2, 0, 1),
        np.transpose(t, (1, 0, 2)),
        np.swapaxes(t, 0, 2),
        np.moveaxis(t, 0, -1),
        np.expand_dims(m, 1),
        np.expand_dims(m, -1)[..., 0],
        m[None, :, None].squeeze(),
        np.flip(m),
        np.flip(m, 0),
        np.roll(m[0], 2),
        np.roll(m, -1, 1),
        np.tile(m[0], 2),
        np.diff(m[0]),
        np.diff(m),
        np.trace(m),
        np.cumsum(m[0]),
        np.cumsum(m),
        np.cumsum(m, axis=0),
        np.cumprod(m[1]),
        np.broadcast_to(m[0], (3, 6)),
        m.size,
        t[1].reshape(4, 6)[2],
    )


def reshaped_store(np, m):
    f = m.reshape(-1)
    f[3:7] = 9.0
    r = m.ravel()
    r[0] = 1.0
    m[:] = m.reshape(6, 4).reshape(4, 6) * 2
    return f


def joins(np, a, b, m):
    return (
        np.concatenate((a, b)),
        np.concatenate((a * 2, b[1:3])),
        np.concatenate((m, m[:2] + 1)),
        np.concatenate((m, m[:, :2]), axis=1),
        np.stack((a, b)),
        np.stack((a, b), axis=1),
        np.stack((m, m), axis=-1),
        np.vstack((a, b)),
        np.vstack((m, a)),
        np.hstack((a, b)),
        np.hstack((m, m)),
        np.column_stack((a, b)),
        np.append(a, 1.0),
        np.concatenate((a, np.arange(3))),
    )


def roll_in_place(np, a, m):
    a[:] = np.roll(a, 1)
    m[:] = m[0] + m
    m[:, 1:] = m[:, :1] * m[:, 1:]
    m[:4, :4] = m[:4, :4].T
    return a


def booleans(np, a, b):
    return (a > 0) & (b > 0), ~(a > 0), (a > 0) | (b < 0), np.sum(a > 0), np.mean(a > 0), (a > 0) * b


def extremes(np, a, b):
    return np.maximum(a, b), np.minimum(a, 0.1), np.abs(a)


def run_time_slices(np, a, i, j, k):
    return a[i:j], a[j:i], a[i:], a[:j], a[i:j:2], a[::k], a[j::k], a[:i:k], a[i:j:k], a[-j:], a[i] + a[-i - 1]


def zero_d(np, s, a):
    s[()] = s[()] * 2
    return s + a, s + 1.0, a * s[()]


def integer_in_place(np, i):
    i[1:] += 2
    i[0] = 3.7
    return i * 2, i // 2, i % 3, i / 2


def single(np, f, a):
    f[0] += a[0]
    f += 1.0
    f[1:] = a[1:]
    return f * 2.0, f * f, np.sin(f), f + a, np.sum(f), np.mean(f), f**2


def empties(np, e):
    return np.sum(e), e * 2, e[::-1], np.prod(e), np.cumsum(e), np.any(e > 0)


def softmax(np, m):
    z = m - np.max(m, axis=1)[:, None]
    p = np.exp(z)
    return p / np.sum(p, axis=1)[:, None]


def pairwise(np, n):
    d = n[:, None, :] - n[None, :, :]
    return np.sum(d * d, axis=2), np.sum(np.sqrt(np.sum((n[:, None, :] - n[None, :, :]) ** 2, axis=-1) + 1.0))


CASES = [
    (arith, V, W),
    (broadcast, V, W),
    (stencil, M),
    (in_place, V, W),
    (shifted, V),
    (backwards, V, M),
    (transposes, M),
    (rows, M),
    (views, M),
    (reductions, M),
    (keepdims, M),
    (reductions3, T),
    (products, M, N, V),
    (product_expression, M, N, V),
    (gathers, M, INDEX),
    (gathers3, T, INDEX),
    (scatters, M, V, INDEX),
    (masks, M, V),
    (row_masks, M, V),
    (wheres, V, W),
    (creations, V),
    (shapes, M, T),
    (reshaped_store, M),
    (joins, V, W, M),
    (roll_in_place, V, M),
    (booleans, V, W),
    (extremes, V, W),
    *[
        (run_time_slices, V, i, j, k)
        for i in (0, 2, -2, 5)
        for j in (3, -1, 9, -9)
        for k in (1, 2, -1, -2)
        if -7 < i < 6
    ],
    (zero_d, np.array(1.5), V),
    (integer_in_place, INDEX),
    (single, V.astype(np.float32), W),
    (empties, EMPTY),
    (softmax, M),
    (pairwise, N),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0].__name__ for case in CASES])
def test_like_numpy(case):
    kernel, *args = case
    if kernel is single:  # Numba promotes float32 arrays and Python floats to float64, as NumPy 1 did
        compare(kernel, *args, rtol=1e-6, same_dtype=False)
    else:
        compare(kernel, *args, rtol=1e-12)


@pytest.mark.parametrize("kernel", [stencil, rows, views, reductions, transposes, keepdims, softmax, backwards])
@pytest.mark.parametrize("order", ["F", "strided"])
def test_other_layouts(kernel, order):
    m = np.asfortranarray(M) if order == "F" else np.repeat(np.repeat(M, 2, 0), 2, 1)[::2, ::2]
    compare(kernel, *((V, m) if kernel is backwards else (m,)), rtol=1e-12)
