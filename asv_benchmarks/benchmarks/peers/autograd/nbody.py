"""Gravitational energy of all pairs at once."""

import autograd.numpy as np

SOFTENING = 1e-4


def nbody_energy(position, mass):
    first, second = np.triu_indices(mass.shape[0], 1)
    apart = position[first] - position[second]
    return -np.sum(mass[first] * mass[second] / np.sqrt(np.sum(apart * apart, axis=1) + SOFTENING))
