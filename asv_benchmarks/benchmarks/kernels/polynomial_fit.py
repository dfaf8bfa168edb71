"""Linear least squares: the misfit of a polynomial."""

from __future__ import annotations

from typing import Any

import numpy as np


def polynomial_misfit(coefficients, t, y):
    """Half the sum of squares of y[i] - sum over j of coefficients[j] t[i]^j; shapes (m,), (n,), (n,)."""
    total = 0.0
    for i in range(t.shape[0]):
        fitted = 0.0
        power = 1.0
        for j in range(coefficients.shape[0]):
            fitted += coefficients[j] * power
            power *= t[i]
        rest = y[i] - fitted
        total += 0.5 * rest * rest
    return total


def polynomial_misfit_by_hand(coefficients, t, y):
    """Value and gradient of ``polynomial_misfit`` by ``coefficients``: the powers are computed again, not kept."""
    gradient = np.zeros_like(coefficients)
    total = 0.0
    for i in range(t.shape[0]):
        fitted = 0.0
        power = 1.0
        for j in range(coefficients.shape[0]):
            fitted += coefficients[j] * power
            power *= t[i]
        rest = y[i] - fitted
        total += 0.5 * rest * rest
        term = -rest
        for j in range(coefficients.shape[0]):
            gradient[j] += term
            term *= t[i]
    return total, (gradient,)


def polynomial_inputs(points: int = 100_000, terms: int = 8) -> tuple[Any, ...]:
    """Noisy values of a polynomial at random places of [-1, 1], and other coefficients than its own."""
    rng = np.random.default_rng(10)
    t = rng.uniform(-1.0, 1.0, points)
    y = np.polynomial.polynomial.polyval(t, rng.normal(size=terms)) + 0.1 * rng.normal(size=points)
    return rng.normal(size=terms), t, y
