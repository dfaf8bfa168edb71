"""The first extreme element, whichever way it is searched: NaNs, zeros of both signs, ties, several axes."""

from __future__ import annotations

import numpy as np
import pytest

import jitad
from tests.fixtures import compiled, own_cache, run_uncompiled

__all__ = ["compiled", "own_cache", "run_uncompiled"]

NAN, INF = np.nan, np.inf
ROWS = [
    [1.0, 3.0, 3.0, 2.0],
    [1.0, NAN, 5.0, NAN],
    [NAN, 1.0],
    [-0.0, 0.0, 0.0],
    [0.0, -0.0],
    [-INF, -INF],
    [INF, NAN, INF],
    [2.0],
]


def extremes(x):
    return 3.0 * np.max(x) + np.min(x)


def of_costly_elements(x):
    return np.max(np.exp(x) * np.sin(x))


def along_axes(x):
    return np.sum(np.max(x, axis=1) * np.arange(1.0, 3.0)) + 10.0 * np.max(x) + x[np.argmin(x) // 3, 0]


def of_integers(x):
    n = np.array([3, 7, 7, -2])
    return x[np.argmax(n)] + 2.0 * x[np.argmin(n)] + np.max(n)


def expected(x):
    slope = np.zeros_like(x)
    slope[np.argmax(x)] += 3.0
    slope[np.argmin(x)] += 1.0
    return slope


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_first_extreme_element_has_the_derivative(row, dtype):
    x = np.array(row, dtype)
    value, gradient = jitad.value_and_grad(extremes)(x)
    np.testing.assert_array_equal(gradient, expected(x))
    np.testing.assert_array_equal(value, 3.0 * x[np.argmax(x)] + x[np.argmin(x)])


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_compiled_searches(dtype):
    slope = jitad.grad(extremes)
    rng = np.random.default_rng(0)
    rows = [*ROWS, *rng.integers(0, 9, (20, 77)).astype(float), *rng.normal(size=(5, 1000)), np.full(300, NAN)]
    rows.append(np.where(np.arange(500) % 99 == 98, NAN, rng.normal(size=500)))
    for row in rows:
        x = np.array(row, dtype)
        np.testing.assert_array_equal(slope(x), expected(x))


def test_several_axes():
    x = np.array([[1.0, 5.0, 5.0], [7.0, -1.0, 7.0]])
    np.testing.assert_array_equal(jitad.grad(along_axes)(x), [[0.0, 1.0, 0.0], [12.0 + 1.0, 0.0, 0.0]])


def test_costly_elements_and_integers():
    x = np.array([0.5, 1.0, 2.0, 1.5])
    slope = np.zeros(4)
    slope[2] = np.exp(2.0) * (np.sin(2.0) + np.cos(2.0))
    np.testing.assert_allclose(jitad.grad(of_costly_elements)(x), slope, rtol=1e-14)
    np.testing.assert_array_equal(jitad.grad(of_integers)(x), [0.0, 1.0, 0.0, 2.0])


def test_nothing_to_search():
    with pytest.raises(jitad.KernelValueError, match="max of an empty array"):
        jitad.grad(extremes)(np.zeros(0))
