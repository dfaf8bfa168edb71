"""Partial differential equations on grids, one statement over slices at a time."""

from __future__ import annotations

from typing import Any

import numpy as np


def heat_2d(first, steps):
    """Squared norm of a plate's temperatures, shape (n, m), after ``steps`` explicit steps; the rim is held."""
    a = first.copy()
    b = first.copy()
    for _ in range(steps // 2):
        b[1:-1, 1:-1] = a[1:-1, 1:-1] + 0.2 * (
            a[2:, 1:-1] + a[:-2, 1:-1] + a[1:-1, 2:] + a[1:-1, :-2] - 4.0 * a[1:-1, 1:-1]
        )
        a[1:-1, 1:-1] = b[1:-1, 1:-1] + 0.2 * (
            b[2:, 1:-1] + b[:-2, 1:-1] + b[1:-1, 2:] + b[1:-1, :-2] - 4.0 * b[1:-1, 1:-1]
        )
    return np.sum(a * a)


def heat_3d(first, steps):
    """Squared norm of a block's temperatures, shape (n, m, p), after ``steps`` explicit steps; the rim is held."""
    a = first.copy()
    b = first.copy()
    for _ in range(steps // 2):
        b[1:-1, 1:-1, 1:-1] = (
            0.125 * (a[2:, 1:-1, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[:-2, 1:-1, 1:-1])
            + 0.125 * (a[1:-1, 2:, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, :-2, 1:-1])
            + 0.125 * (a[1:-1, 1:-1, 2:] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, 1:-1, :-2])
            + a[1:-1, 1:-1, 1:-1]
        )
        a[1:-1, 1:-1, 1:-1] = (
            0.125 * (b[2:, 1:-1, 1:-1] - 2.0 * b[1:-1, 1:-1, 1:-1] + b[:-2, 1:-1, 1:-1])
            + 0.125 * (b[1:-1, 2:, 1:-1] - 2.0 * b[1:-1, 1:-1, 1:-1] + b[1:-1, :-2, 1:-1])
            + 0.125 * (b[1:-1, 1:-1, 2:] - 2.0 * b[1:-1, 1:-1, 1:-1] + b[1:-1, 1:-1, :-2])
            + b[1:-1, 1:-1, 1:-1]
        )
    return np.sum(a * a)


def maxwell(electric_x, electric_y, magnetic, source):
    """Energy of the magnetic field after Yee's scheme in two dimensions; shapes (n, m) each, (steps,).

    The first row of the electric field is driven by ``source``.
    """
    ex = electric_x.copy()
    ey = electric_y.copy()
    hz = magnetic.copy()
    for t in range(source.shape[0]):
        ey[0, :] = source[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return np.sum(hz * hz)


def advection(first, velocity, step, steps):
    """Squared norm of a tracer after vertical advection, implicit and centred; shapes (levels, n, m).

    Each step solves a tridiagonal system in every column, for all columns at once: Thomas's algorithm, plane by plane.
    """
    levels = first.shape[0]
    tracer = first.copy()
    upper = np.empty_like(first)
    solved = np.empty_like(first)
    for _ in range(steps):
        upper[0] = 0.0
        solved[0] = tracer[0]
        for k in range(1, levels - 1):
            beside = 0.5 * step * velocity[k]
            pivot = 1.0 / (1.0 + beside * upper[k - 1])
            upper[k] = beside * pivot
            solved[k] = (tracer[k] + beside * solved[k - 1]) * pivot
        for k in range(levels - 2, -1, -1):
            tracer[k] = solved[k] - upper[k] * tracer[k + 1]
    return np.sum(tracer * tracer)


def plate_inputs(n: int = 250, steps: int = 50) -> tuple[Any, ...]:
    """Random temperatures."""
    return np.random.default_rng(20).normal(size=(n, n)), steps


def block_inputs(n: int = 100, steps: int = 10) -> tuple[Any, ...]:
    """Random temperatures."""
    return np.random.default_rng(21).normal(size=(n, n, n)), steps


def maxwell_inputs(n: int = 200, m: int = 250, steps: int = 50) -> tuple[Any, ...]:
    """Random fields, and a pulse."""
    rng = np.random.default_rng(22)
    fields = (rng.normal(size=(n, m)) for _ in range(3))
    return (*fields, np.sin(np.linspace(0.0, 6.0, steps)))


def advection_inputs(levels: int = 100, n: int = 100, steps: int = 2) -> tuple[Any, ...]:
    """A random tracer, and a random vertical velocity."""
    rng = np.random.default_rng(23)
    return rng.normal(size=(levels, n, n)), rng.normal(size=(levels, n, n)), 0.3, steps
