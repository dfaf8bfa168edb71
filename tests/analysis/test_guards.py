"""Products are guarded where a value may be left out, and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.primitives import guarded
from jitad.program.queries import walk
from jitad.program.statements import Compute
from jitad.transforms.adjoint import adjoint
from jitad.transforms.tangent import tangent
from tests.reading.driver import read


def count(program: Any) -> int:
    """How many guarded products a program has."""
    return sum(isinstance(s, Compute) and s.primitive is guarded.times for s in walk(program.body))


def straight(x):
    return np.sum(np.log(x) / x + np.sqrt(x) * np.exp(x))


def chosen(x):
    y = np.where(x > 1.0, np.log(x), x * x)
    return np.sum(y * y)


def selected(x):
    y = np.log(x)
    return np.sum(np.where(x > 1.0, y, x * x) + 0.0 * np.exp(x))


def limited(x):
    return np.sum(np.maximum(np.exp(x), 2.0))


def within_an_arm(x):
    y = math.log(x) if x > 0.5 else 0.0
    return y * y


def after_a_branch(x):
    y = 2.0 * x
    if x > 0.5:
        y = x * x
    return math.log(y) * math.exp(y)


def before_a_branch(x):
    y = math.log(x)
    if x > 0.5:
        return y * y
    return x


def through_memory(x):
    y = np.log(x)
    for i in range(y.shape[0]):
        if x[i] <= 0.0:
            y[i] = -1.0
    return np.sum(y)


def terms_before_a_branch(x):
    total = 0.0
    for i in range(x.shape[0]):
        y = math.log(x[i])
        if x[i] > 0.0:
            total += y
    return total


def left_out_total(x, n):
    total = 0.0
    for i in range(x.shape[0]):
        total += math.log(x[i])
    return total if n > 0 else 0.0


def square_root(x, c):
    y = np.sqrt(x) * c
    return np.sum(np.where(x > 0.0, y, 0.0))


def arc_sine(x, c):
    y = np.arcsin(x) * c
    return np.sum(np.where(x < 1.0, y, 0.0))


def broken_power(x, c):
    y = x**1.5 * c
    return np.sum(np.where(x > 0.0, y, 0.0))


def remainder(x, c):
    y = np.fmod(1.0, x) * c
    return np.sum(np.where(x > 0.0, y, 0.0))


def tame(x):
    return np.sum(np.maximum(np.sin(x) * x**3 / 2.0, 0.1))


@pytest.mark.parametrize(
    ("kernel", "arg", "is_guarded"),
    [
        (straight, np.ones(3), False),
        (chosen, np.ones(3), False),
        (selected, np.ones(3), True),
        (limited, np.ones(3), True),
        (within_an_arm, 1.0, False),
        (after_a_branch, 1.0, False),
        (before_a_branch, 1.0, True),
        (through_memory, np.ones(3), True),
        (terms_before_a_branch, np.ones(3), True),
        (tame, np.ones(3), False),
    ],
)
def test_guards_in_the_reverse_sweep(kernel: Callable[..., Any], arg: Any, is_guarded: bool) -> None:
    assert (count(adjoint(read(kernel, arg).program, (0,)).program) > 0) is is_guarded


def test_terms_are_guarded_where_their_sum_may_be_left_out() -> None:
    assert count(adjoint(read(left_out_total, np.ones(3), 1).program, (0,)).program) > 0


@pytest.mark.parametrize(
    ("kernel", "args", "expected"),
    [
        (before_a_branch, (0.0,), 1.0),
        (through_memory, (np.array([0.0, 2.0]),), [0.0, 0.5]),
        (terms_before_a_branch, (np.array([0.0, 2.0]),), [0.0, 0.5]),
        (left_out_total, (np.array([0.0, 2.0]), 0), [0.0, 0.0]),
    ],
)
def test_what_is_left_out_contributes_nothing(kernel: Callable[..., Any], args: Any, expected: Any) -> None:
    with uncompiled():
        np.testing.assert_array_equal(jitad.grad(kernel)(*args), expected)


@pytest.mark.parametrize(
    ("kernel", "x", "by_factor"),
    [
        (square_root, [-1.0, 4.0], 2.0),
        (arc_sine, [2.0, 0.5], math.asin(0.5)),
        (broken_power, [-1.0, 4.0], 8.0),
        (remainder, [0.0, 0.75], 0.25),
    ],
)
def test_nan_that_is_left_out_contributes_nothing(kernel: Callable[..., Any], x: list[float], by_factor: float) -> None:
    with uncompiled(), np.errstate(invalid="ignore", divide="ignore"):
        by_x, by_c = jitad.grad(kernel, argnums=(0, 1))(np.array(x), 2.0)
    assert by_x[0] == 0.0
    assert by_c == pytest.approx(by_factor, rel=1e-15)


def test_seeds_and_directions_guard_what_is_finite_at_its_pole() -> None:
    program = read(lambda x: np.sqrt(x) + np.log(x), np.ones(3)).program
    assert count(adjoint(program, (0,), seeded=True).program) == 1
    assert count(tangent(program, (0,)).program) == 1
