"""Products of adjoints and partials: factors that are moved together stay finite."""

from __future__ import annotations

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled


@pytest.mark.parametrize(("dtype", "factor"), [(np.float32, 2e38), (np.float64, 1e308)])
def test_powers_of_two_do_not_overflow_literals(dtype, factor):
    large = dtype(factor)

    def kernel(x, y):
        return (large * x - y) ** 2

    with uncompiled():
        gradient = jitad.grad(kernel)(dtype(0.0), dtype(1e-3))
    assert gradient == pytest.approx(-2.0 * (factor * 1e-3), rel=1e-6)
