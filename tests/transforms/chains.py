"""Functions that call functions that call functions, each twice: as many paths among them as 2 to the depth."""

from __future__ import annotations

from math import sin

import numpy as np

SCALE = np.array([0.5, 1.5, 0.7])


def f1(x, y):
    s = x
    for i in range(3):
        s = 0.5 * s * y * SCALE[i] + sin(s) / (1.0 + x * x)
    return s


def f2(x, y):
    a = sin(f1(x, y))
    return 0.5 * a + 0.3 * sin(f1(y, a)) + 0.2 * x


def f3(x, y):
    a = sin(f2(x, y))
    return 0.5 * a + 0.3 * sin(f2(y, a)) + 0.2 * x


def f4(x, y):
    a = sin(f3(x, y))
    return 0.5 * a + 0.3 * sin(f3(y, a)) + 0.2 * x


def f5(x, y):
    a = sin(f4(x, y))
    return 0.5 * a + 0.3 * sin(f4(y, a)) + 0.2 * x


def f6(x, y):
    a = sin(f5(x, y))
    return 0.5 * a + 0.3 * sin(f5(y, a)) + 0.2 * x


def f7(x, y):
    a = sin(f6(x, y))
    return 0.5 * a + 0.3 * sin(f6(y, a)) + 0.2 * x


def f8(x, y):
    a = sin(f7(x, y))
    return 0.5 * a + 0.3 * sin(f7(y, a)) + 0.2 * x


def f9(x, y):
    a = sin(f8(x, y))
    return 0.5 * a + 0.3 * sin(f8(y, a)) + 0.2 * x


def pair(x, n):
    total = 0.0
    for _ in range(n):
        x = sin(x) + 0.1 * x * x
        total += x * x * x
    if total > 100.0:
        raise ArithmeticError("too much")
    return x, (total, None)


def pairs(x, n):
    a, (b, _) = pair(x, n)
    c, (d, _) = pair(sin(b), n)
    e, (f, _) = pair(sin(d), n)
    return a + c * e + f


def table(x, n):
    out = np.empty(n)
    for i in range(n):
        out[i] = sin(x * i) + x / (1.0 + i) - x * x * x
    return out


def tables(x):
    return np.sum(table(x, 3)) * np.sum(table(2.0 * x, 4)) * np.sum(table(3.0 * x, 5))
