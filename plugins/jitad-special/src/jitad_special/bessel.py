"""Bessel functions and modified ones, by their argument (NIST DLMF 10.6 and 10.29).

There is no closed form by the order, so a derivative that flows through an order is refused.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from scipy import special

from jitad_special.define import Collection

PRIMITIVES = Collection()

_KINK = "0 for the factor exp(-abs(x)) at 0"
_POINTS = [(0.3,), (2.5,), (40.0,)]
_EVEN = [*_POINTS, (-2.5,)]
_ORDERS = [(0, 0.3), (1, 2.5), (2.3, 0.7), (7, 30.0)]
_WHOLE = [(0, 0.3), (1, 2.5), (4, 0.7), (7, 30.0)]


@PRIMITIVES.function("j0", cases=_EVEN, points=(((0.0,), (0.0,)),))
def j0(x, result):
    return -special.j1(x)


@PRIMITIVES.function("j1", cases=_EVEN, points=(((0.0,), (0.5,)),))
def j1(x, result):
    return 0.5 * (special.j0(x) - special.jv(2, x))


@PRIMITIVES.function("jv", argnum=1, cost=300, cases=_ORDERS, points=(((1, 0.0), (None, 0.5)), ((3, 0.0), (None, 0.0))))
def jv(v, x, result):
    return 0.5 * (special.jv(v - 1, x) - special.jv(v + 1, x))


@PRIMITIVES.function("y0", cases=_POINTS, points=(((0.0,), (math.inf,)),))
def y0(x, result):
    return -special.y1(x)


@PRIMITIVES.function("y1", cases=_POINTS)
def y1(x, result):
    return special.y0(x) - result / x


@PRIMITIVES.function("yv", argnum=1, cost=300, cases=_ORDERS)
def yv(v, x, result):
    return 0.5 * (special.yv(v - 1, x) - special.yv(v + 1, x))


@PRIMITIVES.function("yn", argnum=1, cost=200, cases=_WHOLE)
def yn(n, x, result):
    return 0.5 * (special.yn(n - 1, x) - special.yn(n + 1, x))


@PRIMITIVES.function("i0", cases=_EVEN, points=(((0.0,), (0.0,)),))
def i0(x, result):
    return special.i1(x)


@PRIMITIVES.function("i1", cases=_EVEN, points=(((0.0,), (0.5,)),))
def i1(x, result):
    return 0.5 * (special.i0(x) + special.iv(2, x))


@PRIMITIVES.function("iv", argnum=1, cost=300, cases=_ORDERS, points=(((1, 0.0), (None, 0.5)),))
def iv(v, x, result):
    return 0.5 * (special.iv(v - 1, x) + special.iv(v + 1, x))


@PRIMITIVES.function("i0e", kink=_KINK, cases=_EVEN, points=(((0.0,), (0.0,)),))
def i0e(x, result):
    return special.i1e(x) - np.sign(x) * result


@PRIMITIVES.function("i1e", kink=_KINK, cases=_EVEN, points=(((0.0,), (0.5,)),))
def i1e(x, result):
    return 0.5 * (special.i0e(x) + special.ive(2, x)) - np.sign(x) * result


@PRIMITIVES.function("ive", argnum=1, cost=300, kink=_KINK, cases=_ORDERS)
def ive(v, x, result):
    return 0.5 * (special.ive(v - 1, x) + special.ive(v + 1, x)) - np.sign(x) * result


@PRIMITIVES.function("k0", cases=_POINTS, points=(((0.0,), (-math.inf,)),))
def k0(x, result):
    return -special.k1(x)


@PRIMITIVES.function("k1", cases=_POINTS, points=(((0.0,), (-math.inf,)),))
def k1(x, result):
    return -special.k0(x) - result / x


@PRIMITIVES.function("kv", argnum=1, cost=300, cases=_ORDERS)
def kv(v, x, result):
    return -0.5 * (special.kv(v - 1, x) + special.kv(v + 1, x))


@PRIMITIVES.function("kn", argnum=1, cost=200, cases=_WHOLE)
def kn(n, x, result):
    # the order of the first is the same as that of its negative
    return -0.5 * (special.kn(abs(n - 1), x) + special.kn(n + 1, x))


@PRIMITIVES.function("k0e", cases=_POINTS)
def k0e(x, result):
    return result - special.k1e(x)


@PRIMITIVES.function("k1e", cases=_POINTS)
def k1e(x, result):
    return result - special.k0e(x) - result / x


@PRIMITIVES.function("kve", argnum=1, cost=300, cases=_ORDERS)
def kve(v, x, result):
    return result - 0.5 * (special.kve(v - 1, x) + special.kve(v + 1, x))
