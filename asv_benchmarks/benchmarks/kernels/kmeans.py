"""The cost of k-means: squared distances of points to their nearest centres."""

from __future__ import annotations

from typing import Any

import numpy as np


def kmeans_cost(centres, points):
    """Sum over points of the squared distance to the nearest centre; shapes (k, d), (n, d)."""
    total = 0.0
    for i in range(points.shape[0]):
        nearest = np.inf
        for j in range(centres.shape[0]):
            squared = 0.0
            for a in range(points.shape[1]):
                apart = points[i, a] - centres[j, a]
                squared += apart * apart
            nearest = min(nearest, squared)
        total += nearest
    return total


def kmeans_cost_by_hand(centres, points):
    """Value and gradient of ``kmeans_cost`` by ``centres``: only the nearest centre of a point is touched again."""
    gradient = np.zeros_like(centres)
    total = 0.0
    for i in range(points.shape[0]):
        nearest = np.inf
        chosen = 0
        for j in range(centres.shape[0]):
            squared = 0.0
            for a in range(points.shape[1]):
                apart = points[i, a] - centres[j, a]
                squared += apart * apart
            if squared < nearest:
                nearest = squared
                chosen = j
        total += nearest
        for a in range(points.shape[1]):
            gradient[chosen, a] -= 2.0 * (points[i, a] - centres[chosen, a])
    return total, (gradient,)


def kmeans_inputs(points: int = 10_000, dimensions: int = 10, centres: int = 16) -> tuple[Any, ...]:
    """Clouds of points, and centres that aren't theirs."""
    rng = np.random.default_rng(11)
    clouds = 3.0 * rng.normal(size=(centres, dimensions))
    drawn = clouds[rng.integers(0, centres, points)] + rng.normal(size=(points, dimensions))
    return clouds + 0.5 * rng.normal(size=clouds.shape), drawn
