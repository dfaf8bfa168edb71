"""NumPy functions that jitad defines by kernels: orders, sets, NaNs, selections, norms, and what they leave out."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(7), d.signed(3, 4)), argnums=(0, 1))
def sorted_arrays(a, m):
    weights = np.arange(7.0)
    rows = np.sort(m, axis=0)
    a.sort()
    return np.sum(np.sort(a * a) * weights) + a[0] * a[3] + np.sum(rows[1] * np.sort(m[0]))


@kernel(lambda d: (d.signed(6), 0.37), argnums=(0, 1), compiled=True)
def quantiles(a, q):
    return np.quantile(a, q) * np.median(a) + np.percentile(a * a, 20.0) + np.sum(np.quantile(a, np.array([0.2, q])))


@kernel(lambda d: (d.signed(5),))
def numbers_among_nans(a):
    b = np.where(a > 1.0, np.nan, a)
    return np.nansum(b) * np.nanmean(b) + np.nanstd(b) + np.nanmax(b) * np.nanmin(b) + np.nanmedian(b)


@kernel(lambda d: (d.signed(5), d.signed(4)), argnums=(0, 1))
def sets_of_numbers(a, b):
    u = np.union1d(a, 1.1 * b)
    return np.sum(u * np.arange(u.shape[0])) + np.sum(np.unique(b) ** 3)


@kernel(lambda d: (d.signed(6), d.signed(6)), argnums=(0, 1))
def chosen_elements(a, b):
    c = np.select([a > 0.5, a > -0.5], [a * b, np.exp(a)], 2.0)
    d = np.insert(np.delete(c, [1, 4]), 2, b[0])
    return np.sum(d * d) + np.sum(np.extract(b > 0, b)) * np.take(c, np.array([5, 0, 5]))[2]


@kernel(lambda d: (d.signed(4, 3),))
def triangles_and_turns(m):
    s = m[:3].copy()
    np.fill_diagonal(s, m[3])
    return np.sum(np.tril(m) * np.triu(m) ** 2) + np.sum(np.rot90(m)[0] * m[:, 0]) + s[1, 1] * s[0, 1]


@kernel(lambda d: (d.signed(7),))
def parts_of_an_array(a):
    first, second, third = np.array_split(a, 3)
    left, right = np.split(a[:6], 2)
    second[0] = first[1] * third[0]
    return np.sum(left * right) + np.sum(first) * second[0] ** 2


@kernel(lambda d: (d.positive(3), d.signed(3)), argnums=(0, 1))
def products_of_arrays(a, b):
    return np.sum(np.kron(a, b) ** 2 * np.kron(b, a)) + np.dot(np.cross(a, b), a * a)


@kernel(lambda d: (d.signed(3, 4),))
def norms_of_all_kinds(m):
    rows = np.linalg.norm(m, axis=1)
    return np.linalg.norm(m, np.inf) * np.linalg.norm(m[0], 1) + np.sum(rows**3) + np.linalg.norm(m[1], 3.5)


@kernel(lambda d: (d.signed(5), d.signed(5)), argnums=(0, 1))
def covariances(a, b):
    c = np.cov(a, b)
    return c[0, 1] * np.corrcoef(a, b)[1, 0] + np.average(a * b, weights=b * b) + np.trapezoid(a, b)


@kernel(lambda d: (np.sort(d.signed(6)), d.signed(6), 0.31), argnums=(0, 1, 2))
def interpolated_by_hand(xs, ys, x):
    i = min(max(np.searchsorted(xs, x), 1), xs.shape[0] - 1)
    t = (x - xs[i - 1]) / (xs[i] - xs[i - 1])
    return (1.0 - t) * ys[i - 1] + t * ys[i] ** 2


@kernel(lambda d: (d.signed(8),))
def weighted_counts(w):
    sums = np.bincount(np.array([2, 0, 2, 1, 1, 2, 4, 0]), w)
    counts, edges = np.histogram(w, 4)
    return np.sum(sums**3) + edges[1] * edges[4] + counts[0] * w[0]


@kernel(lambda d: (d.signed(3, 4),))
def over_all_indices(m):
    total = 0.0
    for i, j in np.ndindex(m.shape):
        total += m[i, j] * m[i, (j + 1) % 4] * (i + 1)
    for index, x in np.ndenumerate(m):
        total += x * x * index[1]
    for x in m.flat:
        total += x**3
    return total


@kernel(lambda d: (d.signed(5),))
def root_beside_its_pole(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = math.sqrt(abs(x[i]) - x[i])
        total += r * x[i] if x[i] < 0.0 else x[i] ** 2
    return total
