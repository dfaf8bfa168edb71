"""The incomplete beta function and its inverse (NIST DLMF 8.17)."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from scipy import special

from jitad_special import beta_shapes as shapes
from jitad_special.define import Collection, internal

PRIMITIVES = Collection()

_CASES = [(0.7, 0.4, 0.3), (2.5, 3.0, 0.6), (20.0, 9.0, 0.65), (20.0, 9.0, 0.8)]


def _density(a, b, x):
    return np.exp(special.xlogy(a - 1.0, x) + special.xlog1py(b - 1.0, -x) - special.betaln(a, b))


def _level_a(a, b, x):
    return np.log(x) - special.digamma(a) + special.digamma(a + b)


def _level_b(a, b, x):
    return np.log1p(-x) - special.digamma(b) + special.digamma(a + b)


@internal(shapes.betainc_a)
def betainc_a(a, b, x, result):
    return betainc_aa(a, b, x)


@betainc_a.partial
def betainc_a_b(a, b, x, result):
    return betainc_ab(a, b, x)


@betainc_a.partial
def betainc_a_x(a, b, x, result):
    return _density(a, b, x) * _level_a(a, b, x)


@internal(shapes.betainc_b)
def betainc_b(a, b, x, result):
    return betainc_ab(a, b, x)


@betainc_b.partial
def betainc_b_b(a, b, x, result):
    return betainc_bb(a, b, x)


@betainc_b.partial
def betainc_b_x(a, b, x, result):
    return _density(a, b, x) * _level_b(a, b, x)


# Third derivatives by the shapes are refused


@internal(shapes.betainc_aa, argnum=2)
def betainc_aa(a, b, x, result):
    level = _level_a(a, b, x)
    return _density(a, b, x) * (level * level - special.polygamma(1, a) + special.polygamma(1, a + b))


@internal(shapes.betainc_ab, argnum=2)
def betainc_ab(a, b, x, result):
    return _density(a, b, x) * (_level_a(a, b, x) * _level_b(a, b, x) + special.polygamma(1, a + b))


@internal(shapes.betainc_bb, argnum=2)
def betainc_bb(a, b, x, result):
    level = _level_b(a, b, x)
    return _density(a, b, x) * (level * level - special.polygamma(1, b) + special.polygamma(1, a + b))


@PRIMITIVES.function("betainc", cost=300, cases=_CASES, points=(((2.0, 1.0, 1.0), (0.0, 0.0, 2.0)),))
def betainc(a, b, x, result):
    return betainc_a(a, b, x)


@betainc.partial
def betainc_by_b(a, b, x, result):
    return betainc_b(a, b, x)


@betainc.partial
def betainc_x(a, b, x, result):
    return _density(a, b, x)


@PRIMITIVES.function("betaincc", cost=300, cases=_CASES, points=(((2.0, 1.0, 1.0), (0.0, 0.0, -2.0)),))
def betaincc(a, b, x, result):
    return -betainc_a(a, b, x)


@betaincc.partial
def betaincc_b(a, b, x, result):
    return -betainc_b(a, b, x)


@betaincc.partial
def betaincc_x(a, b, x, result):
    return -_density(a, b, x)


@PRIMITIVES.function("betaincinv", cost=900, cases=_CASES)
def betaincinv(a, b, p, result):
    return -betainc_a(a, b, result) / _density(a, b, result)


@betaincinv.partial
def betaincinv_b(a, b, p, result):
    return -betainc_b(a, b, result) / _density(a, b, result)


@betaincinv.partial
def betaincinv_p(a, b, p, result):
    return 1.0 / _density(a, b, result)
