"""Loops of adjoints that jump from row to row are turned inside out, and only they."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Load, Loop, Program
from tests.transforms.kernels import adjoint_of, assert_gradient, loops


def symmetric_update(c, a, b):
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            c[i, : i + 1] += a[: i + 1, k] * b[i, k] + b[: i + 1, k] * a[i, k]
    return np.sum(c * c)


def scaled_update(c, a, b):
    scale = b[0, 0]
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            c[i] += scale * a[i, k] * b[: a.shape[0], k]
    return np.sum(c * c)


def product_by_columns(c, a, b):
    for j in range(c.shape[1]):
        for k in range(a.shape[1]):
            for i in range(c.shape[0]):
                c[i, j] += a[i, k] * b[j, k]
    return np.sum(c * c)


def jumps(program: Program) -> int:
    """How many sums in innermost loops go from row to row."""
    innermost = [s for s in loops(program) if not any(isinstance(i, Loop) for i in walk(s.body))]
    return sum(isinstance(s, Accumulate) and loop.index in s.index[:-1] for loop in innermost for s in loop.body)


def arguments(n: int, k: int) -> tuple[Any, ...]:
    random = np.random.default_rng(4)
    return random.normal(size=(n, n)), random.normal(size=(n, k)), random.normal(size=(n, k))


@pytest.mark.parametrize("kernel", [symmetric_update, scaled_update])
def test_adjoints_are_added_along_rows(kernel: Any) -> None:
    assert jumps(adjoint_of(kernel, *arguments(3, 4), wrt=(0, 1, 2)).program) == 0


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (2, 4), (4, 3)])
@pytest.mark.parametrize("kernel", [symmetric_update, scaled_update, product_by_columns])
def test_gradients(kernel: Any, size: tuple[int, int]) -> None:
    assert_gradient(kernel, *arguments(*size))


def forgetting(c, a, b):
    state = 0.7
    for i in range(1, c.shape[1]):
        for j in range(c.shape[0]):
            state = 0.5 * state + 0.3 * (c[j, i - 1] + b[0, 0])
    return state * a[0, 0]


def test_what_is_carried_and_no_sum_keeps_its_order() -> None:
    assert_gradient(forgetting, *arguments(4, 2))


def reads_what_it_adds_to(c, a, b):
    for i in range(a.shape[0]):
        for k in range(1, a.shape[1]):
            c[i] += a[:, k] * b[i, k]
            a[:, k] += c[i] * a[i, k - 1]
    return np.sum(c * c)


def lengths_that_vary(c, a, b):
    for k in range(a.shape[1]):
        for j in range(min(k, c.shape[0])):
            c[0, j] += a[j, k] * b[j, k]
    return np.sum(c * c)


@pytest.mark.parametrize("kernel", [reads_what_it_adds_to, lengths_that_vary])
def test_others_keep_their_order(kernel: Any) -> None:
    assert_gradient(kernel, *arguments(3, 4))


def only_in_the_primal(c, a, b):
    for k in range(a.shape[1]):
        for j in range(a.shape[0]):
            c[0, 0] += a[j, k] * b[j, k]
    return c[0, 0]


def test_the_users_own_loops_keep_their_order() -> None:
    program = adjoint_of(only_in_the_primal, *arguments(3, 2), wrt=(0,)).program
    (outer,) = (s for s in program.body if isinstance(s, Loop) and s.origin and "range(a.shape[1])" in s.origin.text)
    (inner,) = (s for s in outer.body if isinstance(s, Loop))
    (read, _) = (s for s in inner.body if isinstance(s, Load))
    assert read.index == (inner.index, outer.index)


def costly_between(c, a, b):
    for k in range(a.shape[1]):
        scale = np.exp(b[0, k])
        for j in range(c.shape[0]):
            c[0, j] += a[j, k] * scale
    return np.sum(c * c)


def test_arithmetic_between_the_loops_is_done_once() -> None:
    program = adjoint_of(costly_between, *arguments(3, 2), wrt=(1, 2)).program
    assert jumps(program) == 1
    assert_gradient(costly_between, *arguments(3, 4))
