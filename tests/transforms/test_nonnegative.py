"""Comparisons with 0 are decided where the sign is known, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.primitives import core
from jitad.program.queries import walk
from jitad.program.statements import Compute, Program
from jitad.transforms.induction import remove_counters
from jitad.transforms.nonnegative import fold_signs
from tests.transforms.kernels import assert_gradient, program_of

X = np.linspace(-0.8, 1.3, 10)


def signs_asked(program: Program) -> int:
    """How many comparisons of integers with 0 are left."""
    return sum(
        isinstance(s, Compute) and s.primitive in (core.lt, core.ge) and _with_zero(s) for s in walk(program.body)
    )


def _with_zero(statement: Compute) -> bool:
    value, bound = statement.args
    return str(value.type) == "int64" and getattr(bound, "value", None) == 0


def folded(kernel: Any) -> Program:
    return fold_signs(remove_counters(program_of(kernel, X, 4)))


def counter(x, n):
    at, total = 0, 0.0
    for _ in range(4):
        total += x[at] * x[at]
        at += 2
    return total


def conditional_counter(x, n):
    at, total = 0, 0.0
    for i in range(4):
        total += x[at] * x[i]
        if x[i] > -0.5:
            at += 1
    return total * x[at]


def row_and_column(x, n):
    at, total = 0, 0.0
    for i in range(3):
        for j in range(2):
            total += x[at * 2 + j] * x[(i + at) // 2]
        at += 2
    return total


def remainder(x, n):
    total = 0.0
    for i in range(4):
        total += x[(i - 3) % 4] * x[(n - 9) % x.size]
    return total


def conditional_loop(x, n):
    total, at = 0.0, 0
    while at < 5:
        total += x[at] * x[2 * at]
        at += 1
    return total


@pytest.mark.parametrize(
    "kernel", [counter, conditional_counter, row_and_column, remainder, conditional_loop], ids=lambda k: k.__name__
)
def test_signs_that_are_known(kernel: Any) -> None:
    assert signs_asked(program_of(kernel, X, 4)) > 0
    assert signs_asked(folded(kernel)) == 0
    assert_gradient(kernel, X, 4)


def downwards(x, n):
    at, total = 2, 0.0
    for i in range(5):
        total += x[at] * x[i]
        at -= 1
    return total


def descending_range(x, n):
    total = 0.0
    for i in range(2, -3, -1):
        total += x[i] ** 3
    return total


def range_from_below(x, n):
    total = 0.0
    for i in range(n - 6, 3):
        total += x[i] ** 3
    return total


def parameter(x, n):
    return x[n - 6] * x[-n]


def difference(x, n):
    total = 0.0
    for i in range(4):
        total += x[i - 2] * x[i // -2]
    return total


def negative_factor(x, n):
    total = 0.0
    for i in range(4):
        total += x[i * -2] ** 2
    return total


def chosen(x, n):
    at, total = 1, 0.0
    for _ in range(4):
        total += x[at] ** 3
        at = at - 1 if at > -2 else 3
    return total


@pytest.mark.parametrize(
    "kernel",
    [downwards, descending_range, range_from_below, parameter, difference, negative_factor, chosen],
    ids=lambda k: k.__name__,
)
def test_signs_that_arent(kernel: Any) -> None:
    assert signs_asked(folded(kernel)) > 0
    assert_gradient(kernel, X, 4)


def random_numbers(x, n):
    state, total = 12345, 0.0
    for i in range(3):
        state = state * 31 + 7
        total += x[i] if state < 0 else x[i + 1]
    return total


def sequence_of_sums(x, n):
    one, other, total = 1, 1, 0.0
    for i in range(3):
        one, other = other, one + other
        total += x[i] if one < 0 else x[i + 1]
    return total


def large_steps(x, n):
    state, total = 0, 0.0
    for i in range(3):
        if x[i] < 9.0:
            state += 7046029254386353131
        total += x[i] if state < 0 else x[i + 1]
    return total


@pytest.mark.parametrize("kernel", [random_numbers, sequence_of_sums, large_steps], ids=lambda k: k.__name__)
def test_numbers_that_may_overflow(kernel: Any) -> None:
    assert signs_asked(folded(kernel)) > 0
