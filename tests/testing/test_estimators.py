"""Gradients from values alone have the cost and the error that they state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.testing import finite_difference_gradient, zero_order_gradient


class Counted:
    """exp(a·x), which counts its calls."""

    def __init__(self, a: np.ndarray) -> None:
        self.a = a
        self.calls = 0

    def __call__(self, x: np.ndarray) -> float:
        self.calls += 1
        return float(np.exp(np.sum(self.a * x)))

    def gradient(self, x: np.ndarray) -> np.ndarray:
        return self.a * np.exp(np.sum(self.a * x))


A = np.array([[0.5, -1.0, 0.3], [0.2, 0.1, -0.7]])
X = np.array([[0.1, 0.4, -0.3], [1.0, 2.0, 0.5]])


@pytest.mark.parametrize(("order", "calls", "error"), [(1, 7, 2e-8), (2, 12, 1e-10), (4, 24, 2e-12)])
def test_finite_differences_have_the_cost_and_the_error_that_they_state(order: int, calls: int, error: float) -> None:
    function, before = Counted(A), X.copy()
    found = finite_difference_gradient(function, X, order=order)
    assert function.calls == calls
    assert 1e-14 < np.max(np.abs(found - function.gradient(X))) < error
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(("order", "constant"), [(1, 1 / 2), (2, 1 / 6), (4, -1 / 30)])
def test_finite_differences_have_the_truncation_error_of_their_formula(order: int, constant: float) -> None:
    h = 0.01
    found = finite_difference_gradient(lambda x: float(np.exp(x)), 0.0, order=order, step=h)
    assert isinstance(found, float)
    assert (found - 1.0) / h**order == pytest.approx(constant, rel=0.02)


def test_differences_of_a_polynomial_of_their_order_are_exact() -> None:
    found = finite_difference_gradient(lambda x: float(np.sum(x**4)), X, order=4, step=0.125)
    np.testing.assert_allclose(found, 4 * X**3, atol=1e-12)


@pytest.mark.parametrize(("central", "calls"), [(False, 401), (True, 800)])
def test_the_zero_order_estimate_has_the_cost_and_the_variance_of_the_theory(central: bool, calls: int) -> None:
    function, samples = Counted(A), 400
    gradient = function.gradient(X)
    random = np.random.default_rng(1)
    errors = []
    for _ in range(200):
        function.calls = 0
        estimate = zero_order_gradient(function, X, samples, central=central, seed=random)
        assert function.calls == calls
        errors.append(estimate - gradient)
    mean_square = np.mean([np.sum(error**2) for error in errors])
    assert mean_square == pytest.approx((X.size + 1) * np.sum(gradient**2) / samples, rel=0.15)
    standard_error = np.std(errors, axis=0) / np.sqrt(len(errors))
    assert np.all(np.abs(np.mean(errors, axis=0)) < 4 * standard_error)


def test_smoothing_has_a_bias_within_its_bound() -> None:
    """Of x², smoothed with μ, the gradient is 2 x all the same; of x³ it is 3 x² + 3 μ²."""
    mu, samples = 0.5, 20_000
    found = zero_order_gradient(lambda x: x**3, 1.0, samples, smoothing=mu, central=True)
    assert isinstance(found, float)
    assert found == pytest.approx(3.0 + 3.0 * mu**2, rel=0.05)


def test_seeds_repeat_themselves() -> None:
    function = Counted(A)
    first, again, other = (zero_order_gradient(function, X, 2, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((finite_difference_gradient, X, {"order": 3}), "order=3 isn't an order of finite differences"),
        ((finite_difference_gradient, np.ones(2, int), {}), r"the point of a gradient estimate is array\(\[1, 1\]\)"),
        ((zero_order_gradient, X, {"samples": 0}), "samples=0 isn't a number of random directions"),
        ((zero_order_gradient, [1.0], {}), r"the point of a gradient estimate is \[1.0\]"),
    ],
)
def test_what_makes_no_sense_is_refused(options: tuple[Any, Any, dict[str, Any]], message: str) -> None:
    estimate, x, keywords = options
    with pytest.raises(jitad.ArgumentError, match=message):
        estimate(Counted(A), x, **keywords)
