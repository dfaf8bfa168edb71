"""A 2-d Jacobi stencil in array-slice style, three ways, and as loops."""

from __future__ import annotations

from typing import Any

import numpy as np


def jacobi_slices(first, second, sweeps):
    """Two grids that take turns, a statement each; squared norm of the first. Both have shape (n, n)."""
    a = first.copy()
    b = second.copy()
    for _ in range(sweeps // 2):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])
        a[1:-1, 1:-1] = 0.2 * (b[1:-1, 1:-1] + b[1:-1, :-2] + b[1:-1, 2:] + b[2:, 1:-1] + b[:-2, 1:-1])
    return np.sum(a * a)


def jacobi_loops(first, second, sweeps):
    """What ``jacobi_slices`` computes."""
    a = first.copy()
    b = second.copy()
    n, m = a.shape
    for _ in range(sweeps // 2):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                a[i, j] = 0.2 * (b[i, j] + b[i, j - 1] + b[i, j + 1] + b[i + 1, j] + b[i - 1, j])
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += a[i, j] * a[i, j]
    return total


def jacobi_swapped_slices(first, sweeps):
    """One statement a sweep, and two grids that swap names."""
    a = first.copy()
    b = first.copy()
    for _ in range(sweeps):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])
        a, b = b, a
    return np.sum(a * a)


def jacobi_swapped_loops(first, sweeps):
    """What ``jacobi_swapped_slices`` computes."""
    a = first.copy()
    b = first.copy()
    n, m = a.shape
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        a, b = b, a
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += a[i, j] * a[i, j]
    return total


def jacobi_in_place_slices(first, sweeps):
    """One grid, read and written by the same statement: the right side is evaluated first."""
    a = first.copy()
    for _ in range(sweeps):
        a[1:-1, 1:-1] = 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])
    return np.sum(a * a)


def jacobi_inputs(n: int = 150, sweeps: int = 50) -> tuple[Any, ...]:
    """Two random grids."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(n, n)), rng.normal(size=(n, n)), sweeps


def jacobi_one_grid_inputs(n: int = 150, sweeps: int = 50) -> tuple[Any, ...]:
    """One random grid."""
    return np.random.default_rng(2).normal(size=(n, n)), sweeps
