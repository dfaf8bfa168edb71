"""Recovering a map from the distances between its places (multidimensional scaling)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, error_model="numpy")
def stress(positions: Any, distances: Any) -> float:
    """Sum over pairs of (squared distance on the map - squared given distance) squared.

    ``positions`` has shape (n, 2), ``distances`` shape (n, n), both float64 and in one unit of length.
    """
    total = 0.0
    for i in range(positions.shape[0]):
        for j in range(i):
            east = positions[i, 0] - positions[j, 0]
            north = positions[i, 1] - positions[j, 1]
            excess = east * east + north * north - distances[i, j] ** 2
            total += excess * excess
    return total


def with_north_up(
    positions: NDArray[np.float64], south: int, north: int, bearing: float, eastern: int
) -> NDArray[np.float64]:
    """Turn and, if need be, mirror a map, both of which leave all distances as they are.

    Afterwards place ``north`` lies at ``bearing`` (radians, clockwise from north) as seen from place ``south``, and
    place ``eastern`` to the right of the line from one to the other. ``positions`` has shape (n, 2).
    """
    moved = positions - positions.mean(axis=0)
    along = moved[north] - moved[south]
    offset = moved[eastern] - moved[south]
    if along[1] * offset[0] - along[0] * offset[1] < 0:
        moved = moved * np.array([-1.0, 1.0])
        along = moved[north] - moved[south]
    turn = np.arctan2(along[0], along[1]) - bearing
    cos, sin = np.cos(turn), np.sin(turn)
    return moved @ np.array([[cos, sin], [-sin, cos]])


def map_distances(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances between all places of a map: shape (n, 2) to shape (n, n)."""
    return np.hypot(*(positions[:, None, :] - positions[None, :, :]).transpose(2, 0, 1))
