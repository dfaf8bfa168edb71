"""Kernels that break tools: references, overwrites, aliases and carried state together."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(5), 4), compiled=True)
def swapped_references(a, steps):
    b = np.zeros_like(a)
    for _ in range(steps):
        for i in range(1, 4):
            b[i] = a[i] + 0.1 * (a[i - 1] * a[i + 1] - a[i] * a[i])
        a, b = b, a
    return np.sum(a * a)


@kernel(lambda d: (d.signed(4), 3))
def references_rotate_three_ways(a, steps):
    b = a * 2.0
    c = a + 1.0
    for _ in range(steps):
        for i in range(4):
            c[i] = a[i] * b[i] * 0.5
        a, b, c = b, c, a
    return np.sum(a * b * 0.1 + c)


@kernel(lambda d: (d.signed(4), 5))
def swapped_on_a_condition(a, steps):
    b = a * a
    for k in range(steps):
        b[k % 4] += a[0] * 0.3
        if k % 3 == 1:
            a, b = b, a
    return np.sum(a * a) + b[0]


@kernel(lambda d: (d.signed(4), 0.1), argnums=(0, 1), compiled=True)
def rebound_to_fresh_arrays(u, dt):
    for _ in range(4):
        u = u + dt * np.sin(u) * u
    return np.sum(u * u)


@kernel(lambda d: (d.signed(4),))
def rebound_with_the_old_kept(u):
    before = u
    for _ in range(3):
        new = u * 0.9 + 0.1 * before * u
        before = u
        u = new
    return np.sum(u * before)


@kernel(lambda d: (d.signed(4),))
def array_and_number_carried(u):
    energy = 0.0
    for k in range(4):
        u = u * (1.0 - 0.1 * energy)
        energy = energy * 0.5 + np.sum(u * u)
        u[k] = energy
    return energy * u[0]


@kernel(lambda d: (d.signed(4), 0.4), argnums=(0, 1))
def array_grows_in_a_while(u, x):
    n = 0
    while np.sum(u * u) < 40.0 and n < 20:
        u = u + x * u * u[0] ** 2 + x
        u[n % 4] *= 1.0 + x
        n += 1
    return np.sum(u) * n


@kernel(lambda d: (d.signed(4),))
def aliased_then_rebound(a):
    b = a
    a = a * 2.0
    b[0] = a[1] * b[2]
    a[2] = b[0]
    return np.sum(a * b)


@kernel(lambda d: (d.signed(3, 4),))
def row_view_survives_a_swap(a):
    b = a * 2.0
    row = a[1]
    for _ in range(3):
        a, b = b, a
        row[0] = row[1] * b[1, 2] + row[0]
        a[0, 0] += row[0]
    return np.sum(a * b) + row[0]


@kernel(lambda d: (d.signed(4),))
def load_used_after_two_overwrites(a):
    x = a[0]
    a[0] = x * a[1]
    y = a[0]
    a[0] = y * a[2]
    z = a[0]
    a[0] = 1.0
    return x * y * z * a[0]


@kernel(lambda d: (d.signed(3),))
def index_overwritten_after_use(a):
    index = np.array([0, 1, 2])
    total = 0.0
    for i in range(3):
        k = index[i]
        total += a[k] * a[k] * (i + 1)
        index[i] = 0
        if i < 2:
            index[i + 1] = (k + 2) % 3
    return total * a[index[0]]


@kernel(lambda d: (d.signed(5),))
def condition_data_overwritten(a):
    total = 1.0
    for i in range(5):
        if a[i] > 0.0:
            total *= a[i]
            a[i] = -a[i]
        else:
            a[i] = a[i] * total
            total += a[i]
    return total + np.sum(a)


@kernel(lambda d: (d.signed(4), 3))
def bound_changes_in_the_loop(a, n):
    total = 0.0
    for i in range(n):
        m = n - i
        for j in range(m):
            total += a[j] * a[i] * total * 0.1 + a[j]
        n = m
    return total * n


@kernel(lambda d: (d.signed(4),))
def loop_index_shadowed(a):
    total = 0.0
    for i in range(4):
        i = (i + 1) % 4  # noqa: PLW2901
        total += a[i] * (i + 1) * a[0]
    return total


@kernel(lambda d: (d.signed(4),))
def temporaries_of_different_sizes(a):
    total = 0.0
    for i in range(1, 4):
        t = np.zeros(i)
        for j in range(i):
            t[j] = a[j] * a[i]
        s = t[0] if i == 1 else t[0] * t[i - 1]
        w = np.ones((i, 2)) * s
        total += np.sum(t * w[:, 1])
    return total


@kernel(lambda d: (d.signed(3),))
def allocation_in_a_branch(a):
    total = 0.0
    for i in range(3):
        if a[i] > 0.0:
            t = np.zeros(2)
            t[0] = a[i] * a[i]
            t[1] = t[0] * a[0]
            total += t[0] * t[1]
        else:
            t = np.ones(2)
            total += t[1] * a[i] + t[0]
    return total


@kernel(lambda d: (d.signed(4),))
def history_kept_in_a_matrix(a):
    history = np.zeros((5, 4))
    history[0] = a
    for k in range(4):
        for i in range(4):
            history[k + 1, i] = history[k, i] * 0.5 + history[k, (i + 1) % 4] ** 2
    return np.sum(history * history)


@kernel(lambda d: (d.signed(4), np.array([2, 0, 3, 1])))
def permuted_through_a_temporary(a, order):
    for _ in range(2):
        t = a[order]
        for i in range(4):
            a[i] = t[i] * a[i]
    return np.sum(a * np.arange(4))


@kernel(lambda d: (d.signed(4),))
def break_leaves_stores_done(a):
    for i in range(4):
        a[i] = a[i] * a[(i + 1) % 4]
        if a[i] < -0.2:
            a[0] = a[i] * a[0]
            break
        a[3] += a[i]
    return np.sum(a * a)


@kernel(lambda d: (d.signed(3, 3),))
def matrix_and_its_transpose_updated(a):
    t = a.T
    for i in range(3):
        for j in range(i):
            a[i, j] = a[i, j] * t[i, j]
            t[i, j] += a[i, i]
    return np.sum(a * t)


@kernel(lambda d: (0.8, 1.1), argnums=(0, 1))
def zero_times_infinity_stays_out(x, y):
    r = x * 0.0
    if r > 0.0:
        z = math.sqrt(r) * y
    else:
        z = y * x
    return z


@kernel(lambda d: (d.positive(3),))
def square_root_at_zero_not_taken(a):
    total = 0.0
    for i in range(3):
        for j in range(3):
            r2 = (a[i] - a[j]) ** 2
            if r2 > 0.0:
                total += math.sqrt(r2) * a[i]
    return total


@kernel(lambda d: (d.signed(4),))
def same_array_twice_in_a_call(a):
    def mix(u, v):
        for i in range(3):
            u[i] = u[i] * v[i + 1]
        return u[0] * v[0]

    return mix(a, a) + np.sum(a)


@kernel(lambda d: (d.signed(5),))
def two_views_of_one_array_in_a_call(a):
    def mix(u, v):
        for i in range(u.shape[0]):
            u[i] = u[i] * v[i]
            v[i] += u[i]

    mix(a[:3], a[1:4])
    mix(a[1:4], a[2:5])
    return np.sum(a * a)


@kernel(lambda d: (1.2,))
def carried_value_unused_in_the_end(x):
    a, b, c = x, x, x
    for _ in range(3):
        a = a * b
        c = c * a
        b = b + 1.0
    return a


@kernel(lambda d: (d.signed(6),))
def stack_in_an_array(a):
    stack = np.zeros(6)
    top = 0
    total = 0.0
    for i in range(6):
        stack[top] = a[i] * a[i]
        top += 1
        if i % 3 == 2:
            while top > 0:
                top -= 1
                total = total * 0.5 + stack[top] * a[i]
    return total


@kernel(lambda d: (d.signed(4, 4),))
def swapped_rows(a):
    for k in range(2):
        for j in range(4):
            t = a[k, j]
            a[k, j] = a[3 - k, j] * t
            a[3 - k, j] = t
    return np.sum(a[0] * a[3]) + a[1, 1]


@kernel(lambda d: (d.signed(3), 6))
def ring_buffer(a, n):
    ring = np.zeros(3)
    for i in range(3):
        ring[i] = a[i]
    for k in range(n):
        ring[k % 3] = math.sin(ring[(k + 1) % 3] * ring[(k + 2) % 3]) + ring[k % 3] * 0.5
    return ring[0] + 2.0 * ring[1] * ring[2]


@kernel(lambda d: (d.signed(4), 2.3), argnums=(0, 1))
def while_with_an_array_and_a_break(a, limit):
    k = 0
    s = 0.0
    while True:
        a[k % 4] = a[k % 4] * 0.5 + s * 0.1
        s += a[k % 4] ** 2 + 0.3
        k += 1
        if s > limit:
            break
        if k % 2 == 0:
            continue
        s = s * 1.05
    return s * a[0] * k


@kernel(lambda d: (d.signed(4),))
def reduction_of_an_array_being_overwritten(a):
    for i in range(4):
        a[i] = np.sum(a * a) * 0.3
    return np.sum(a)


@kernel(lambda d: (d.signed(6),), compiled=True)
def stencil_scaled_in_the_same_iteration(a):
    b = np.zeros(6)
    for i in range(1, 5):
        b[i] = a[i - 1] + 2.0 * a[i + 1]
        b[i] = b[i] * 3.0
    return np.sum(b * b)


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1))
def fixed_element_read_beside_a_chosen_array(a, b):
    for i in range(4):
        p = a if i % 2 == 0 else b
        p[i] = p[i] * 2.0 + a[0]
    return np.sum(a * b)


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1), compiled=True)
def sums_into_one_element_undone(a, b):
    c = a * a
    for i in range(4):
        a[0] += b[i]
    return np.sum(a * c)


@kernel(lambda d: (0.8, 0.3, d.signed(4)), argnums=(0, 1, 2))
def array_above_records(x, y, m):
    if x < 0.3:
        y = math.tanh(y)
    else:
        x = math.sin(x)
        y = math.cos(x)
    v = np.zeros(4)
    return np.sum(v * m) + x * y
