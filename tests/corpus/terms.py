"""Loops of terms: totals and what becomes of them, buffers that every iteration fills, counters."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(4),))
def stores_that_meet_where_two_indices_add_up(x):
    y = np.ones(7)
    for i in range(4):
        for j in range(4):
            y[i + j] = x[i] * x[j]
    return np.sum(y * y)


@kernel(lambda d: (d.signed(5), d.positive(5)), argnums=(0, 1), compiled=True)
def totals_one_after_the_other(x, w):
    mean = 0.0
    for i in range(x.shape[0]):
        mean += x[i]
    mean /= x.shape[0]
    total = w[0]
    for i in range(x.shape[0]):
        total += w[i] * (x[i] - mean) ** 2
        if x[i] > 0.0:
            total -= math.sin(x[i])
    for i in range(x.shape[0]):
        total += w[i] ** 3
    return 2.0 * total / x.shape[0] + w[1]


@kernel(lambda d: (d.uniform(-1.0, 1.0, 3, 4), d.positive(4)), argnums=(0, 1), compiled=True)
def layers_in_buffers_from_outside(m, x):
    hidden = np.empty(3)
    out = np.zeros(4)
    total = 0.0
    for sample in range(4):
        for i in range(3):
            a = 0.0
            for j in range(4):
                a += m[i, j] * x[j] * x[sample]
            hidden[i] = math.tanh(a)
        out[:] = 0.0
        for i in range(3):
            for j in range(4):
                out[j] += hidden[i] * m[i, j]
        hidden[0] *= out[3]
        total += hidden[0] + out[0] * out[1] - hidden[2]
    return total / 4


@kernel(lambda d: (d.uniform(-1.0, 1.0, 3, 4), d.positive(4)), argnums=(0, 1))
def buffers_that_are_filled_in_part(m, x):
    a = np.zeros(4)
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        for j in range(3):
            a[j] = m[i, j] * a[j + 1]
        a[3] += x[i]
        for j in range(4):
            if m[i, j] > 0.0:
                b[j] = m[i, j] * x[j]
        total += a[0] * a[2] + b[1] * b[3]
    return total


@kernel(lambda d: (d.signed(4), d.positive(4)), argnums=(0, 1))
def buffer_below_what_is_recorded(y, x):
    b = np.empty(4)
    state = x[0]
    for i in range(3):
        for j in range(4):
            b[j] = y[j] * state
        total = x[i]
        for j in range(4):
            total += b[j] * 0.5
        for _ in range(2):
            state = math.sin(state) * total
    return state


@kernel(lambda d: (d.signed(4), d.signed(4), 0.7), argnums=(0, 1), compiled=True)
def polynomials_of_a_constant(c, d, t):
    state = 0.9
    for i in range(4):
        total, power = state, 1.0
        for j in range(i, 4):
            total += c[j] * power * d[j]
            power *= t
        d[i] = math.cos(total)
        c, d = d, c
        state = math.sin(state * total)
        t = 0.9 * t
    return state + c[0]


@kernel(lambda d: (d.signed(5),), compiled=True)
def counters_in_both_directions(x):
    z = np.ones(12)
    at, back = 0, -1
    for i in range(4):
        z[at] = x[i] * z[back]
        at += 1
        z[at] = x[i + 1] * z[at - 1]
        at += 2
        back -= 1
    for i in range(3, -1, -1):
        at -= 3
        z[at + 2] *= x[i]
    return np.sum(z * z) + z[at] * z[back]


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1))
def totals_of_a_chosen_array(x, y):
    total = 0.0
    chosen = x if y[0] > y[1] else y
    for i in range(4):
        total += chosen[i] * x[3 - i]
        other = y if chosen[i] > 0.0 else x
        total += other[i] * chosen[0]
    return total


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1))
def total_of_what_is_overwritten_through_a_view(x, y):
    backwards = x[::-1]
    total = 0.0
    for i in range(4):
        total += x[i] * y[i] * backwards[i]
    backwards[1] = x[0] * y[1]
    return total + x[2] * x[1]
