"""Branches, conditions and returns."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (1.3,))
def branch_on_a_value(x):
    if x > 1.0:
        y = x * x
    else:
        y = -x
    return y * 2.0


@kernel(lambda d: (-0.3,))
def branch_without_else(x):
    y = x * 3.0
    if x < 0.0:
        y = y * y
    return y + x


@kernel(lambda d: (0.3,))
def ladder(x):
    if x > 1.0:
        return x
    elif x > 0.5:
        return x * x
    elif x > 0.1:
        return math.sin(x) * x
    else:
        return -x


@kernel(lambda d: (0.3, 1.4), argnums=(0, 1))
def nested_branches(x, y):
    if x < y:
        z = x * y
        if z > 0.2:
            if y > 1.0:
                z = z * z
            else:
                z = z + x
            w = z * x
        else:
            w = y
    else:
        z = x
        w = z
    return z + w * y


@kernel(lambda d: (0.3,))
def conditional_expression(x):
    y = x if x > 1.0 else x * x
    return (y * 2.0 if y < 0.5 else y) + (1.0 if x > 0 else x)


@kernel(lambda d: (0.3, 1.4), argnums=(0, 1))
def and_or_not(x, y):
    if x > 0.0 and y > 1.0 and not x > y:
        z = x * y
    else:
        z = x
    if x > 1.0 or y > 1.0 or z > 100.0:
        z = z * z
    return z


@kernel(lambda d: (0.6,))
def chained_comparison(x):
    y = x
    if 0.0 < x < 1.0:
        y = x * x
    if 0.0 < y <= 0.2 < x:
        y = y * 3.0
    return y


@kernel(lambda d: (d.signed(5), 4))
def short_circuit_guards_an_index(a, n):
    total = 0.0
    for i in range(n + 4):
        if i < a.shape[0] and a[i] > 0.0:
            total += a[i] * a[i]
    return total


@kernel(lambda d: (0.6,))
def early_return(x):
    if x < 0.0:
        return -x
    y = x * x
    if y < 0.5:
        return y * math.exp(x)
    return y


@kernel(lambda d: (d.signed(6), 0.9), argnums=(0, 1))
def early_return_in_a_loop(a, limit):
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i] * a[i]
        if total > limit:
            return total * limit
    return total


@kernel(lambda d: (d.positive(3, 4), 4.1), argnums=(0, 1), compiled=True)
def early_return_in_a_nested_loop(a, limit):
    total = 0.0
    for i in range(a.shape[0]):
        row = 1.0
        for j in range(a.shape[1]):
            row *= a[i, j]
            total += a[i, j] * row
            if total > limit:
                return total * row
        total *= row
    return -total


@kernel(lambda d: (d.positive(6),))
def break_out(a):
    total = 0.0
    for i in range(a.shape[0]):
        if total > 2.0:
            break
        total += a[i] * a[i]
    return total * a[0]


@kernel(lambda d: (d.signed(7),))
def continue_on_negative(a):
    total = 1.0
    for i in range(a.shape[0]):
        if a[i] < 0.0:
            continue
        total *= a[i]
        total += a[i] ** 2
    return total


@kernel(lambda d: (d.signed(8),), compiled=True)
def break_and_continue_in_a_while(a):
    total = 0.0
    i = 0
    while i < a.shape[0]:
        x = a[i]
        i += 1
        if x < -1.2:
            continue
        total = total * 0.5 + x * x
        if total > 2.5:
            break
        if x > 0:
            total += x
    return total * i


@kernel(lambda d: (d.positive(4, 5),))
def breaks_at_two_depths(a):
    total = 0.0
    for i in range(4):
        partial = 0.0
        for j in range(5):
            partial += a[i, j] * a[i, j]
            if partial > 2.5:
                break
        total += partial * a[i, 0]
        if total > 6.0:
            break
    return total


@kernel(lambda d: (d.signed(5), 1.7), argnums=(0, 1))
def loop_with_an_else(a, limit):
    total = 0.0
    for x in a:
        total += x * x
        if total > 100.0:
            break
    else:
        total *= limit
    while total > limit:
        total /= 2.0
    else:
        total += limit
    return total


@kernel(lambda d: (d.signed(4), 6))
def loop_in_a_branch_in_a_loop(a, n):
    total = 1.0
    for i in range(n):
        if i % 2 == 0:
            for j in range(a.shape[0]):
                total += a[j] * total * 0.1
        else:
            total = total * total * 0.5
    return total


@kernel(lambda d: (d.signed(5),), compiled=True)
def branch_in_a_loop_in_a_branch(a):
    total = a[0]
    if a[1] != 0.0:
        for i in range(a.shape[0]):
            if a[i] > 0.0:
                total = total * a[i]
            else:
                total -= a[i] ** 2
    else:
        total = 0.0
    return total * total


@kernel(lambda d: (0.7,))
def defined_in_one_branch_only(x):
    if x > 0.0:
        scale = x * 2.0
    y = x * x
    if x > 0.0:
        y = y * scale
    return y


@kernel(lambda d: (d.signed(5),))
def branch_stores(a):
    b = a.copy()
    for i in range(a.shape[0]):
        if a[i] > 0.0:
            b[i] = a[i] * b[i]
        else:
            b[i] -= a[i] * a[0]
    return np.sum(b * b)


@kernel(lambda d: (d.signed(5),))
def branch_chooses_an_array(a):
    b = a * a
    c = np.sin(a)
    if a[0] > 0.5:
        chosen = b
    else:
        chosen = c
    chosen[1] = chosen[1] * a[2]
    return np.sum(chosen * b) + np.sum(c)


@kernel(lambda d: (1.3, True))
def boolean_argument(x, flag):
    if flag:
        return x * x
    return x


@kernel(lambda d: (1.3,))
def passes_assertions(x):
    assert x > 0.0, "x must be positive"
    if x > 100.0:
        raise ValueError("x is too large")
    return math.log(x)


@kernel(lambda d: (1.3, 2))
def branch_on_an_integer(x, n):
    if n == 0:
        return x
    if n == 1:
        return x * x
    if n == 2:
        return math.sin(x) ** n
    raise ValueError("no such order")


@kernel(lambda d: (d.positive(6),))
def return_from_a_while_true(a):
    i = 0
    total = 0.0
    while True:
        total += a[i] * a[i] * a[i]
        if total > 1.5:
            return total * total
        i += 1
        if i == a.shape[0]:
            return total


@kernel(lambda d: (d.signed(6), 0.8))
def break_and_continue_in_loops_in_branches(a, x):
    total = 0.0
    if x > 0.0:
        for i in range(6):
            if a[i] < -1.0:
                continue
            total += a[i] * a[i] * x
            if total > 1.5:
                break
    else:
        while total < 3.0:
            total += 1.0
            if x < -5.0:
                break
    return total * x
