"""A kernel with next to no work, to see what a call costs."""

from __future__ import annotations

from typing import Any

import numpy as np


def sum_of_squares(x):
    """Sum of x[i]²; ``x`` has shape (n,)."""
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * x[i]
    return total


def sum_of_squares_by_hand(x):
    """Value and gradient of ``sum_of_squares``."""
    gradient = np.empty_like(x)
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * x[i]
        gradient[i] = 2.0 * x[i]
    return total, (gradient,)


def small_inputs(n: int = 10) -> tuple[Any, ...]:
    """A short array."""
    return (np.linspace(0.0, 1.0, n),)
