"""Views and their aliasing."""

from __future__ import annotations

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(3, 4),), compiled=True)
def view_of_a_view_written(a):
    b = a[1:]
    c = b[:, ::2]
    c[0, 1] = c[1, 0] * c[0, 0]
    b[1, 2] *= a[0, 0]
    return np.sum(a * a)


@kernel(lambda d: (d.signed(3, 4),))
def row_written_in_a_loop(a):
    total = 0.0
    for i in range(1, 3):
        row = a[i]
        above = a[i - 1]
        for j in range(4):
            row[j] = row[j] * above[j]
        total += row[0] * above[1]
    return total + np.sum(a)


@kernel(lambda d: (d.signed(3, 4),))
def rows_updated_whole(a):
    for i in range(1, 3):
        a[i] += a[i - 1] * a[0, 0]
        a[i, 1:] *= a[i, :-1].copy()
    return np.sum(a * a)


@kernel(lambda d: (d.signed(3, 4),))
def columns(a):
    for j in range(1, 4):
        a[:, j] = a[:, j] * a[:, j - 1]
    c = a[:, 2]
    c[0] = c[1] * c[2]
    return np.sum(a[:, 3]) + a[0, 2]


@kernel(lambda d: (d.signed(3, 3),))
def transpose_shares_memory(a):
    t = a.T
    t[0, 1] = a[0, 1] * a[2, 2]
    a[0, 2] *= t[1, 0]
    return np.sum(t * a)


@kernel(lambda d: (d.signed(2, 6),))
def reshape_shares_memory(a):
    b = a.reshape(3, 4)
    b[1, 1] = b[0, 0] * a[1, 5]
    c = b.ravel()
    c[2] = c[3] * a[0, 5]
    return np.sum(a * a)


@kernel(lambda d: (d.signed(2, 6),))
def reshape_with_a_free_axis(a):
    b = a.reshape((4, -1))
    b[:, 1] *= b[:, 0]
    return np.sum(b[:, 1]) + np.sum(a.reshape(-1) ** 2)


@kernel(lambda d: (d.signed(8),))
def interleaved_views(a):
    even = a[::2]
    odd = a[1::2]
    for i in range(4):
        even[i] = even[i] * odd[i]
        odd[i] = odd[i] + even[i] * a[0]
    return np.sum(even * odd) + a[3]


@kernel(lambda d: (d.signed(7),))
def reversed_view_written(a):
    r = a[::-1]
    for i in range(4):
        r[i] = r[i] * a[i]
    return np.sum(a * a)


@kernel(lambda d: (d.signed(9),))
def slice_of_a_reversed_slice(a):
    b = a[7:0:-2]
    c = b[1:3]
    c[0] = c[1] * b[0]
    b[3] *= c[0]
    return np.sum(a * a * a)


@kernel(lambda d: (d.signed(3, 4),))
def newaxis_views(a):
    row = a[0][np.newaxis, :]
    col = a[:, 1][:, np.newaxis]
    b = row * col
    row[0, 2] = 3.0 * a[1, 1]
    return np.sum(b) + np.sum(a * a)


@kernel(lambda d: (d.signed(2, 3, 4),))
def ellipsis_views(a):
    last = a[..., 3]
    first = a[0, ...]
    last[0, 1] = first[2, 2] * last[1, 1]
    return np.sum(a[..., 1:, 0] * a[..., :2, 2]) + np.sum(last)


@kernel(lambda d: (d.signed(2, 3, 4),))
def planes_and_rows(a):
    total = 0.0
    for i in range(2):
        plane = a[i]
        for j in range(3):
            row = plane[j]
            row[0] = row[1] * row[2]
            total += row[0] * plane[0, 3]
    return total


@kernel(lambda d: (d.signed(6), 2))
def window_moves_with_the_loop(a, width):
    total = 0.0
    for i in range(a.shape[0] - width + 1):
        window = a[i : i + width]
        total += window[0] * window[1]
        window[1] = window[1] * 0.5 + window[0]
    return total


