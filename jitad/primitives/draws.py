"""The random numbers that everything else is made of: one function for each, the same in compiled and in plain Python.

Compiled, they draw from Numba's own generators, of which each thread has one for ``np.random`` and one for ``random``;
in Python, from the global generators of these modules. The functions are emitted as they are.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.primitives.spec import RandomPrimitive

SAMPLERS: dict[Callable[..., Any], RandomPrimitive] = {}
"""The primitive of each function of this module."""


def _draws(name: str, *params: str, result: str = "float64", generator: str = "numpy") -> Any:
    """Decorator: this function draws a number; ``name`` is the user's function that it is the core of."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        SAMPLERS[function] = RandomPrimitive(
            name=name, function=function, params=params, result=result, generator=generator
        )
        return function

    return add


# np.random, floating-point numbers


@_draws("np.random.random")
def draw_uniform():
    return np.random.random()


@_draws("np.random.standard_normal")
def draw_normal():
    return np.random.standard_normal()


@_draws("np.random.standard_gamma", "float64")
def draw_gamma(shape):
    return np.random.standard_gamma(shape)


@_draws("np.random.beta", "float64", "float64")
def draw_beta(a, b):
    return np.random.beta(a, b)


@_draws("np.random.chisquare", "float64")
def draw_chisquare(df):
    return np.random.chisquare(df)


@_draws("np.random.noncentral_chisquare", "float64", "float64")
def draw_noncentral_chisquare(df, nonc):
    return np.random.noncentral_chisquare(df, nonc)


@_draws("np.random.f", "float64", "float64")
def draw_f(dfnum, dfden):
    return np.random.f(dfnum, dfden)


@_draws("np.random.standard_cauchy")
def draw_cauchy():
    return np.random.standard_cauchy()


@_draws("np.random.standard_t", "float64")
def draw_t(df):
    return np.random.standard_t(df)


@_draws("np.random.vonmises", "float64", "float64")
def draw_vonmises(mu, kappa):
    return np.random.vonmises(mu, kappa)


@_draws("np.random.wald", "float64", "float64")
def draw_wald(mean, scale):
    return np.random.wald(mean, scale)


# np.random, integers


@_draws("np.random.randint", "int64", "int64", result="int64")
def draw_integer(low, high):
    return np.random.randint(low, high)


@_draws("np.random.binomial", "int64", "float64", result="int64")
def draw_binomial(n, p):
    return np.random.binomial(n, p)


@_draws("np.random.negative_binomial", "float64", "float64", result="int64")
def draw_negative_binomial(n, p):
    return np.random.negative_binomial(n, p)


@_draws("np.random.poisson", "float64", result="int64")
def draw_poisson(lam):
    return np.random.poisson(lam)


@_draws("np.random.geometric", "float64", result="int64")
def draw_geometric(p):
    return np.random.geometric(p)


@_draws("np.random.hypergeometric", "int64", "int64", "int64", result="int64")
def draw_hypergeometric(ngood, nbad, nsample):
    return np.random.hypergeometric(ngood, nbad, nsample)


@_draws("np.random.logseries", "float64", result="int64")
def draw_logseries(p):
    return np.random.logseries(p)


@_draws("np.random.zipf", "float64", result="int64")
def draw_zipf(a):
    return np.random.zipf(a)


@_draws("np.random.seed", "int64", result="int64")
def seed_numpy(seed):
    np.random.seed(seed)
    return 0


# random


@_draws("random.random", generator="python")
def draw_python_uniform():
    return random.random()


@_draws("random.gauss", generator="python")
def draw_python_gauss():
    return random.gauss(0.0, 1.0)


@_draws("random.normalvariate", generator="python")
def draw_python_normal():
    return random.normalvariate(0.0, 1.0)


@_draws("random.gammavariate", "float64", generator="python")
def draw_python_gamma(alpha):
    return random.gammavariate(alpha, 1.0)


@_draws("random.betavariate", "float64", "float64", generator="python")
def draw_python_beta(alpha, beta):
    return random.betavariate(alpha, beta)


@_draws("random.vonmisesvariate", "float64", "float64", generator="python")
def draw_python_vonmises(mu, kappa):
    return random.vonmisesvariate(mu, kappa)


@_draws("random.randrange", "int64", "int64", "int64", result="int64", generator="python")
def draw_python_integer(start, stop, step):
    return random.randrange(start, stop, step)


@_draws("random.getrandbits", "int64", result="uint64", generator="python")
def draw_python_bits(k):
    return random.getrandbits(k)


@_draws("random.seed", "int64", result="int64", generator="python")
def seed_python(seed):
    random.seed(seed)
    return 0
