"""Kernels that draw random numbers, one or more for each function of ``np.random`` and ``random`` that Numba has."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

WEIGHTS = np.array([0.2, 0.3, 0.5])
SHAPES = np.array([0.5, 2.0, 3.0])
ITEMS = np.array([1.5, 2.5, 4.0])
ROWS = np.arange(10.0).reshape(5, 2)


def shuffled_rows():
    rows = ROWS.copy()
    np.random.shuffle(rows)
    return rows


def shuffled_by_python():
    items = np.arange(7)
    random.shuffle(items)
    return items


def seeded():
    np.random.seed(11)
    random.seed(12)
    return np.random.random() + random.random()


NUMPY: dict[str, list[Callable[[], Any]]] = {
    "beta": [lambda: np.random.beta(1.5, 2.5)],
    "binomial": [lambda: np.random.binomial(20, 0.3, 4), lambda: np.random.binomial(500, 0.4)],
    "chisquare": [lambda: np.random.chisquare(3.0, size=(2, 2))],
    "choice": [
        lambda: np.random.choice(7),
        lambda: np.random.choice(ITEMS),
        lambda: np.random.choice(ITEMS, size=(2, 3)),
        lambda: np.random.choice(9, 4, False),
        lambda: np.random.choice(ITEMS, 2, replace=False),
    ],
    "dirichlet": [lambda: np.random.dirichlet(SHAPES), lambda: np.random.dirichlet(SHAPES, (2, 2))],
    "exponential": [lambda: np.random.exponential(0.7, size=3), lambda: np.random.exponential()],
    "f": [lambda: np.random.f(3.0, 4.0, 2)],
    "gamma": [lambda: np.random.gamma(2.5, 1.7, (2, 2)), lambda: np.random.gamma(0.5)],
    "geometric": [lambda: np.random.geometric(0.2, 4)],
    "gumbel": [lambda: np.random.gumbel(0.3, 1.2, 4)],
    "hypergeometric": [lambda: np.random.hypergeometric(8, 9, 7, 3)],
    "laplace": [lambda: np.random.laplace(0.3, 1.1, 4), lambda: np.random.laplace()],
    "logistic": [lambda: np.random.logistic(0.2, 1.3, 4)],
    "lognormal": [lambda: np.random.lognormal(0.2, 0.6, 4)],
    "logseries": [lambda: np.random.logseries(0.6, 4)],
    "multinomial": [lambda: np.random.multinomial(20, WEIGHTS), lambda: np.random.multinomial(20, WEIGHTS, (2, 2))],
    "negative_binomial": [lambda: np.random.negative_binomial(3, 0.4)],
    "noncentral_chisquare": [lambda: np.random.noncentral_chisquare(2.0, 1.5, 4)],
    "normal": [lambda: np.random.normal(1.0, 2.0, (3, 1)), lambda: np.random.normal(), lambda: np.random.normal(2)],
    "pareto": [lambda: np.random.pareto(2.5, 4)],
    "permutation": [lambda: np.random.permutation(8), lambda: np.random.permutation(ROWS)],
    "poisson": [lambda: np.random.poisson(3.0, 4), lambda: np.random.poisson(33.0, 4)],
    "power": [lambda: np.random.power(2.5, 3)],
    "rand": [lambda: np.random.rand(2, 3), lambda: np.random.rand()],
    "randint": [lambda: np.random.randint(3, 9, 5), lambda: np.random.randint(5)],
    "randn": [lambda: np.random.randn(4), lambda: np.random.randn()],
    "random": [lambda: np.random.random((2, 2)), lambda: np.random.random()],
    "random_sample": [lambda: np.random.random_sample(2)],
    "ranf": [lambda: np.random.ranf()],
    "rayleigh": [lambda: np.random.rayleigh(1.5, 3)],
    "sample": [lambda: np.random.sample(3)],
    "seed": [seeded],
    "shuffle": [shuffled_rows],
    "standard_cauchy": [lambda: np.random.standard_cauchy(3)],
    "standard_exponential": [lambda: np.random.standard_exponential(3)],
    "standard_gamma": [lambda: np.random.standard_gamma(0.6, 3)],
    "standard_normal": [lambda: np.random.standard_normal(3)],
    "standard_t": [lambda: np.random.standard_t(3.0, 3)],
    "triangular": [lambda: np.random.triangular(-1.0, 0.5, 2.0, 6)],
    "uniform": [lambda: np.random.uniform(-1.0, 3.0, 3), lambda: np.random.uniform()],
    "vonmises": [lambda: np.random.vonmises(0.3, 2.0, 3)],
    "wald": [lambda: np.random.wald(1.5, 2.0, 3)],
    "weibull": [lambda: np.random.weibull(1.5, 3)],
    "zipf": [lambda: np.random.zipf(2.5, 3)],
}
"""By the name of the function in ``np.random``."""

PYTHON: dict[str, list[Callable[[], Any]]] = {
    "betavariate": [lambda: random.betavariate(1.5, 2.5)],
    "expovariate": [lambda: random.expovariate(0.6)],
    "gammavariate": [lambda: random.gammavariate(2.5, 0.4)],
    "gauss": [lambda: random.gauss(0.5, 2.0)],
    "getrandbits": [lambda: random.getrandbits(7)],
    "lognormvariate": [lambda: random.lognormvariate(0.5, 0.7)],
    "normalvariate": [lambda: random.normalvariate(0.5, 2.0)],
    "paretovariate": [lambda: random.paretovariate(2.5)],
    "randint": [lambda: random.randint(1, 6)],
    "random": [lambda: random.random()],
    "randrange": [lambda: random.randrange(7), lambda: random.randrange(3, 20, 4)],
    "seed": [seeded],
    "shuffle": [shuffled_by_python],
    "triangular": [lambda: random.triangular(0.5, 2.0), lambda: random.triangular(0.5, 2.0, 0.8)],
    "uniform": [lambda: random.uniform(-1.0, 2.0)],
    "vonmisesvariate": [lambda: random.vonmisesvariate(0.4, 2.0)],
    "weibullvariate": [lambda: random.weibullvariate(1.5, 2.5)],
}
"""By the name of the function in ``random``."""