@kernel(lambda d: (d.signed(5),))
def view_kept_over_stores(a):
    v = a[1:4]
    x = v[0] * v[1]
    a[1] = x
    y = v[0] * v[2]
    v[2] = y
    return x + y + a[3] * a[1]


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1))
def view_chosen_by_a_branch(a, b):
    v = a
    if a[0] < 5.0:
        v = b
    v[0] = v[1] * a[0]
    return np.sum(a * b) * v[0]


@kernel(lambda d: (np.asfortranarray(d.signed(3, 4)),), compiled=True)
def fortran_order(a):
    for i in range(3):
        a[i, 1] *= a[i, 0]
    return np.sum(a * a)


@kernel(lambda d: (d.signed(6, 4)[::2, 1:],))
def strided_argument(a):
    for i in range(1, 3):
        a[i, 0] = a[i, 1] * a[i - 1, 2]
    return np.sum(a * a)


@kernel(lambda d: (d.signed(6)[::-1],))
def reversed_argument(a):
    total = 0.0
    for i in range(6):
        total = total * 0.5 + a[i] * a[5 - i]
    return total


@kernel(lambda d: (d.signed(3, 4).T,))
def transposed_argument(a):
    return np.sum(a[1:] * a[:-1])


@kernel(lambda d: (np.array(1.3),))
def zero_dimensional_argument(a):
    return a[()] * a[()]


@kernel(lambda d: (np.zeros(0), 1.4), argnums=(0, 1))
def empty_argument(a, x):
    total = x * x
    for i in range(a.shape[0]):
        total += a[i]
    return total + np.sum(a * x)


@kernel(lambda d: (np.zeros((0, 3)), 1.4), argnums=(0, 1))
def empty_matrix(a, x):
    b = a * x
    return np.sum(b) + x * a.shape[1]


@kernel(lambda d: (d.signed(4),))
def empty_slices(a):
    return np.sum(a[4:]) + np.sum(a[2:1] * 3.0) + np.sum(a[10:]) + a[0] * a[1]


@kernel(lambda d: (np.asfortranarray(d.signed(3, 4)), d.signed(3, 4)), argnums=(0, 1))
def orders_mixed(a, b):
    c = a * b
    c[0] = a[1] * b[2]
    return np.sum(c * a)


@kernel(lambda d: (d.signed(3, 3),), compiled=True)
def column_name_rebound_in_a_loop(a):
    v = a[:, 0]
    total = 0.0
    for j in range(a.shape[1]):
        total += v[0] * v[1]
        v = a[:, j]
        v[0] = v[1] * v[2]
    return total + np.sum(v * v)


@kernel(lambda d: (d.signed(3, 3), 0.5), compiled=True, tags=("not-numba",))
def either_an_array_or_its_transpose(a, c):
    b = a
    if c > 0.0:
        b = a.T
    b[0, 1] = b[1, 0] * b[2, 1]
    return np.sum(b[0] * b[1]) + b[0, 1]


@kernel(lambda d: (np.asfortranarray(d.signed(3, 3)), 3), compiled=True, tags=("not-numba",))
def turned_around_in_a_loop(a, n):
    u = a
    for _ in range(n):
        u = u.T * 1.5
        u = u[::-1]
    return np.sum(u[0] * u[0] * u[1])


@kernel(lambda d: (d.signed(6), 4), tags=("vjp",))
def turned_around_shortened_and_written(x, n):
    for k in range(n):
        x = x[::-1]
        x[1:] += x[:-1] * x[0] * 0.1
        if k == 1:
            x = x[1:]
    return x * x


@kernel(lambda d: (d.signed(6),), tags=("vjp",))
def window_carried_by_a_while_loop(x):
    total = np.zeros(2)
    window = x[:2]
    i = 0
    while i < 3:
        window = x[i : i + 2]
        window[1] = window[0] * window[1]
        total += window * x[5]
        i += 1
    return total, window


@kernel(lambda d: (d.signed(6), 0.0), tags=("vjp", "not-numba"))
def parts_chosen_in_a_loop(x, c):
    y = x[::2] if x[0] > c else x[1::2]
    y[0] = y[1] * y[2]
    for i in range(3):
        z = y if x[i] > 0.0 else x[3:]
        z[0] *= z[1]
    return x, y
