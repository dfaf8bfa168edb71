"""The gamma function's relatives, complete and incomplete (NIST DLMF chapters 5 and 8)."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from scipy import special

from jitad_special import gamma_shapes as shapes
from jitad_special.define import Collection, internal

PRIMITIVES = Collection()

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_SHAPES = [(0.7, 0.4), (2.5, 3.0), (2.5, 9.0), (30.0, 27.0), (40.0, 47.0)]


# Complete functions


@PRIMITIVES.function("loggamma", cases=[(0.3,), (4.5,), (200.0,)])
def loggamma(x, result):
    return special.digamma(x) if x >= 0.0 else np.nan


@PRIMITIVES.function("rgamma", cases=[(0.3,), (4.5,), (-1.3,)], points=(((0.0,), (1.0,)), ((-1.0,), (-1.0,))))
def rgamma(x, result):
    if x > 0.5:
        return -special.digamma(x) * result
    # by reflection (DLMF 5.5.3): smooth at the poles of the gamma function
    mirrored = special.gamma(1.0 - x)
    return mirrored * (np.cos(np.pi * x) - np.sin(np.pi * x) / np.pi * special.digamma(1.0 - x))


@PRIMITIVES.function("beta", cases=[(0.7, 2.5), (6.0, 0.3)])
def beta(a, b, result):
    return result * (special.digamma(a) - special.digamma(a + b))


@beta.partial
def beta_b(a, b, result):
    return result * (special.digamma(b) - special.digamma(a + b))


@PRIMITIVES.function("betaln", cases=[(0.7, 2.5), (600.0, 30.0)])
def betaln(a, b, result):
    return special.digamma(a) - special.digamma(a + b)


@betaln.partial
def betaln_b(a, b, result):
    return special.digamma(b) - special.digamma(a + b)


@PRIMITIVES.function("poch", cases=[(0.7, 2.5), (6.0, 0.3)])
def poch(z, m, result):
    return result * (special.digamma(z + m) - special.digamma(z))


@poch.partial
def poch_m(z, m, result):
    return result * special.digamma(z + m)


# The incomplete gamma function


def _density(a, x):
    """``x**(a - 1) exp(-x) / gamma(a)``; by Stirling's series (DLMF 5.11.1) where that cancels."""
    if a < 20.0:
        return np.exp(special.xlogy(a - 1.0, x) - x - special.gammaln(a))
    if x <= 0.0 or x > 1e300:
        return 0.0 * a
    away = (x - a) / a
    w = 1.0 / (a * a)
    stirling = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / a
    return np.exp(a * (np.log1p(away) - away) - stirling - _HALF_LOG_TWO_PI) * np.sqrt(a) / x


@internal(shapes.gammainc_a)
def gammainc_a(a, x, result):
    return gammainc_aa(a, x)


@gammainc_a.partial
def gammainc_a_x(a, x, result):
    return _density(a, x) * (np.log(x) - special.digamma(a))


@internal(shapes.gammainc_aa, argnum=1)
def gammainc_aa(a, x, result):
    # by the shape it is refused: third derivatives by a shape aren't given
    level = np.log(x) - special.digamma(a)
    return _density(a, x) * (level * level - special.polygamma(1, a))


@PRIMITIVES.function("gammainc", cost=200, cases=_SHAPES, points=(((2.5, 0.0), (0.0, 0.0)), ((1.0, 0.0), (0.0, 1.0))))
def gammainc(a, x, result):
    return gammainc_a(a, x)


@gammainc.partial
def gammainc_x(a, x, result):
    return _density(a, x)


@PRIMITIVES.function("gammaincc", cost=200, cases=_SHAPES, points=(((2.5, 0.0), (0.0, 0.0)), ((1.0, 0.0), (0.0, -1.0))))
def gammaincc(a, x, result):
    return -gammainc_a(a, x)


@gammaincc.partial
def gammaincc_x(a, x, result):
    return -_density(a, x)


@PRIMITIVES.function("gammaincinv", cost=600, cases=[(0.7, 0.4), (2.5, 0.9), (30.0, 0.2)])
def gammaincinv(a, p, result):
    return -gammainc_a(a, result) / _density(a, result)


@gammaincinv.partial
def gammaincinv_p(a, p, result):
    return 1.0 / _density(a, result)


@PRIMITIVES.function("gammainccinv", cost=600, cases=[(0.7, 0.4), (2.5, 0.9), (30.0, 0.2)])
def gammainccinv(a, q, result):
    return -gammainc_a(a, result) / _density(a, result)


@gammainccinv.partial
def gammainccinv_q(a, q, result):
    return -1.0 / _density(a, result)
