"""Error functions and the normal distribution (NIST DLMF chapter 7)."""

# Rules are kernels: jitad types their arguments by each call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from scipy import special

from jitad_special.define import Collection

PRIMITIVES = Collection()

_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
_HALF_ROOT_PI = 0.5 * math.sqrt(math.pi)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
_ROOT_TWO_OVER_PI = math.sqrt(2.0 / math.pi)
_ROOT_HALF = math.sqrt(0.5)
_FAR = 25.0
"""From here on the asymptotic series (DLMF 7.12.1) is exact, and the recurrences lose digits."""


def _tail(w):
    """The sum of (-1)**k (2k - 1)!! w**k, k from 1 to 9, for small ``w``."""
    total = 0.0
    for k in range(9, 0, -1):
        total = -(2 * k - 1) * w * (1.0 + total)
    return total


@PRIMITIVES.function("erfcx", cases=[(0.7,), (-1.3,), (4.0,), (60.0,)], points=(((0.0,), (-_TWO_OVER_ROOT_PI,)),))
def erfcx(x, result):
    if x > _FAR:
        return _TWO_OVER_ROOT_PI * _tail(0.5 / (x * x))
    return 2.0 * x * result - _TWO_OVER_ROOT_PI


@PRIMITIVES.function("erfinv", cases=[(0.3,), (-0.9,)], points=(((0.0,), (_HALF_ROOT_PI,)), ((1.0,), (math.inf,))))
def erfinv(y, result):
    return _HALF_ROOT_PI * np.exp(result * result)


@PRIMITIVES.function("erfcinv", cases=[(0.3,), (1.9,), (1e-30,)], points=(((1.0,), (-_HALF_ROOT_PI,)),))
def erfcinv(y, result):
    return -_HALF_ROOT_PI * np.exp(result * result)


@PRIMITIVES.function("dawsn", cases=[(0.3,), (-2.5,), (70.0,)], points=(((0.0,), (1.0,)),))
def dawsn(x, result):
    if np.abs(x) > _FAR:
        return _tail(-0.5 / (x * x)) * -1.0
    return 1.0 - 2.0 * x * result


@PRIMITIVES.function("ndtr", cases=[(0.3,), (-5.0,), (2.0,)], points=(((-math.inf,), (0.0,)), ((math.inf,), (0.0,))))
def ndtr(x, result):
    return np.exp(-0.5 * x * x) / _ROOT_TWO_PI


@PRIMITIVES.function("log_ndtr", cases=[(0.3,), (-5.0,), (-300.0,), (2.0,)], points=(((0.0,), (_ROOT_TWO_OVER_PI,)),))
def log_ndtr(x, result):
    if x < 0.0:
        return _ROOT_TWO_OVER_PI / special.erfcx(-x * _ROOT_HALF)
    return np.exp(-0.5 * x * x - result) / _ROOT_TWO_PI


@PRIMITIVES.function("ndtri", cases=[(0.3,), (0.999,), (1e-30,)], points=(((0.5,), (_ROOT_TWO_PI,)),))
def ndtri(p, result):
    return _ROOT_TWO_PI * np.exp(0.5 * result * result)


@PRIMITIVES.function("log_expit", cases=[(0.3,), (-40.0,), (30.0,)], points=(((0.0,), (0.5,)),))
def log_expit(x, result):
    return special.expit(-x)
