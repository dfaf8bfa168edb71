"""Entropies and the products with logarithms that they are made of."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from jitad_special.define import Collection

PRIMITIVES = Collection()

_PAIRS = [(0.7, 2.5), (3.0, 0.2)]


@PRIMITIVES.function("xlogy", cost=25, cases=_PAIRS, points=(((0.0, 2.0), (math.log(2.0), 0.0)),))
def xlogy(x, y, result):
    return np.log(y)


@xlogy.partial
def xlogy_y(x, y, result):
    return x / y if x != 0.0 else 0.0 * x


@PRIMITIVES.function("xlog1py", cost=25, cases=_PAIRS, points=(((0.0, 1.0), (math.log(2.0), 0.0)),))
def xlog1py(x, y, result):
    return np.log1p(y)


@xlog1py.partial
def xlog1py_y(x, y, result):
    return x / (1.0 + y) if x != 0.0 else 0.0 * x


@PRIMITIVES.function("entr", cost=25, cases=[(0.3,), (4.0,)], points=(((0.0,), (math.inf,)), ((1.0,), (-1.0,))))
def entr(x, result):
    return -1.0 - np.log(x)


@PRIMITIVES.function("rel_entr", cost=30, cases=_PAIRS, points=(((1.0, 1.0), (1.0, -1.0)),))
def rel_entr(x, y, result):
    return 1.0 + np.log(x / y)


@rel_entr.partial
def rel_entr_y(x, y, result):
    return -x / y if x != 0.0 else 0.0 * x


@PRIMITIVES.function("kl_div", cost=30, cases=[*_PAIRS, (2.0, 2.1)], points=(((2.0, 2.0), (0.0, 0.0)),))
def kl_div(x, y, result):
    away = (x - y) / y
    return np.log1p(away) if abs(away) < 0.5 else np.log(x / y)


@kl_div.partial
def kl_div_y(x, y, result):
    return (y - x) / y
