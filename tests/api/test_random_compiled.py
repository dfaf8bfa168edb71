"""Random numbers in compiled derivatives: Numba's stream, also where a sweep runs again, and from ``@njit`` code."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest
from numba import njit

import jitad
from tests.api.random_kernels import asian_option

pytestmark = pytest.mark.usefixtures("compiled")
X = np.array([0.3, 1.1])


@njit
def seed(number):
    np.random.seed(number)
    random.seed(number)


@njit
def following():
    return np.random.normal(), random.gauss(0.0, 1.0), np.random.random(), random.random()


def long_walk(x, n):
    s = 0.0
    for _ in range(n):
        z = np.random.normal(x[0], x[1]) * random.uniform(0.0, x[1])
        if np.random.random() < 0.3:
            s += np.sin(z * z) * random.expovariate(x[1])
    return s


def test_the_stream_of_njit() -> None:
    """The first call has to run again several times, as its tape is too small."""
    steps = 200_000
    seed(3)
    value, after = njit(long_walk)(X, steps), following()
    gradient = jitad.value_and_grad(long_walk)
    for _ in range(2):
        seed(3)
        found, slope = gradient(X, steps)
        assert found == value
        assert following() == after

    @njit
    def inside(x, n):
        return gradient(x, n)

    for _ in range(2):
        seed(3)
        found, same = inside(X, steps)
        assert found == value
        assert following() == after
        np.testing.assert_array_equal(same, slope)


def test_a_monte_carlo_estimate() -> None:
    """The pathwise derivative of an Asian option's price, and differences with common random numbers."""
    price = njit(asian_option)
    seed(4)
    value, gradient = jitad.value_and_grad(asian_option)(X)
    seed(4)
    assert value == price(X)
    expected = []
    for direction in np.eye(2):
        sides = []
        for step in (1e-6, -1e-6):
            seed(4)
            sides.append(price(X + step * direction))
        expected.append((sides[0] - sides[1]) / 2e-6)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


def test_columns_rows_and_pullbacks_share_their_numbers() -> None:
    def noisy(x):
        return np.exp(x[0] * np.random.normal(0.0, 1.0, 40)) * (x[1] + random.random())

    seed(5)
    expected, after = njit(noisy)(X), following()
    seed(5)
    value, pullback = jitad.vjp(noisy, X)
    assert following() == after
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    seed(5)
    columns = jitad.jacfwd(noisy)(X)
    assert following() == after
    seed(5)
    rows = jitad.jacrev(noisy)(X)
    assert following() == after
    np.testing.assert_allclose(columns, rows, rtol=1e-13)
    seed(6)
    before = following()
    seed(6)
    np.testing.assert_allclose(pullback(np.ones(40))[0], rows.sum(axis=0), rtol=1e-12)
    assert following() == before


def test_each_thread_has_a_stream_of_its_own() -> None:
    def draw(x):
        return x * np.random.normal()

    gradient = jitad.grad(draw)
    gradient(1.0)
    found = []

    def run() -> None:
        seed(7)
        found.append([gradient(1.0) for _ in range(20)])

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1] == found[2]
