"""Exponentials, logarithms, roots and circular functions of complex numbers."""

from __future__ import annotations

import math

import numpy as np

_LOG_2 = math.log(2.0)
_LOG_10 = math.log(10.0)


def exp(x, y):
    r = math.exp(x)
    return r * math.cos(y), r * math.sin(y)


def exp2(x, y):
    return exp(x * _LOG_2, y * _LOG_2)


def expm1(x, y):
    half = math.sin(0.5 * y)
    return math.expm1(x) * math.cos(y) - 2.0 * half * half, math.exp(x) * math.sin(y)


def log(x, y):
    """The logarithm; where the size is close to 1, by ``log1p``, so that no digits are lost."""
    size = math.hypot(x, y)
    if size > 0.5 and size < 2.0:
        if abs(x) >= abs(y):
            re = 0.5 * math.log1p((abs(x) - 1.0) * (abs(x) + 1.0) + y * y)
        else:
            re = 0.5 * math.log1p((abs(y) - 1.0) * (abs(y) + 1.0) + x * x)
    else:
        re = math.log(size)
    return re, math.atan2(y, x)


def log2(x, y):
    re, im = log(x, y)
    return re / _LOG_2, im / _LOG_2


def log10(x, y):
    re, im = log(x, y)
    return re / _LOG_10, im / _LOG_10


def log1p(x, y):
    if math.hypot(x, y) < 0.5:
        re = 0.5 * math.log1p(x * (2.0 + x) + y * y)
        im = math.atan2(y, 1.0 + x)
    else:
        re, im = log(1.0 + x, y)
    return re, im


def sqrt(x, y):
    """The root with the greater real part (Kahan, *Branch cuts for complex elementary functions*, 1987).

    The eighths keep the sum from overflowing. At 0, where there is no derivative, it is infinite or nan.
    """
    size = math.hypot(0.125 * x, 0.125 * y)
    side = np.copysign(1.0, y)
    if x >= 0.0:
        re = 2.0 * math.sqrt(0.125 * x + size)
        im = y / (2.0 * re) if re != 0.0 else side * math.sqrt(side * y)
    else:
        root = 2.0 * math.sqrt(size - 0.125 * x)
        re = side * y / (2.0 * root)
        im = side * root
    return re, im


def sin(x, y):
    return math.sin(x) * math.cosh(y), math.cos(x) * math.sinh(y)


def cos(x, y):
    return math.cos(x) * math.cosh(y), -(math.sin(x) * math.sinh(y))


def sinh(x, y):
    return math.sinh(x) * math.cos(y), math.cosh(x) * math.sin(y)


def cosh(x, y):
    return math.cosh(x) * math.cos(y), math.sinh(x) * math.sin(y)


def tan(x, y):
    re, im = tanh(-y, x)
    return im, -re


def tanh(x, y):
    """By ``tanh(x)`` and ``tan(y)``; where ``cosh(x)`` is large, by the first terms of its series in ``exp(-2|x|)``."""
    if abs(x) > 20.0:
        side = np.copysign(1.0, x)
        small = 2.0 * math.exp(-2.0 * (side * x))
        re = side * (1.0 - small * math.cos(2.0 * y))
        im = small * math.sin(2.0 * y)
    else:
        a = math.tanh(x)
        b = math.tan(y)
        shrink = 1.0 / math.cosh(x)
        below = 1.0 + (a * b) * (a * b)
        re = a * (1.0 + b * b) / below
        im = b / below * shrink * shrink
    return re, im
