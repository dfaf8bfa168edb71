"""Inverse circular and hyperbolic functions of complex numbers.

The formulas are those of Kahan, *Branch cuts for complex elementary functions* (1987): real and imaginary parts from
two square roots, without cancellation.
"""

from __future__ import annotations

import math

import numpy as np

from jitad.primitives.complexes.elementary import sqrt


def asin(x, y):
    re, im = asinh(-y, x)
    return im, -re


def acos(x, y):
    a, b = sqrt(1.0 - x, -y)
    c, d = sqrt(1.0 + x, y)
    return 2.0 * math.atan2(a, c), math.asinh(c * b - d * a)


def atan(x, y):
    re, im = atanh(-y, x)
    return im, -re


def asinh(x, y):
    a, b = sqrt(1.0 + y, -x)
    c, d = sqrt(1.0 - y, x)
    return math.asinh(a * d - c * b), math.atan2(y, a * c - b * d)


def acosh(x, y):
    a, b = sqrt(x - 1.0, y)
    c, d = sqrt(x + 1.0, y)
    return math.asinh(a * c + b * d), 2.0 * math.atan2(b, c)


def atanh(x, y):
    side = np.copysign(1.0, x)
    u = side * x
    v = side * y
    re = 0.25 * math.log1p(4.0 * u / ((1.0 - u) * (1.0 - u) + v * v))
    im = -0.5 * math.atan2(-2.0 * v, (1.0 - u) * (1.0 + u) - v * v)
    return side * re, side * im
