"""The differences that judge gradients are judged themselves, on derivatives known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from tests.differences import assert_close, differentiate


def test_smooth_functions_to_fifteen_digits() -> None:
    for x in (0.3, 1.7, -2.2):
        estimate = differentiate(lambda t, x=x: np.exp(np.sin(np.longdouble(x) + t)))
        assert abs(estimate.value - np.exp(np.sin(x)) * np.cos(x)) < 1e-14
        assert estimate.error < 1e-12


def test_a_kink_shows_in_the_error() -> None:
    assert differentiate(lambda t: abs(t - np.longdouble(1e-4))).error > 1e-3


def test_a_factor_of_2_001_is_noticed() -> None:
    with pytest.raises(AssertionError, match="the gradient is wrong by"):
        assert_close([2.001], [2.0], [0.0], 1e-8, 2.0, "the gradient")


def test_nan_is_noticed() -> None:
    with pytest.raises(AssertionError, match="is wrong by"):
        assert_close([np.nan], [0.0], [0.0], 1e-8, 1.0, "the gradient")


def test_inaccurate_differences_are_noticed() -> None:
    with pytest.raises(AssertionError, match="a kink nearby"):
        assert_close([1.0], [1.0], [0.1], 1e-8, 1.0, "the gradient")
