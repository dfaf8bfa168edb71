"""Derivatives of the incomplete gamma functions by their shape, which SciPy doesn't have.

Each is the function itself, as SciPy computes it, times what comes of the derivatives of its logarithm: from the series
of positive terms NIST DLMF 8.7.1 up to the mean, and from the continued fraction 8.9.2 beyond it, where these converge
and nothing cancels. About 1e-13 relative, 1e-11 at shapes of 1e5.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math

import numpy as np
from numba.extending import register_jitable

from jitad_special.linking import call_1, call_2, narrowed

MOST_TERMS = 2_000_000
SMALL = 1e-17


def gammainc_a(a, x):
    """The derivative of the regularised lower incomplete gamma function P(a, x) by ``a``."""
    return narrowed(_derivative(np.float64(a), np.float64(x), 0), (a, x))


def gammainc_aa(a, x):
    """The second derivative of the regularised lower incomplete gamma function P(a, x) by ``a``."""
    return narrowed(_derivative(np.float64(a), np.float64(x), 1), (a, x))


@register_jitable
def _derivative(a, x, which):
    if a > 0.0 and 0.0 < x < math.inf:
        if x <= a + 1.0:
            return call_2("gammainc", a, x) * _series(a, x)[which]
        return -call_2("gammaincc", a, x) * _fraction(a, x)[which]
    if a > 0.0 and (x == 0.0 or x == math.inf):
        return 0.0
    if a == 0.0 and x > 0.0 and which == 0:
        return -call_1("exp1", x)
    return math.nan


@register_jitable
def _series(a, x):
    """P'/P and P''/P for x <= a + 1: each term is x**(a + n) exp(-x) / gamma(a + n + 1)."""
    level = math.log(x) - call_1("psi", a + 1.0)
    spread = trigamma(a + 1.0)
    term = total = 1.0
    first = level
    second = level * level - spread
    n = 0
    while n < MOST_TERMS:
        n += 1
        level -= 1.0 / (a + n)
        spread -= 1.0 / ((a + n) * (a + n))
        term *= x / (a + n)
        total += term
        first += term * level
        second += term * (level * level - spread)
        if term * (1.0 + level * level) < SMALL * (total + abs(first)) and x < a + n:
            return first / total, second / total
    return math.nan, math.nan


@register_jitable
def _fraction(a, x):
    """Q'/Q and Q''/Q for x > a + 1, by Lentz's method with its first two derivatives by ``a`` beside it."""
    b = x + 1.0 - a
    c, c1, c2 = b, -1.0, 0.0
    d, d1, d2 = 0.0, 0.0, 0.0
    slope, curve = -1.0 / b, -1.0 / (b * b)
    n = 0
    while n < MOST_TERMS:
        n += 1
        b += 2.0
        p = -n * (n - a)
        quotient = 1.0 / c
        quotient1 = -c1 * quotient * quotient
        quotient2 = (2.0 * c1 * c1 * quotient - c2) * quotient * quotient
        c, c1, c2 = b + p * quotient, -1.0 + n * quotient + p * quotient1, 2.0 * n * quotient1 + p * quotient2
        e, e1, e2 = b + p * d, -1.0 + n * d + p * d1, 2.0 * n * d1 + p * d2
        d = 1.0 / e
        d1 = -e1 * d * d
        d2 = (2.0 * e1 * e1 * d - e2) * d * d
        step = c1 / c - e1 / e
        bend = (c2 / c - (c1 / c) ** 2) - (e2 / e - (e1 / e) ** 2)
        slope += step
        curve += bend
        if abs(step) < SMALL * abs(slope) and abs(bend) < SMALL * (1.0 + abs(curve)):
            level = math.log(x) - call_1("psi", a) - slope
            return level, level * level - trigamma(a) - curve
    return math.nan, math.nan


@register_jitable
def trigamma(x):
    """The second derivative of the logarithm of the gamma function, x > 0 (Abramowitz and Stegun, 6.4.6 and 6.4.12)."""
    total = 0.0
    while x < 12.0:
        total += 1.0 / (x * x)
        x += 1.0
    w = 1.0 / (x * x)
    tail = w * (1 / 6 - w * (1 / 30 - w * (1 / 42 - w * (1 / 30 - w * (5 / 66 - w * (691 / 2730 - w * 7 / 6))))))
    return total + (1.0 + 0.5 / x + tail) / x
