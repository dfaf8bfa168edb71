"""Stores and in-place updates, of arguments and of fresh arrays."""

from __future__ import annotations

import math

import numpy as np

import jitad
from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(4),), compiled=True)
def update_needs_the_old_value(a):
    b = a.copy()
    for i in range(b.shape[0]):
        b[i] = b[i] * b[i]
    return b[0] * b[1] + b[2] * b[3]


@kernel(lambda d: (d.signed(4),))
def argument_updated(a):
    for i in range(a.shape[0]):
        a[i] = math.sin(a[i]) * a[0]
    return np.sum(a)


@kernel(lambda d: (d.signed(4), 0.3), argnums=(0, 1))
def argument_overwritten_with_a_constant(a, x):
    y = a[1] * a[2]
    a[1] = x
    a[2] = 0.0
    return y * a[1] * a[0] + a[2]


@kernel(lambda d: (d.signed(4),), compiled=True)
def load_clobbered_before_its_use(a):
    total = 0.0
    for i in range(4):
        x = a[i]
        a[i] = 0.0
        y = x * x * x
        total += y
    return total + a[0]


@kernel(lambda d: (d.signed(5),))
def overwritten_after_a_nonlinear_read(a):
    s = 0.0
    for i in range(1, 5):
        s += a[i - 1] * a[i] * a[i]
        a[i - 1] = s
        a[i] = a[i] + a[i - 1] * 0.3
    return s * a[4]


@kernel(lambda d: (d.signed(5),))
def recurrence_through_memory(a):
    for i in range(2, 5):
        a[i] = a[i - 1] * a[i - 2] + a[i]
    return a[4] * a[3]


@kernel(lambda d: (d.signed(5),))
def prefix_products_in_place(a):
    for i in range(1, 5):
        a[i] *= a[i - 1]
    return np.sum(a)


@kernel(lambda d: (d.signed(5),))
def all_augmented_stores(a):
    b = np.ones(5)
    for i in range(5):
        b[i] += a[i]
        b[i] *= a[i]
        b[i] -= a[0]
        b[i] /= a[i] ** 2 + 1.0
        b[i] **= 3
    return np.sum(b)


@kernel(lambda d: (d.signed(4),), compiled=True)
def scratch_reused(a):
    scratch = np.zeros(3)
    total = 0.0
    for i in range(4):
        for j in range(3):
            scratch[j] = a[i] * (j + 1.0)
        scratch[1] = scratch[0] * scratch[2]
        total += scratch[1] * scratch[0]
    return total


@kernel(lambda d: (d.signed(4),))
def scratch_partly_overwritten(a):
    scratch = np.ones(4)
    total = 1.0
    for i in range(4):
        scratch[i] = a[i] * scratch[(i + 1) % 4]
        scratch[0] += total * a[i]
        total = total * 0.5 + scratch[0] * scratch[i]
    return total


@kernel(lambda d: (d.signed(3),))
def scratch_allocated_in_a_nested_loop(a):
    total = 0.0
    for i in range(2):
        outer = np.zeros(3)
        for j in range(3):
            inner = np.empty(2)
            inner[0] = a[j] * (i + 1)
            inner[1] = inner[0] * a[i]
            outer[j] = inner[0] * inner[1]
        total += outer[0] * outer[1] * outer[2]
    return total


@kernel(lambda d: (d.signed(5), np.array([0, 2, 2, 4, 0, 2])), compiled=True)
def scatter_with_repeats(a, index):
    b = np.zeros(5)
    for k in range(index.shape[0]):
        b[index[k]] += a[k % 5] * a[index[k]]
    return np.sum(b * b * b)


@kernel(lambda d: (d.signed(5), np.array([0, 2, 2, 4, 0, 2])))
def scatter_overwrites(a, index):
    b = np.zeros(5)
    total = 0.0
    for k in range(index.shape[0]):
        total += b[index[k]] * a[0]
        b[index[k]] = a[k % 5] * (k + 1)
    return np.sum(b * a) + total


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1))
def two_arguments_updated(a, b):
    for i in range(4):
        a[i] = a[i] * b[i]
        b[i] = b[i] + a[i] * a[0]
    return np.sum(a) * np.sum(b)


@kernel(lambda d: (d.signed(4),))
def stores_through_two_names(a):
    b = a
    b[0] = a[1] * a[2]
    a[1] = b[0] * b[1]
    b[2] *= a[1]
    return a[0] * b[1] + a[2] * b[2]


@kernel(lambda d: (d.signed(3, 4),))
def matrix_elements(a):
    for i in range(1, 3):
        for j in range(1, 4):
            a[i, j] = a[i - 1, j] * a[i, j - 1] + a[i, j]
    return a[2, 3] * a[1, 1]


@kernel(lambda d: (d.signed(3, 4),))
def matrix_elements_by_two_brackets(a):
    b = np.zeros((3, 4))
    for i in range(3):
        for j in range(4):
            b[i][j] = a[i][j] * a[i][0]
    b[1][2] += b[0][0]
    return b[1][2] * b[2][3]


