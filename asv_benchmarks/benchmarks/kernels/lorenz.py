"""The Lorenz system integrated by Euler steps: carried scalars, nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np

STEP = 1e-5
"""Short enough that the derivative stays finite over 10⁶ steps: the system is chaotic."""


def lorenz(x, y, z, sigma, rho, beta, steps):
    """Squared norm of the state after ``steps`` Euler steps of length ``STEP``; all arguments but the last float64."""
    for _ in range(steps):
        dx = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - beta * z
        x = x + STEP * dx
        y = y + STEP * dy
        z = z + STEP * dz
    return x * x + y * y + z * z


def lorenz_by_hand(x, y, z, sigma, rho, beta, steps):
    """Value and gradient of ``lorenz`` by its six float arguments."""
    tape = np.empty(3 * steps)
    for i in range(steps):
        tape[3 * i] = x
        tape[3 * i + 1] = y
        tape[3 * i + 2] = z
        dx = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - beta * z
        x = x + STEP * dx
        y = y + STEP * dy
        z = z + STEP * dz
    value = x * x + y * y + z * z
    x_bar, y_bar, z_bar = 2.0 * x, 2.0 * y, 2.0 * z
    sigma_bar = rho_bar = beta_bar = 0.0
    for i in range(steps - 1, -1, -1):
        x = tape[3 * i]
        y = tape[3 * i + 1]
        z = tape[3 * i + 2]
        dx_bar = STEP * x_bar
        dy_bar = STEP * y_bar
        dz_bar = STEP * z_bar
        sigma_bar += dx_bar * (y - x)
        rho_bar += dy_bar * x
        beta_bar -= dz_bar * z
        x_bar += dz_bar * y + dy_bar * (rho - z) - sigma * dx_bar
        y_bar += dz_bar * x - dy_bar + sigma * dx_bar
        z_bar -= beta * dz_bar + dy_bar * x
    return value, (x_bar, y_bar, z_bar, sigma_bar, rho_bar, beta_bar)


def lorenz_inputs(steps: int = 1_000_000) -> tuple[Any, ...]:
    """A start near the attractor with the classical parameters."""
    return 1.0, 1.0, 1.0, 10.0, 28.0, 8.0 / 3.0, steps
