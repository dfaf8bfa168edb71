"""Integer, slice, gather, scatter and mask indexing."""

from __future__ import annotations

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(5),))
def negative_indices(a):
    a[-1] = a[-2] * a[-5]
    return a[4] * a[-3] + a[-1]


@kernel(lambda d: (d.signed(5), -2))
def negative_index_at_run_time(a, i):
    b = a.copy()
    b[i] = b[i] * b[i - 1]
    return b[3] * b[i] + b[0]


@kernel(lambda d: (d.signed(8),))
def slices_of_all_kinds(a):
    x = np.sum(a[:3] * a[-3:]) + np.sum(a[1:-1:2] ** 2)
    y = np.sum(a[::-1][:2] * a[-2:]) + np.sum(a[6:2:-1] * a[:4])
    return x * y + np.sum(a[-100:100])


@kernel(lambda d: (d.signed(8), 2, -1, 2))
def slice_bounds_at_run_time(a, i, j, k):
    b = a[i:j:k]
    c = a[j:i:-k]
    return np.sum(b * b) + c[0] * c[1] * b.shape[0]


@kernel(lambda d: (d.signed(3, 4),))
def rows_and_columns(a):
    return np.sum(a[1] * a[-1]) + np.sum(a[:, 0] * a[:, -1]) + np.sum(a[0:2, 1:3] * a[1:, ::2])


@kernel(lambda d: (d.signed(5), np.array([3, 0, 3, 1])), compiled=True)
def gather(a, index):
    b = a[index]
    return np.sum(b * b * b) + b[0] * a[0]


@kernel(lambda d: (d.signed(4, 3), np.array([3, 0, 3])))
def gather_rows(a, index):
    b = a[index]
    b[0] *= 2.0
    return np.sum(b * b) + np.sum(a[index, 1] * a[0])


@kernel(lambda d: (d.signed(3, 5), np.array([4, 0, -1])))
def gather_columns(a, index):
    return np.sum(a[:, index] ** 3)


@kernel(lambda d: (d.signed(5), np.array([3, 0, 4])))
def scatter_store(a, index):
    b = a * a
    b[index] = a[:3] * a[1]
    return np.sum(b * b)


@kernel(lambda d: (d.signed(5), np.array([3, 0, 4])))
def scatter_of_a_number(a, index):
    b = a.copy()
    b[index] = a[0] * a[1]
    return np.sum(b * b)


@kernel(lambda d: (d.signed(5), np.array([3, 0, 4])))
def scatter_update(a, index):
    b = a.copy()
    b[index] += a[:3] * a[2]
    b[index] *= 2.0
    return np.sum(b * b)


@kernel(lambda d: (d.signed(6),))
def mask_reads(a):
    positive = a[a > 0.0]
    return np.sum(positive * positive) * positive.shape[0]


@kernel(lambda d: (d.signed(6),), compiled=True)
def mask_stores_a_number(a):
    b = a * 2.0
    b[a < 0.0] = a[0] * a[1]
    return np.sum(b * b)


@kernel(lambda d: (d.signed(6),))
def mask_updates(a):
    b = a.copy()
    mask = a > 0.0
    b[mask] = b[mask] * b[mask]
    b[~mask] *= 3.0
    return np.sum(b * a)


@kernel(lambda d: (d.signed(3, 4),), tags=("not-numba",))
def mask_of_a_matrix(a):
    total = np.sum(a[a > 0.3] ** 2)
    for i in range(3):
        for j in range(4):
            if a[i, j] > 0.3:
                a[i, j] = 0.0
    return total + np.sum(a * a * a)


@kernel(lambda d: (d.signed(5), np.array([True, False, True, True, False])))
def mask_as_an_argument(a, mask):
    return np.sum(a[mask] ** 2) + np.sum(np.where(mask, a, 2.0 * a))


@kernel(lambda d: (d.signed(6), np.array([[0, 3], [2, 2], [5, 1]])))
def index_pairs(a, pairs):
    total = 0.0
    for k in range(pairs.shape[0]):
        i, j = pairs[k, 0], pairs[k, 1]
        total += (a[i] - a[j]) ** 2 * a[i]
    return total


@kernel(lambda d: (d.positive(4), np.array([0, 2, 3, 5, 6]), np.array([0, 2, 1, 3, 0, 3]), d.signed(6)), argnums=(0, 3))
def sparse_rows_times_vector(x, starts, columns, values):
    total = 0.0
    for row in range(starts.shape[0] - 1):
        y = 0.0
        for k in range(starts[row], starts[row + 1]):
            y += values[k] * x[columns[k]]
        total += y * y
    return total


@kernel(lambda d: (d.signed(5), np.array([1, 3], dtype=np.int32)))
def small_integers_as_indices(a, index):
    i = index[0]
    return a[i] * a[index[1]] + a[i + 1] ** 2


@kernel(lambda d: (d.signed(4, 4),))
def index_by_a_tuple(a):
    at = (1, 2)
    a[at] = a[at] * a[0, 0]
    return a[at] * a[2, at[0]]


@kernel(lambda d: (d.signed(5),))
def index_from_argmax(a):
    i = np.argmax(a)
    j = np.argmin(a)
    return a[i] * a[i] * a[j]


@kernel(lambda d: (d.signed(5),))
def index_from_a_sort(a):
    order = np.argsort(a)
    total = 0.0
    for i in range(5):
        total += a[order[i]] ** 2 * i
    return total


@kernel(lambda d: (3.4, d.signed(6)), argnums=(0, 1))
def interpolation_in_a_table(x, table):
    i = int(x)
    t = x - i
    return (1.0 - t) * table[i] + t * table[i + 1] * t


@kernel(lambda d: (d.signed(4), np.array([2, 3, 0, 1])))
def scatter_of_the_array_itself(a, order):
    b = a.copy()
    b[order] = 0.7 * b * b
    return np.sum(b * np.arange(4))
