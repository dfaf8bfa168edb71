"""Calls from compiled code, and comparisons of what they give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit


@njit
def call(function, *args):
    """``function(*args)``, called from compiled code."""
    return function(*args)


def same(found: Any, expected: Any) -> None:
    """Assert that two results have the same structure and the same numbers (to rounding)."""
    if isinstance(expected, tuple):
        assert type(found) is type(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    elif isinstance(expected, float | np.floating):
        assert found == pytest.approx(expected, rel=1e-14)
    else:
        assert found is expected or found == expected
