"""Sums fall on zeros of a box and are stored there: which zeros go, and that nothing changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.builder import is_const
from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Loop, Program, Store
from tests.transforms.kernels import adjoint_of, assert_gradient

SHAPES = [(3, 3), (3, 6), (4, 4), (5, 7)]


def two_grids(a):
    b = a.copy()
    c = a.copy()
    for _ in range(3):
        c[1:-1, 1:-1] = b[1:-1, 1:-1] + 0.2 * (b[2:, 1:-1] - b[:-2, 1:-1] + b[1:-1, 2:] * b[1:-1, :-2])
        b[1:-1, 1:-1] = c[1:-1, 1:-1] + 0.3 * (c[2:, 1:-1] - c[:-2, 1:-1] - c[1:-1, 2:] + c[1:-1, :-2])
    return np.sum(b * b)


def two_linear_grids(a):
    b = a.copy()
    c = a.copy()
    for _ in range(3):
        c[1:-1, 1:-1] = b[1:-1, 1:-1] + 0.2 * (b[2:, 1:-1] - b[:-2, 1:-1] + b[1:-1, 2:] - b[1:-1, :-2])
        b[1:-1, 1:-1] = c[1:-1, 1:-1] + 0.3 * (c[2:, 1:-1] - c[:-2, 1:-1] - c[1:-1, 2:] + c[1:-1, :-2])
    return np.sum(b * b)


def one_grid(a):
    b = a.copy()
    for _ in range(3):
        b[1:-1, 1:-1] = b[1:-1, 1:-1] + 0.2 * (b[2:, 1:-1] - b[:-2, 1:-1] + b[1:-1, 2:])
    return np.sum(b * b)


def read_in_between(a):
    b = a.copy()
    c = a.copy()
    total = 0.0
    for _ in range(3):
        c[1:-1, 1:-1] = b[1:-1, 1:-1] + 0.2 * (b[2:, 1:-1] - b[:-2, 1:-1])
        total += np.sum(c[1] * b[0])
        b[1:-1, 1:-1] = c[1:-1, 1:-1] + 0.3 * (c[1:-1, 2:] - c[1:-1, :-2])
    return total + np.sum(b * b)


def started_elsewhere(a):
    b = a.copy()
    c = a.copy()
    for _ in range(3):
        c[1:-1, 1:-1] = b[1:-1, 1:-1] + 0.2 * (b[2:, 1:-1] - b[:-2, 1:-1])
        b[1:-1, 1:-1] = c[1:-1, 1:-1] + 0.3 * (c[1:-1, 2:] - c[1:-1, :-2])
    return np.sum(c * c * b)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kernel", [two_grids, two_linear_grids, one_grid, read_in_between, started_elsewhere])
def test_gradients_are_right_at_every_size(kernel: Any, shape: tuple[int, int]) -> None:
    assert_gradient(kernel, np.random.default_rng(4).normal(size=shape))


def sweep(program: Program) -> Loop:
    """The loop of the reverse sweep in which the steps are."""
    return [s for s in program.body if isinstance(s, Loop) and s.descending][-1]


def test_sums_are_stored_in_both_grids() -> None:
    steps = sweep(adjoint_of(two_linear_grids, np.ones((5, 6))).program)
    stored = {s.array.name for s in walk(steps.body) if isinstance(s, Store) and not is_const(s.value, 0)}
    assert {"b_bar", "c_bar"} <= stored


def test_zeros_are_left_for_the_rim() -> None:
    steps = sweep(adjoint_of(two_linear_grids, np.ones((5, 6))).program)
    order = [s for s in walk(steps.body) if isinstance(s, Store) and s.array.name in ("b_bar", "c_bar")]
    assert [is_const(s.value, 0) for s in order] == [True, False, True, False]


def test_the_grid_that_is_overwritten_in_place_is_stored() -> None:
    steps = sweep(adjoint_of(one_grid, np.ones((5, 6))).program)
    assert any(isinstance(s, Accumulate) for s in walk(steps.body))
    assert any(isinstance(s, Store) and s.array.name == "b_bar" and not is_const(s.value, 0) for s in walk(steps.body))
