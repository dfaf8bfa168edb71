"""Gravitational energy of particles: a double loop over pairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

SOFTENING = 1e-4


def nbody_energy(position, mass):
    """Potential energy, softened; ``position`` has shape (n, 3), ``mass`` shape (n,)."""
    energy = 0.0
    for i in range(position.shape[0]):
        for j in range(i + 1, position.shape[0]):
            dx = position[i, 0] - position[j, 0]
            dy = position[i, 1] - position[j, 1]
            dz = position[i, 2] - position[j, 2]
            energy -= mass[i] * mass[j] / math.sqrt(dx * dx + dy * dy + dz * dz + SOFTENING)
    return energy


def nbody_energy_by_hand(position, mass):
    """Value and gradient of ``nbody_energy`` by ``position``."""
    gradient = np.zeros_like(position)
    energy = 0.0
    for i in range(position.shape[0]):
        gx = gy = gz = 0.0
        for j in range(i + 1, position.shape[0]):
            dx = position[i, 0] - position[j, 0]
            dy = position[i, 1] - position[j, 1]
            dz = position[i, 2] - position[j, 2]
            inverse = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz + SOFTENING)
            pair = mass[i] * mass[j] * inverse
            energy -= pair
            pull = pair * inverse * inverse
            gx += pull * dx
            gy += pull * dy
            gz += pull * dz
            gradient[j, 0] -= pull * dx
            gradient[j, 1] -= pull * dy
            gradient[j, 2] -= pull * dz
        gradient[i, 0] += gx
        gradient[i, 1] += gy
        gradient[i, 2] += gz
    return energy, (gradient,)


def nbody_inputs(bodies: int = 500) -> tuple[Any, ...]:
    """Particles spread over a cube."""
    rng = np.random.default_rng(1)
    return rng.normal(size=(bodies, 3)), rng.uniform(0.5, 1.5, bodies)
