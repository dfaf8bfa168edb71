"""Coupled oscillators, every one with every other: the right-hand side of Kuramoto's equations."""

from __future__ import annotations

from typing import Any

import numpy as np


def kuramoto(theta, omega, coupling):
    """dtheta[i]/dt = omega[i] + coupling / n * sum over j of sin(theta[j] - theta[i]); shapes (n,), (n,), number."""
    n = theta.shape[0]
    rates = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += np.sin(theta[j] - theta[i])
        rates[i] = omega[i] + coupling / n * total
    return rates


def kuramoto_jacobian_by_hand(theta, omega, coupling):
    """The derivatives of ``kuramoto`` by ``theta``, of shape (n, n)."""
    n = theta.shape[0]
    jacobian = np.empty((n, n))
    for i in range(n):
        total = 0.0
        for j in range(n):
            slope = coupling / n * np.cos(theta[j] - theta[i])
            jacobian[i, j] = slope
            total += slope
        jacobian[i, i] -= total
    return jacobian


def kuramoto_inputs(n: int = 200) -> tuple[Any, ...]:
    """Phases all around the circle, and rates near zero."""
    rng = np.random.default_rng(8)
    return rng.uniform(0.0, 2.0 * np.pi, n), rng.normal(size=n), 1.5
