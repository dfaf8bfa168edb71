"""Rosenbrock's function as a loop over neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np


def rosenbrock(x):
    """Sum of 100 (x[i+1] - x[i]²)² + (1 - x[i])²; ``x`` has shape (n,)."""
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def rosenbrock_by_hand(x):
    """Value and gradient of ``rosenbrock``: a place takes what its two terms give at once."""
    n = x.shape[0]
    gradient = np.empty_like(x)
    total = 0.0
    before = 0.0
    for i in range(n - 1):
        valley = x[i + 1] - x[i] * x[i]
        rest = 1.0 - x[i]
        total += 100.0 * valley * valley + rest * rest
        gradient[i] = before - 400.0 * x[i] * valley - 2.0 * rest
        before = 200.0 * valley
    gradient[n - 1] = before
    return total, (gradient,)


def rosenbrock_inputs(n: int = 100_000) -> tuple[Any, ...]:
    """A random point."""
    return (np.random.default_rng(0).uniform(-2.0, 2.0, n),)
