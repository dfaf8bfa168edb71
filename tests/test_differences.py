"""What compares gradients with differences notices what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from tests.differences import assert_close


def test_a_factor_of_2_001_is_noticed() -> None:
    with pytest.raises(AssertionError, match="the gradient is wrong by"):
        assert_close([2.001], [2.0], [0.0], 1e-8, 2.0, "the gradient")


def test_nan_is_noticed() -> None:
    with pytest.raises(AssertionError, match="is wrong by"):
        assert_close([np.nan], [0.0], [0.0], 1e-8, 1.0, "the gradient")


def test_inaccurate_differences_are_noticed() -> None:
    with pytest.raises(AssertionError, match="a kink nearby"):
        assert_close([1.0], [1.0], [0.1], 1e-8, 1.0, "the gradient")
