"""Loops that choose are differentiated through the chosen iteration alone: which, and that derivatives stay right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.primitives.known import known_value
from jitad.program.queries import walk
from jitad.program.statements import Compute, Loop, Pop, Program
from jitad.testing import check_grads
from tests.transforms.kernels import adjoint_of, loops
from tests.transforms.test_flowing import nearest_by_branch, nearest_centre


def choices(program: Program) -> int:
    """How many loops carry what they chose."""
    return sum(any(param.name == "chosen" for param in loop.params) for loop in loops(program))


def is_recorded(program: Program) -> bool:
    return any(isinstance(s, Pop) for s in walk(program.body))


def largest(x, y):
    best = x[0]
    for i in range(1, x.shape[0]):
        best = max(best, x[i] * y)
    return best * best


def largest_backwards(x, y):
    best = y
    for i in range(x.shape[0] - 1, -1, -2):
        if best <= x[i]:
            best = x[i]
    return best


def kept_unless(x, y):
    best = y
    for i in range(x.shape[0]):
        best = best if x[i] < best else x[i] ** 2
    return best


def two_of_one_place(x, y):
    best = -10.0
    square = y
    for i in range(x.shape[0]):
        is_better = x[i] > best
        square = x[i] ** 2 if is_better else square
        best = x[i] if is_better else best
    return best * square


def worst_of_best(x, y):
    worst = 100.0
    for i in range(x.shape[0]):
        best = -100.0
        for j in range(x.shape[0]):
            best = max(best, x[i] * x[j] - y * x[j])
        worst = min(worst, best)
    return worst


def inside_a_recurrence(x, y):
    s = y
    for _ in range(3):
        best = -100.0
        for j in range(x.shape[0]):
            best = max(best, math.sin(s) * x[j])
        s = s * best
        x[1] = s
    return s


def sum_of_two(x, y):
    best = y
    total = 0.0
    for i in range(x.shape[0]):
        best = max(best, x[i])
        total += best
    return total


def two_conditions(x, y):
    best = y
    least = y
    for i in range(x.shape[0]):
        best = max(best, x[i])
        least = min(least, x[i])
    return best - least


def made_of_the_last(x, y):
    best = y
    for i in range(x.shape[0]):
        best = best + x[i] if x[i] > 0.7 else best
    return best


def with_stores(x, y):
    best = y
    for i in range(x.shape[0]):
        x[i] = x[i] * 0.5
        best = max(best, x[i])
    return best


def of_another_iteration(x, y):
    best = y
    before = y
    for i in range(x.shape[0]):
        best = max(best, before * x[i])
        before = x[i]
    return best


CHOICES = (largest, largest_backwards, kept_unless, two_of_one_place)
NESTED = (worst_of_best, inside_a_recurrence)
OTHERS = (sum_of_two, two_conditions, made_of_the_last, with_stores, of_another_iteration)


def inputs(n: int, dtype: Any = np.float64) -> tuple[Any, Any]:
    random = np.random.default_rng(20 + n)
    return random.uniform(0.5, 1.5, n).astype(dtype), dtype(0.8)


@pytest.mark.parametrize("kernel", CHOICES)
def test_a_choice_records_nothing(kernel: Any) -> None:
    made = adjoint_of(kernel, *inputs(4), wrt=(0, 1)).program
    assert choices(made) == 1
    assert not is_recorded(made)
    assert len(loops(made)) == 1


def test_the_nearest_centre_is_a_choice() -> None:
    for kernel in (nearest_centre, nearest_by_branch):
        made = adjoint_of(kernel, np.ones((5, 3)), np.ones((4, 3))).program
        assert choices(made) == 1
    assert not is_recorded(adjoint_of(nearest_centre, np.ones((5, 3)), np.ones((4, 3))).program)


def test_choices_among_choices() -> None:
    assert choices(adjoint_of(worst_of_best, *inputs(4), wrt=(0, 1)).program) >= 2


@pytest.mark.parametrize("kernel", OTHERS)
def test_what_is_no_choice(kernel: Any) -> None:
    assert choices(adjoint_of(kernel, *inputs(4), wrt=(0, 1)).program) == 0


def test_a_constant_choice_is_left_alone() -> None:
    def kernel(x, y):
        best = 0.0
        for i in range(x.shape[0]):
            best = max(best, y[i])
        return best * np.sum(x)

    assert choices(adjoint_of(kernel, np.ones(3), np.ones(3)).program) == 0


@pytest.mark.parametrize("kernel", [*CHOICES, *NESTED, *OTHERS])
@pytest.mark.parametrize("n", [2, 5])
def test_derivatives(kernel: Any, n: int) -> None:
    with uncompiled():
        check_grads(kernel, inputs(n), order=2)


@pytest.mark.parametrize("kernel", [*CHOICES, worst_of_best])
def test_one_candidate_and_float32(kernel: Any) -> None:
    with uncompiled():
        check_grads(kernel, inputs(1), order=1)
        check_grads(kernel, inputs(5, np.float32), order=1)


def test_nothing_was_chosen() -> None:
    with uncompiled():
        by_x, by_y = jitad.grad(largest_backwards, argnums=(0, 1))(np.zeros(0), 2.0)
        assert by_x.shape == (0,)
        assert by_y == 1.0
        by_x, by_y = jitad.grad(largest_backwards, argnums=(0, 1))(np.array([1.0, math.nan]), 2.0)
    np.testing.assert_array_equal(by_x, [0.0, 0.0])
    assert by_y == 1.0


def test_of_equal_candidates_the_first_counts() -> None:
    with uncompiled():
        gradient = jitad.grad(largest)(np.array([1.0, 3.0, 3.0, 2.0]), 1.0)
    np.testing.assert_array_equal(gradient, [0.0, 6.0, 0.0, 0.0])


def test_the_value_keeps_its_bits() -> None:
    x, y = inputs(50)
    with uncompiled():
        assert jitad.value_and_grad(largest)(x, y)[0] == largest(x, y)


@pytest.mark.parametrize("kernel", [largest, two_of_one_place, worst_of_best])
def test_compiled_code_agrees(kernel: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITAD_CACHE_DIR", str(tmp_path))
    value, gradients = jitad.value_and_grad(kernel, argnums=(0, 1))(*inputs(6))
    with uncompiled():
        expected_value, expected = jitad.value_and_grad(kernel, argnums=(0, 1))(*inputs(6))
    assert value == expected_value
    for found, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_the_chosen_value_is_not_computed_again() -> None:
    program = adjoint_of(nearest_centre, np.ones((5, 3)), np.ones((4, 3))).program
    assert not any(isinstance(s, Compute) and s.primitive is known_value for s in walk(program.body))
    coordinates = [loop for loop in loops(program) if not any(isinstance(s, Loop) for s in loop.body)]
    assert len(coordinates) == 2  # of all distances, and of the nearest centre's adjoint
