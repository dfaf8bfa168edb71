"""Sums, products, extrema and products of matrices."""

from __future__ import annotations

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(5),))
def sums_in_all_forms(a):
    return np.sum(a) * a.sum() + (a * a).sum() + sum((a[0], a[1] * a[1]))


@kernel(lambda d: (d.signed(3, 4),), compiled=True)
def sum_along_axes(a):
    r = np.sum(a, axis=0)
    c = a.sum(axis=1)
    return np.sum(r * r) + np.sum(c * c * c) + np.sum(a * a, axis=1)[1]


@kernel(lambda d: (d.signed(2, 3, 4),))
def sum_along_a_middle_axis(a):
    b = np.sum(a * a, axis=1)
    return np.sum(b * b)


@kernel(lambda d: (d.signed(3, 4),))
def sum_along_a_negative_axis(a):
    b = np.sum(a, axis=-1)
    return b[0] * b[1] * b[2]


@kernel(lambda d: (d.signed(3, 4),))
def means(a):
    m = np.mean(a)
    return m * a.mean() + np.mean((a - m) ** 2)


@kernel(lambda d: (d.signed(5),), compiled=True)
def products(a):
    return np.prod(a) * a[:3].prod()


@kernel(lambda d: (np.array([1.3, 0.0, -0.4]),))
def product_with_a_zero(a):
    return np.prod(a) + a[0]


@kernel(lambda d: (d.signed(5),))
def extrema(a):
    return np.min(a) * np.max(a) + a.min() * a.max() ** 2


@kernel(lambda d: (d.signed(3, 4),))
def extrema_of_an_expression(a):
    return np.max(a * a) + np.min(np.sin(a)) * np.max(np.abs(a[1]))


@kernel(lambda d: (d.signed(5),))
def cumulative_sum(a):
    c = np.cumsum(a)
    return np.sum(c * c) + (a * a).cumsum()[3]


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1))
def dot_of_vectors(a, b):
    return np.dot(a, b) * (a @ a) + a.dot(b)


@kernel(lambda d: (d.signed(3, 4), d.signed(4), d.signed(3)), argnums=(0, 1, 2), compiled=True)
def matrix_times_vector(a, x, y):
    return np.sum((a @ x) * y) + np.dot(y, a)[1] * np.dot(a, x)[0]


@kernel(lambda d: (d.signed(3, 4), d.signed(4, 2)), argnums=(0, 1), compiled=True)
def matrix_times_matrix(a, b):
    c = a @ b
    return np.sum(c * c) + np.sum(np.dot(b.T, a.T))


@kernel(lambda d: (d.signed(3, 3),))
def matrix_times_itself(a):
    b = a @ a
    c = b @ a.T
    return np.sum(c * b)


@kernel(lambda d: (d.signed(4, 4),))
def product_of_slices(a):
    b = a[:2, ::2] @ a[1:3, 1:3]
    a[0, 0] = b[0, 1]
    return np.sum(b * b) + np.sum(a[0] * a[0])


@kernel(lambda d: (d.signed(3), d.signed(2)), argnums=(0, 1))
def outer_product(a, b):
    c = np.outer(a, b)
    return np.sum(c * c * c)


@kernel(lambda d: (d.signed(3, 4),))
def trace_and_diagonal(a):
    total = 0.0
    for i in range(3):
        total += a[i, i] * np.sum(a[i])
    return total


@kernel(lambda d: (d.signed(6),))
def variance_by_hand(a):
    n = a.size
    m = a.sum() / n
    v = ((a - m) ** 2).sum() / (n - 1)
    return np.sqrt(v) * m


@kernel(lambda d: (d.signed(5),))
def log_sum_exp(a):
    m = np.max(a)
    return m + np.log(np.sum(np.exp(a - m)))


@kernel(lambda d: (d.signed(4), 5))
def product_in_a_loop(a, n):
    x = a
    m = np.outer(a, a) * 0.1
    for _ in range(n):
        x = m @ x + a
    return np.dot(x, x)


@kernel(lambda d: (d.signed(3, 3), d.signed(3)), argnums=(0, 1))
def product_of_overwritten_matrix(a, x):
    y = a @ x
    a[0] = y
    z = a @ y
    a[:, 1] *= 2.0
    return np.sum((a @ z) * x)


@kernel(
    lambda d: (d.signed(3, 4).astype(np.float32), d.signed(4).astype(np.float32)), argnums=(0, 1), tags=("float32",)
)
def single_precision_product(a, x):
    y = a @ x
    return np.sum(y * y)


@kernel(lambda d: (d.signed(3, 4).astype(np.float32), d.signed(3, 4)), argnums=(0, 1), tags=("float32",))
def sums_with_a_dtype(a, b):
    columns = np.sum(a, 0, np.float64) * b.sum(axis=0, dtype=np.float64)
    return np.sum(a * a, dtype=np.float64) * np.dot(columns, columns)


@kernel(lambda d: (d.signed(3, 4),), tags=("not-numba",))
def extremes_by_their_older_names(a):
    return np.amax(a) * np.amin(a) + np.sum(np.amax(a, axis=0) * np.amin(a, axis=0))


@kernel(lambda d: (d.signed(3, 4),), tags=("not-numba",))
def spread_with_a_correction(a):
    return np.var(a, ddof=1) * np.sum(np.std(a, axis=1, ddof=1)) + np.sum(a / np.mean(a * a, axis=1, keepdims=True))


@kernel(lambda d: (d.positive(4),))
def norm_and_normalisation(a):
    n = np.sqrt(np.sum(a * a))
    b = a / n
    return b[0] * b[1] + n