@kernel(lambda d: (d.signed(5),))
def slices_updated(a):
    a[1:] *= a[:-1].copy()
    a[::2] += 2.0 * a[0]
    a[-2:] = a[:2] * a[2]
    return np.sum(a * a)


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1))
def whole_arrays_updated(a, b):
    c = a * 1.0
    c += b
    c *= a
    c -= 2.0
    c /= 3.0
    c[:] = c * c
    return np.sum(c * b)


@kernel(lambda d: (d.signed(6),))
def overlapping_shift_forwards(a):
    a[1:] = a[:-1] * 2.0
    return np.sum(a * a * np.arange(6))


@kernel(lambda d: (d.signed(6),))
def overlapping_shift_backwards(a):
    a[:-1] = a[1:] * a[:-1]
    return np.sum(a * a)


@kernel(lambda d: (d.signed(6),))
def reversed_in_place(a):
    a[:] = a[::-1] * a
    a[0:3] = a[5:2:-1]
    return a[0] * a[1] + a[2] * a[5]


@kernel(lambda d: (d.signed(4),))
def elements_swapped(a):
    for i in range(2):
        a[i], a[3 - i] = a[3 - i] * a[i], a[i]
    return a[0] * a[1] + 3.0 * a[2] - a[3] * a[3]


@kernel(lambda d: (d.signed(6),))
def swapped_when_out_of_order(a):
    for i in range(6):
        for j in range(5):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    total = 0.0
    for i in range(6):
        total += a[i] ** 2 * i
    return total


@kernel(lambda d: (d.signed(4).astype(np.float32),), tags=("float32",))
def single_precision_array(a):
    for i in range(1, 4):
        a[i] = a[i] * a[i - 1] + np.float32(0.5)
    return a[3]


@kernel(lambda d: (d.signed(4).astype(np.float32), d.signed(4)), argnums=(0, 1), tags=("float32",))
def stored_in_single_precision(a, b):
    for i in range(4):
        a[i] = a[i] * b[i]
        b[i] += a[i] * a[i]
    return np.sum(b) * a[0]


@kernel(lambda d: (d.signed(4),), tags=("vjp",))
def argument_updated_and_returned(a):
    for i in range(4):
        a[i] = a[i] ** 2
    return a


@kernel(lambda d: (d.signed(4),), tags=("vjp",))
def fresh_array_returned(a):
    b = np.zeros(4)
    for i in range(4):
        b[i] = a[i] * a[3 - i]
    return b


@kernel(lambda d: (0.7, 3))
def counted_in_an_integer_array(x, n):
    counts = np.zeros(4, dtype=np.int64)
    y = x
    for i in range(n * 3):
        counts[i % 4] += 1
        y = y * x + counts[i % 4] * x
    return y * counts[0]


@kernel(lambda d: (d.signed(5),))
def flags_in_a_boolean_array(a):
    seen = np.zeros(5, dtype=np.bool_)
    total = 0.0
    for i in range(10):
        k = (i * i) % 5
        if not seen[k]:
            total += a[k] * a[k]
            seen[k] = True
        else:
            total *= 1.1
    return total


@kernel(lambda d: (d.signed(4),), tags=("not-numba",))
def store_beside_a_stopped_array(a):
    b = jitad.stop_gradient(a)
    b[0] = 5.0
    return np.sum(a * a) + b[0]


@kernel(lambda d: (d.signed(4), d.positive(4)), argnums=(0, 1))
def overwritten_after_a_rule_with_a_branch(a, b):
    a = a.copy()
    sizes = np.zeros(4)
    for i in range(4):
        sizes[i] = np.hypot(a[i], 2.0)
    for i in range(4):
        a[i] = b[i]
    return np.sum(sizes * a)


@kernel(lambda d: (d.positive(4, 4),), compiled=True)
def shortest_paths_in_place(lengths):
    path = lengths.copy()
    for k in range(path.shape[0]):
        path[:, :] = np.minimum(path, path[:, k][:, None] + 0.3 * path[k])
    return np.sum(path * path)


@kernel(lambda d: (d.dominant(4),))
def eliminated_by_rows(a):
    for k in range(3):
        a[k + 1 :] -= a[k + 1 :, k][:, None] * a[k] / a[k, k]
    return np.sum(a * a)


@kernel(lambda d: (d.signed(3, 4), d.signed(3, 4)), argnums=(0, 1), compiled=True)
def temporaries_in_one_loop(a, b):
    t = np.sin(a) * b
    c = b * b
    t += c
    b[:, :] = t * b
    u = t * b + c
    return np.sum(u * t) + u[1, 2]


@kernel(lambda d: (d.signed(4, 3),))
def rows_of_temporaries(a):
    for k in range(1, a.shape[0]):
        near = a[k] * a[k - 1]
        a[k] = near * near + a[k]
        near *= 2.0
        a[k - 1] += near
    return np.sum(a * a)


@kernel(lambda d: (d.signed(6),))
def largest_of_sums_decides(a):
    total = np.sum(a * a)
    if np.dot(a, a) > 0.5 * total:
        total = total * np.max(a)
    return total + max(a[0], a[1]) * min(a[2], a[3])
