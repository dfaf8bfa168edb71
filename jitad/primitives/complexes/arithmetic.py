"""Sums, products, quotients, powers and tests of complex numbers."""

from __future__ import annotations

import math

import numpy as np

from jitad.primitives.core import stop_gradient


def add(x, y, u, v):
    return x + u, y + v


def subtract(x, y, u, v):
    return x - u, y - v


def multiply(x, y, u, v):
    return x * u - y * v, x * v + y * u


def divide(x, y, u, v):
    """The quotient without overflow on the way: R. L. Smith, Algorithm 116, Comm. ACM 5 (1962)."""
    if abs(u) >= abs(v):
        ratio = v / (u if u != 0.0 else 1.0)
        below = u + v * ratio
        re = (x + y * ratio) / below
        im = (y - x * ratio) / below
    else:
        ratio = u / v
        below = u * ratio + v
        re = (x * ratio + y) / below
        im = (y * ratio - x) / below
    return re, im


def divide_by_real(x, y, u):
    """``divide`` with an imaginary part 0 below, to the signs of zeros."""
    zero = math.copysign(0.0, u)
    return (x + y * zero) / u, (y - x * zero) / u


def reciprocal(x, y):
    if abs(x) >= abs(y):
        ratio = y / (x if x != 0.0 else 1.0)
        below = x + y * ratio
        re = 1.0 / below
        im = -ratio / below
    else:
        ratio = x / y
        below = x * ratio + y
        re = ratio / below
        im = -1.0 / below
    return re, im


def square(x, y):
    return x * x - y * y, x * y + y * x


def negative(x, y):
    return -x, -y


def positive(x, y):
    return x, y


def conjugate(x, y):
    return x, -y


def absolute(x, y):
    """The distance from 0; its derivative at 0 is 0."""
    return math.hypot(x, y)


def squared_size(x, y):
    return x * x + y * y


def phase(x, y):
    return math.atan2(y, x)


def rect(r, phi):
    return r * math.cos(phi), r * math.sin(phi)


def power(x, y, u, v):
    """``exp(w log z)`` for an exponent that isn't known while reading."""
    if x == 0.0 and y == 0.0:
        re, im = _power_of_zero(x, y, u, v)
    else:
        size = math.hypot(x, y)
        angle = math.atan2(y, x)
        length = size**u * math.exp(-angle * v)
        turn = angle * u + v * math.log(size)
        re = length * math.cos(turn)
        im = length * math.sin(turn)
    return re, im


def _power_of_zero(x, y, u, v):
    """0, with the derivatives of ``z``, ``z**2`` and ``z**3``; those that other powers lack are infinite."""
    if u == 1.0 and v == 0.0:
        re, im = x, y
    elif u == 2.0 and v == 0.0:
        re, im = square(x, y)
    elif u == 3.0 and v == 0.0:
        u, v = square(x, y)
        re, im = multiply(x, y, u, v)
    elif u > 0.0:
        re, im = (np.copysign(1.0, x) * x + np.copysign(1.0, y) * y) ** u, 0.0 * (x + y)
    elif u == 0.0 and v == 0.0:
        re, im = 1.0 + 0.0 * (x + y), 0.0 * (x + y)
    else:
        re, im = math.inf * x, math.inf * y
    return re, im


def equal(x, y, u, v):
    return (x == u) & (y == v)


def not_equal(x, y, u, v):
    return (x != u) | (y != v)


def isnan(x, y):
    return np.isnan(x) | np.isnan(y)


def isinf(x, y):
    return np.isinf(x) | np.isinf(y)


def isfinite(x, y):
    return np.isfinite(x) & np.isfinite(y)


def is_nonzero(x, y):
    return (x != 0.0) | (y != 0.0)


def has_imaginary(x, y):
    return y != 0.0


def has_none_imaginary(x, y):
    return y == 0.0


def stopped(x, y):
    return stop_gradient(x), stop_gradient(y)
