"""Exponential integrals, the dilogarithm and complete elliptic integrals (NIST DLMF chapters 6, 8, 19 and 25)."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from scipy import special

from jitad_special.define import Collection

PRIMITIVES = Collection()

_NEAR = 0.2
"""Within this distance of a removable singularity the power series is summed: the closed forms cancel there."""

_TERMS = 28
_QUARTER_PI = 0.25 * math.pi


@PRIMITIVES.function("exp1", cases=[(0.3,), (20.0,)], points=(((0.0,), (-math.inf,)), ((math.inf,), (0.0,))))
def exp1(x, result):
    return -np.exp(-x) / x


@PRIMITIVES.function("expi", cases=[(0.3,), (-2.0,), (20.0,)], points=(((-math.inf,), (0.0,)),))
def expi(x, result):
    return np.exp(x) / x


@PRIMITIVES.function("expn", argnum=1, cost=100, cases=[(0, 0.7), (1, 0.3), (3, 2.0), (40, 9.0)])
def expn(n, x, result):
    if n == 0:
        return -np.exp(-x) * (1.0 + x) / (x * x)
    return -special.expn(n - 1, x)


@PRIMITIVES.function("spence", cases=[(0.3,), (1.01,), (4.0,)], points=(((1.0,), (-1.0,)), ((0.0,), (-math.inf,))))
def spence(z, result):
    u = z - 1.0
    if abs(u) < _NEAR:
        series = 0.0 * u
        for k in range(_TERMS, 0, -1):
            series = 1.0 / k - u * series
        return -series
    return -np.log(z) / u


@PRIMITIVES.function("exprel", cases=[(0.01,), (-0.7,), (3.0,), (-40.0,)], points=(((0.0,), (0.5,)),))
def exprel(x, result):
    if abs(x) < 1.0:
        series = 0.0 * x
        for k in range(20, 0, -1):
            # the coefficients k / (k + 1)!, each a multiple of the one before
            series = 1.0 + series * x * (k + 1) / (k * (k + 2.0))
        return 0.5 * series
    return (np.exp(x) - result) / x


@PRIMITIVES.function("ellipk", cases=[(0.1,), (0.7,), (-3.0,)], points=(((0.0,), (math.pi / 8.0,)),))
def ellipk(m, result):
    if abs(m) < _NEAR:
        series = 0.0 * m
        for n in range(_TERMS, 0, -1):
            # c(n + 1) / c(n) for the terms n c(n) m**(n - 1), c(n) = ((2n - 1)!! / (2n)!!)**2
            ratio = (2.0 * n + 1.0) / (2.0 * n + 2.0)
            series = 1.0 + series * m * ratio * ratio * (n + 1.0) / n
        return 0.5 * _QUARTER_PI * series
    return (special.ellipe(m) / (1.0 - m) - result) / (2.0 * m)


@PRIMITIVES.function("ellipe", cases=[(0.1,), (0.7,), (-3.0,)], points=(((0.0,), (-math.pi / 8.0,)),))
def ellipe(m, result):
    if abs(m) < _NEAR:
        series = 0.0 * m
        for n in range(_TERMS, 0, -1):
            ratio = (2.0 * n + 1.0) / (2.0 * n + 2.0)
            series = 1.0 + series * m * ratio * ratio * (2.0 * n - 1.0) * (n + 1.0) / ((2.0 * n + 1.0) * n)
        return -0.5 * _QUARTER_PI * series
    return (result - special.ellipk(m)) / (2.0 * m)
