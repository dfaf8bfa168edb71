"""Special functions with their derivative rules: error functions, the gamma function and its derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jitad.primitives import elementary, kernels, precise
from jitad.primitives.elementary import call
from jitad.primitives.kernels import digamma, polygamma
from jitad.primitives.spec import ZERO, CompositePrimitive, Partial, Primitive, ScalarPrimitive

_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)


def _erf(x, result):
    return _TWO_OVER_ROOT_PI * math.exp(-x * x)


def _erfc(x, result):
    return -_TWO_OVER_ROOT_PI * math.exp(-x * x)


def _lgamma(x, result):
    return digamma(x)


def _gamma(x, result):
    return result * digamma(x)


def _digamma(x, result):
    return polygamma(1, x)


def _polygamma_x(n, x, result):
    return polygamma(n + 1, x)


def _heaviside_at_zero(x, at_zero, result):
    return 1.0 if x == 0 else 0.0


def _expit(x, result):
    return result * kernels.expit(-x)


def _logit(p):
    return np.log(p) - np.log1p(-p)


def _own(
    name: str, functions: tuple[Any, ...], typed_as: Any, *partials: Partial, cost: int, **options: Any
) -> ScalarPrimitive:
    """A primitive that ``kernels`` implements for Numba and ``precise`` for uncompiled code."""
    compiled = getattr(kernels, name)
    arguments = ", ".join(f"{{{position}}}" for position in range(len(partials)))
    return ScalarPrimitive(
        name=name,
        callables=(*functions, compiled),
        template=f"{name}({arguments})",
        typed_as=typed_as,
        partials=partials,
        cost=cost,
        names=((name, compiled),),
        plain_names=((name, getattr(precise, name)),),
        **options,
    )


PRIMITIVES: tuple[Primitive, ...] = (
    call(math.erf, precise.erf, _erf, also=("scipy.special:erf",), cost=30),
    call(math.erfc, precise.erfc, _erfc, also=("scipy.special:erfc",), cost=30),
    call(math.lgamma, precise.lgamma, _lgamma, also=("scipy.special:gammaln",), cost=60),
    call(math.gamma, precise.gamma, _gamma, also=("scipy.special:gamma",), cost=60),
    _own("digamma", ("scipy.special:digamma",), math.lgamma, _digamma, cost=60),
    # the order of a derivative has no derivative: None refuses it
    _own(
        "polygamma",
        ("scipy.special:polygamma",),
        math.pow,
        None,
        _polygamma_x,
        cost=80,
        cases=((1, 0.7), (2, 3.1), (1, -2.3)),
    ),
    _own(
        "expit", ("scipy.special:expit",), math.tanh, _expit, cost=25, special=(((0.0,), (0.25,)), ((-800.0,), (0.0,)))
    ),
    _own("sinc", (np.sinc,), math.sin, elementary._sinc, cost=25, special=(((0.0,), (0.0,)),)),
    _own(
        "heaviside",
        (np.heaviside,),
        math.copysign,
        ZERO,
        _heaviside_at_zero,
        cost=2,
        special=(((0.0, 0.3), (0.0, 1.0)),),
    ),
    CompositePrimitive(name="logit", callables=("scipy.special:logit",), definition=_logit, cases=((0.3,), (0.85,))),
)
