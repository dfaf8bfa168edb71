"""The differences that judge derivatives are judged themselves, on derivatives known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from jitad.testing.differences import differentiate, kink_gap


def test_smooth_functions_to_fifteen_digits_in_extended_precision() -> None:
    for x in (0.3, 1.7, -2.2):
        estimate = differentiate(lambda t, x=x: np.exp(np.sin(np.longdouble(x) + t)), dtype=np.longdouble)
        assert abs(estimate.value - np.exp(np.sin(x)) * np.cos(x)) < 1e-15
        assert estimate.error < 1e-13


@pytest.mark.parametrize(
    ("function", "exact"),
    [
        (lambda t: np.exp(np.sin(0.3 + t)), np.exp(np.sin(0.3)) * np.cos(0.3)),
        (lambda t: np.tanh(50.0 * (t - 0.01)), 50.0 / np.cosh(0.5) ** 2),
        (lambda t: 1e6 + t * t + 3.0 * t, 3.0),
        (lambda t: np.log(1e-6 + t), 1e6),
        (lambda t: np.sqrt(1e-3 + t) if t > -1e-3 else np.nan, 0.5 / np.sqrt(1e-3)),
        (lambda t: abs(t - 1e-4), -1.0),
        (lambda t: np.float32(np.sin(1.0 + t)), np.cos(1.0)),
        (lambda t: np.sin(64.0 * np.pi * t), 64.0 * np.pi),
    ],
)
def test_the_error_estimate_holds(function, exact) -> None:
    estimate = differentiate(function, enough=1e-10)
    assert abs(estimate.value - exact) <= 10.0 * estimate.error
    assert estimate.error <= 1e-4 * abs(exact)


def test_each_entry_has_its_own_steps() -> None:
    estimate = differentiate(lambda t: np.array([np.cos(t), abs(t - 1e-4), 5.0, np.exp(3.0 * t)]))
    np.testing.assert_allclose(estimate.value, [0.0, -1.0, 0.0, 3.0], atol=1e-11)
    assert estimate.step[1] < 1e-4 < estimate.step[3]


def test_the_step_is_chosen_without_knowing_the_answer() -> None:
    function_calls: list[float] = []
    differentiate(lambda t: function_calls.append(float(t)) or np.exp(t), enough=1e-10)
    assert len(function_calls) <= 16
    assert max(function_calls) < 0.1


@pytest.mark.parametrize(
    "function",
    [
        lambda t: 1.0 if t > 0 else 0.0,
        lambda t: np.sign(t) * np.sqrt(abs(t)),
        lambda t: np.sin(1e15 * t),
        lambda t: np.nan,
    ],
)
def test_what_cannot_be_told_has_a_large_error(function) -> None:
    estimate = differentiate(function)
    assert not estimate.error <= 0.1 * abs(estimate.value)


def test_a_staircase_is_not_a_straight_line() -> None:
    estimate = differentiate(lambda t: np.floor(10.0 * (0.55 + t)))
    assert estimate.value == 0.0


def test_kinks_jumps_and_smooth_points_are_told_apart() -> None:
    assert kink_gap(lambda t: abs(t) + t, 0.0, 1e-16) == pytest.approx(2.0)
    assert kink_gap(lambda t: 3.0 + max(t, 0.0), 3.0, 1e-15) == pytest.approx(1.0)
    for smooth in (lambda t: t * t, lambda t: np.exp(3.0 * t) - 1.0, lambda t: abs(t) ** 1.5, lambda t: 1.0 * (t > 0)):
        assert kink_gap(smooth, 0.0, 1e-16) == 0.0
