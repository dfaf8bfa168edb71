"""Every function that draws gives the numbers of its stream, and leaves the generator where it should."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

import jitad
from jitad.api.mode import uncompiled
from tests.coverage.random_cases import ITEMS, NUMPY, PYTHON, WEIGHTS
from tests.coverage.table import features
from tests.reading.driver import leaves, run

CASES = [
    pytest.param(kernel, id=f"{module}.{name}-{at}")
    for module, table in (("np", NUMPY), ("random", PYTHON))
    for name, kernels in table.items()
    for at, kernel in enumerate(kernels)
]


def test_there_is_a_case_for_each() -> None:
    listed = {name.removeprefix("random.") for f in features() if f.kind == "random" for name in f.names}
    assert listed == set(NUMPY)


def seed(number: int) -> None:
    np.random.seed(number)
    random.seed(number)


def following() -> tuple[float, ...]:
    """The next numbers of both generators, the ones that wait as second of a pair too."""
    return np.random.normal(), random.gauss(0.0, 1.0), np.random.random(), random.random()


@pytest.mark.parametrize("kernel", CASES)
def test_python_draws_from_the_modules_own_generators(kernel: Callable[[], Any]) -> None:
    seed(5)
    expected, after = kernel(), following()
    seed(5)
    actual = run(kernel)
    assert following() == after
    assert np.shape(actual) == np.shape(expected)
    np.testing.assert_allclose(actual, expected, rtol=1e-13)
    if not isinstance(expected, int):
        assert np.asarray(actual).dtype == np.asarray(expected).dtype
    with uncompiled():
        seed(5)
        np.testing.assert_array_equal(jitad.vjp(kernel)[0], actual)
    assert following() == after


def families(x, y):
    first = np.random.normal(x, y) + np.random.uniform(x, y) * np.random.exponential(y)
    first += np.random.laplace(x, y) * np.random.gumbel(x, y) + np.random.logistic(x, y) * np.random.lognormal(x, y)
    first += np.random.rayleigh(y) * np.random.weibull(y) + np.random.pareto(y + 2.0) * np.random.power(y)
    first += np.random.gamma(2.5, y) * np.random.gamma(0.5) + np.random.triangular(x - 3.0, x, y)
    second = random.gauss(x, y) * random.uniform(x, y) + random.expovariate(y) * random.normalvariate(x, y)
    second += random.triangular(x - 3.0, y) * random.paretovariate(y) + random.lognormvariate(x, y)
    second += random.triangular(x - 3.0, y, x) * random.weibullvariate(x, y) * random.gammavariate(2.5, y)
    return first, second, np.random.normal(x, y, size=(2, 3))


def others():
    counts = np.random.multinomial(20, WEIGHTS, 2)
    order = np.random.permutation(ITEMS)
    picked = np.random.choice(ITEMS, (2, 2)), np.random.choice(9, 4, False)
    items = np.arange(7)
    random.shuffle(items)
    bits = random.getrandbits(7) + random.randrange(3, 20, 4) + np.random.randint(1, 7)
    return np.random.poisson(33.0, 3), counts, order, picked[0], picked[1], items, float(bits)


@njit
def seed_compiled(number):
    np.random.seed(number)
    random.seed(number)


@njit
def following_compiled():
    return np.random.normal(), random.gauss(0.0, 1.0), np.random.random(), random.random()


@pytest.mark.parametrize(("kernel", "args"), [(families, (0.4, 1.3)), (others, ())], ids=["families", "others"])
def test_compiled_draws_from_numbas_generators(kernel: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """The same numbers to the last bit, and the same state afterwards."""
    seed_compiled(5)
    expected, after = njit(kernel)(*args), following_compiled()
    seed_compiled(5)
    actual = jitad.vjp(kernel, *args)[0]
    assert following_compiled() == after
    for a, e in zip(leaves(actual), leaves(expected), strict=True):
        np.testing.assert_array_equal(a, e)
