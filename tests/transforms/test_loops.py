"""Order-free loops, gathers and hoisted sums: which loops they take, and that the derivative stays right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Branch, Loop, Program, Store
from jitad.transforms.gather import gather_scattered_sums
from jitad.transforms.hoist import hoist_sums
from jitad.transforms.localize import localize
from jitad.transforms.order_free import mark_order_free
from tests.transforms import kernels
from tests.transforms.kernels import adjoint_of, loops, program_of


def smooth(u, n, m):
    v = np.zeros_like(u)
    for i in range(1, n - 1):
        for j in range(2, m):
            v[i, j] = u[i, j] + 2.0 * u[i - 1, j] + 3.0 * u[i + 1, j - 2]
    return np.sum(v * v)


def in_place_sweep(u, n, m):
    for i in range(1, n - 1):
        for j in range(2, m):
            u[i, j] = u[i, j] + 2.0 * u[i - 1, j]
    return np.sum(u)


def last_one_wins(u, n, m):
    v = np.zeros(3)
    for i in range(n):
        v[i % 2] = u[i, 0]
    return v[0] + v[1]


def remembers(u, n, m):
    before = 0.0
    total = 0.0
    for i in range(n):
        total += before * u[i, 0]
        before = u[i, 0]
    return total


def reads_its_sum(u, n, m):
    total = 0.0
    for i in range(n):
        total += u[i, 0]
        u[i, 0] = total
    return np.sum(u)


def marked(function: Any) -> list[bool]:
    """Which of the user's loops are found to be order-free."""
    program = localize(program_of(function, np.ones((4, 5)), 4, 5))
    return [
        after.order_free
        for before, after in zip(loops(program), loops(mark_order_free(program)), strict=True)
        if not before.order_free
    ]


def test_independent_iterations_are_found() -> None:
    assert marked(smooth) == [True, True]


@pytest.mark.parametrize("function", [last_one_wins, remembers, reads_its_sum])
def test_dependent_iterations_are_not_mistaken(function: Any) -> None:
    assert marked(function) == [False]


def test_a_sweep_that_reads_what_it_wrote_keeps_its_order() -> None:
    outer, inner = marked(in_place_sweep)
    assert not outer
    assert inner


def test_a_product_keeps_its_order() -> None:
    program = program_of(kernels.running_product, np.ones(4))
    assert [loop.order_free for loop in loops(mark_order_free(program))] == [False]


def gradient(program: Program, u: np.ndarray) -> np.ndarray:
    check(program)
    found = np.zeros_like(u)
    evaluate(program, [u.copy(), *u.shape, found])
    return found


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (3, 7), (4, 4), (7, 3), (6, 8)])
def test_a_gathered_stencil_has_the_scattered_ones_gradient(shape: tuple[int, int]) -> None:
    u = np.random.default_rng(1).normal(size=shape)
    n, m = shape
    v = np.zeros_like(u)
    v[1:-1, 2:] = u[1:-1, 2:] + 2.0 * u[:-2, 2:] + 3.0 * u[2:, :-2]
    expected = np.zeros_like(u)
    expected[1:-1, 2:] += 2 * v[1:-1, 2:]
    expected[:-2, 2:] += 4 * v[1:-1, 2:]
    expected[2:, :-2] += 6 * v[1:-1, 2:]
    made = adjoint_of(smooth, u, n, m).program
    np.testing.assert_allclose(gradient(made, u), expected, rtol=1e-13, atol=1e-13)


def test_the_gather_adds_to_each_element_once() -> None:
    made = adjoint_of(smooth, np.ones((4, 5)), 4, 5).program
    innermost = [loop for loop in loops(made) if not any(isinstance(s, Loop | Branch) for s in loop.body)]
    assert all(sum(isinstance(s, Accumulate) for s in loop.body) <= 1 for loop in innermost)
    assert gather_scattered_sums(made).body.statements


def test_sums_into_a_fixed_element_are_carried() -> None:
    x = np.linspace(0.5, 1.5, 6)
    made = adjoint_of(kernels.sum_over_pairs, x).program
    found = np.zeros_like(x)
    evaluate(made, [x, found])
    np.testing.assert_allclose(found, 2 * (6 * x - x.sum()), rtol=1e-13)
    carried = [loop for loop in loops(made) if any(param.name.endswith("_sum") for param in loop.params)]
    assert len(carried) == 1
    assert not any(isinstance(s, Store) for s in walk(hoist_sums(made).body))
