"""Loops: ranges, arrays, enumerate, zip, while; what they carry."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (1.1, 4), compiled=True)
def power_by_a_loop(x, n):
    y = 1.0
    for _ in range(n):
        y *= x
    return y


@kernel(lambda d: (1.1, 1.0, 5), argnums=(0, 1))
def carried_by_a_nonlinear_step(x, y, n):
    for i in range(n):
        y = math.sin(x * y) + i * 0.1
    return y


@kernel(lambda d: (d.signed(9), 1, 8, 3))
def range_with_a_step(a, start, stop, step):
    total = 0.0
    for i in range(start, stop, step):
        total += a[i] * a[i] * i
    return total


@kernel(lambda d: (d.signed(6),))
def range_downwards(a):
    y = 1.0
    for i in range(a.shape[0] - 1, -1, -1):
        y = y * a[i] + a[i]
    for i in range(5, 0, -2):
        y += a[i] * a[i - 1]
    return y


@kernel(lambda d: (d.signed(4), 0))
def loop_that_never_runs(a, n):
    y = a[0] * a[1]
    for i in range(n):
        y = y * a[i]
    for i in range(3, 3):
        y += a[i] ** 3
    while y > 1000.0:
        y = y / 2.0
    return y


@kernel(lambda d: (d.signed(5),))
def over_an_array(a):
    total = 0.0
    for x in a:
        total += x * x * x
    return total


@kernel(lambda d: (d.signed(3, 4),))
def over_rows(a):
    total = 0.0
    for row in a:
        total += row[0] * row[1] + np.sum(row * row)
    return total


@kernel(lambda d: (d.signed(5),))
def with_enumerate(a):
    total = 0.0
    for i, x in enumerate(a):
        total += i * x * x
    for i, x in enumerate(a, 2):
        total -= i * x
    return total


@kernel(lambda d: (d.signed(5), d.signed(4)), argnums=(0, 1))
def with_zip(a, b):
    total = 0.0
    for x, y in zip(a, b):  # noqa: B905
        total += x * y * y
    for i, (x, y) in enumerate(zip(a, b)):  # noqa: B905
        total += i * x * y
    return total


@kernel(lambda d: (13.7,), compiled=True)
def while_counts_on_the_data(x):
    count = 0
    while x > 1.0:
        x = x / 2.0 + 0.1 * math.sin(x)
        count += 1
    return x * count


@kernel(lambda d: (3.0, 1.0), argnums=(0, 1))
def while_on_two_values(x, y):
    while x > y and y < 50.0:
        x, y = x * 0.9, y * 1.1 + 0.01 * x
    return x * y


@kernel(lambda d: (d.positive(5), 3.2), argnums=(0, 1))
def while_reads_an_array(a, limit):
    total = 0.0
    i = 0
    while i < a.shape[0] and total + a[i] < limit:
        total += a[i] * math.exp(-a[i])
        i += 1
    return total * total


@kernel(lambda d: (d.positive(4),))
def while_in_a_for(a):
    total = 0.0
    for i in range(a.shape[0]):
        x = a[i] * 8.0
        while x > 1.5:
            x = math.sqrt(x) + 0.1 * a[i]
        total += x * a[i]
    return total


@kernel(lambda d: (1.2,))
def zero_becomes_a_float(x):
    s = 0
    for i in range(4):
        s += x * i
        s = s * x
    return s


@kernel(lambda d: (1.2,))
def integer_becomes_a_float_in_a_branch(x):
    n = 3
    if x > 1.0:
        n = x * n
    return n * x


@kernel(lambda d: (d.signed(3, 4),), compiled=True)
def triangular_nest(a):
    total = 1.0
    for i in range(3):
        for j in range(i, 4):
            for k in range(j):
                total += a[i, j] * a[i, k] * 0.5
            total *= 1.0 + 0.1 * a[i, j]
    return total


@kernel(lambda d: (1.1, 0.3, 0.2), argnums=(0, 1, 2))
def carries_permute(a, b, c):
    for _ in range(4):
        a, b, c = b * c, a, c + a * b
    return a + 2.0 * b + 3.0 * c


@kernel(lambda d: (1.4,))
def loop_variable_after_the_loop(x):
    y = x
    for i in range(4):
        y = y + x * i
    return y * i


@kernel(lambda d: (d.signed(4),))
def temporary_of_the_last_iteration(a):
    t = 0.0
    for i in range(a.shape[0]):
        t = a[i] * a[i]
        u = t * a[i]
    return t * u


@kernel(lambda d: (1.4, 7))
def integers_carried(x, n):
    a, b = 0, 1
    y = 0.0
    for i in range(n):
        a, b = b, a + b
        y += a * x / (i + 1)
    return y * y


@kernel(lambda d: (d.signed(6),))
def index_computed_in_the_loop(a):
    k = 0
    y = 1.0
    for _ in range(5):
        k = (3 * k + 2) % 6
        y = y * 0.5 + a[k] * a[k - 1]
    return y


@kernel(lambda d: (d.signed(4),))
def running_maximum(a):
    best = a[0]
    at = 0
    for i in range(1, a.shape[0]):
        if a[i] > best:
            best = a[i]
            at = i
    return best * best + a[at]


@kernel(lambda d: (np.float32(1.1), 5), tags=("float32",))
def single_precision_loop(x, n):
    y = np.float32(0.5)
    for _ in range(n):
        y = y * x + np.float32(0.25) * y * y
    return y


@kernel(lambda d: (d.positive(4),))
def invariant_work_in_a_loop(a):
    total = 0.0
    for i in range(4):
        c = math.exp(a[0]) * math.log(a[1])
        total += c * a[i]
    return total


@kernel(lambda d: (0.8, 3))
def range_over_a_computed_bound(x, n):
    y = x
    m = n * 2 - 1
    for i in range(m):
        for j in range(i % n, m - i):
            y += x**j * 0.1
    return y


@kernel(lambda d: (d.positive(3),), compiled=True)
def array_that_outlives_an_inner_loop(x):
    a = np.ones(3)
    for i in range(3):
        t = np.zeros(3)
        t[:] = x * (i + 1.0)
        for _ in range(1):
            a = a[::-1] * t
    return np.sum(a * a)


@kernel(lambda d: (d.signed(3, 3), d.signed(3)), argnums=(0, 1))
def forgetting_down_columns(a, y):
    s = 0.7
    for i in range(1, a.shape[0]):
        for j in range(a.shape[0]):
            s = 0.5 * s + 0.3 * (y[i] + a[j, i - 1])
    return s
