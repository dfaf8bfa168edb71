"""Counters are computed from the loop's index, and nothing else that a loop carries is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.statements import Program
from jitad.program.types import INT64
from jitad.transforms.induction import remove_counters
from jitad.transforms.invariant import move_invariants_out
from tests.transforms.kernels import adjoint_of, assert_gradient, loops, program_of

X = np.linspace(-0.8, 1.3, 10)


def carried_integers(program: Program) -> int:
    return sum(param.type == INT64 for loop in loops(program) for param in loop.params)


def up(x, n):
    at, total = 0, 0.0
    for i in range(n):
        total += x[at] * x[i]
        at += 2
    return total * x[at - 3]


def down(x, n):
    at, total = 9, 0.0
    for i in range(n):
        total += x[at] * x[i]
        at = at + -1
    return total * x[at]


def by_a_step_from_outside(x, n):
    at, total = 0, 0.0
    for i in range(n):
        total += x[at % 10] * x[i]
        at = (n - 2) + at
    return total * x[at % 10]


def from_the_end(x, n):
    at, total = -10, 0.0
    for i in range(2, n):
        total += x[at] * x[i]
        at += 1
    return total * x[at]


def two(x, n):
    one, other, total = 0, 9, 0.0
    for _ in range(n):
        total += x[one] * x[other] * x[one]
        one += 1
        other += -2
    return total * x[one + other]


ALL = [up, down, by_a_step_from_outside, from_the_end, two]


@pytest.mark.parametrize("kernel", ALL, ids=lambda k: k.__name__)
@pytest.mark.parametrize("n", [4, 3, 1])
def test_counters_arent_carried(kernel: Any, n: int) -> None:
    before = move_invariants_out(program_of(kernel, X, n))
    after = remove_counters(before)
    check(after)
    assert carried_integers(before) > 0
    assert carried_integers(after) == 0
    assert evaluate(after, [X, n]) == evaluate(before, [X, n])
    assert_gradient(kernel, X, n)


def below_the_diagonal(x, n):
    at, total = 0, 1.0
    for i in range(n):
        for _ in range(i):
            total += x[at] * x[i]
            at += 1
    return total * x[at - 1]


def above_the_diagonal(x, n):
    at, total = 1, 1.0
    for i in range(1, n):
        for j in range(i + 1, n):
            total += x[at] * x[i] * x[j]
            at += 1
    return total * x[at - 1]


def with_the_diagonal(x, n):
    at, total = 0, 1.0
    for i in range(2, n + 2):
        for j in range(i, n + 2):
            total += x[at] * x[j]
            at += 1
    return total * x[at - 1]


def by_the_index(x, n):
    at, total = 9, 0.0
    for i in range(1, n):
        total += x[at] * x[i]
        at -= 2 * i - 1
    return total * x[at]


TRIANGLES = [below_the_diagonal, above_the_diagonal, with_the_diagonal, by_the_index]


@pytest.mark.parametrize("kernel", TRIANGLES, ids=lambda k: k.__name__)
@pytest.mark.parametrize("n", [4, 3, 1, 0])
def test_positions_in_triangles_arent_carried(kernel: Any, n: int) -> None:
    before = move_invariants_out(program_of(kernel, X, n))
    after = remove_counters(before)
    check(after)
    assert carried_integers(before) > 0
    assert carried_integers(after) == 0
    assert evaluate(after, [X, n]) == evaluate(before, [X, n])
    assert_gradient(kernel, X, n)


@pytest.mark.parametrize("kernel", TRIANGLES[:3], ids=lambda k: k.__name__)
def test_positions_in_triangles_arent_recorded(kernel: Any) -> None:
    records = adjoint_of(kernel, X, 4).plan.records.values()
    assert not any(value.type == INT64 for values in records for value in values)


def test_rows_that_may_be_empty_are_counted_as_they_come() -> None:
    def kernel(x, n, m):
        at, total = 0, 1.0
        for i in range(n):
            for _ in range(i, m):
                total += x[at] * x[i]
                at += 1
        return total * x[at - 1]

    outer, inner = loops(remove_counters(program_of(kernel, X, 4, 2)))
    assert [param.type for param in outer.params].count(INT64) == 1
    assert INT64 not in [param.type for param in inner.params]
    for m in (2, 0, 5):
        assert_gradient(kernel, X, 4 if m < 5 else 2, m)


@pytest.mark.parametrize("n", [0, -3])
def test_counters_of_loops_that_never_run(n: int) -> None:
    def kernel(x, n):
        at = 3
        for i in range(n):
            x[i] = x[i] * x[at]
            at += 1
        return x[at] * x[at]

    assert evaluate(remove_counters(program_of(kernel, X, n)), [X.copy(), n]) == [X[3] ** 2]
    assert_gradient(kernel, X, n)


def test_counters_keep_elements_apart() -> None:
    def kernel(x, n):
        y, at = np.zeros(2 * n), 0
        for i in range(n):
            y[at] = x[i] * x[i + 1]
            at += 2
        return np.sum(y * y)

    assert loops(adjoint_of(kernel, X, 4).program)[1].order_free
    assert_gradient(kernel, X, 4)


def conditional(x, n):
    at, total = 0, 0.0
    for i in range(n):
        total += x[at] * x[i]
        if x[i] > -0.7:
            at += 1
    return total * x[at]


def by_a_step_that_changes(x, n):
    at, step, total = 0, 0, 0.0
    for i in range(n):
        total += x[at] * x[i]
        at += step
        step = 1 - step
    return total * x[at]


def by_its_square(x, n):
    at, total = 0, 0.0
    for i in range(n):
        total += x[at] * x[i]
        at += i * i
    return total * x[at % 10]


def downwards(x, n):
    at, total = 0, 0.0
    for i in range(n, 0, -1):
        total += x[at] * x[i]
        at += 1
    return total * x[at]


def in_steps(x, n):
    at, total = 0, 0.0
    for i in range(0, n, 2):
        total += x[at] * x[i]
        at += 1
    return total * x[at]


def while_positive(x, n):
    at, total = 0, 0.0
    while at < n:
        total += x[at] * x[at]
        at += 1
    return total * x[at]


@pytest.mark.parametrize(
    "kernel", [conditional, by_a_step_that_changes, by_its_square, downwards, in_steps, while_positive]
)
def test_what_is_carried_still(kernel: Any) -> None:
    before = move_invariants_out(program_of(kernel, X, 4))
    assert carried_integers(remove_counters(before)) == carried_integers(before) > 0
    assert_gradient(kernel, X, 4)


def test_integers_that_are_added_to_themselves_again_and_again() -> None:
    def kernel(x, n):
        at, total = 0, 0.0
        for i in range(n):
            a = i + i
            b = a + a
            c = b + b
            d = c + c
            at += d - 15 * i
            total += x[at] * x[i]
        return total * x[at]

    before = program_of(kernel, X, 4)
    after = remove_counters(before)
    assert carried_integers(after) == 0
    assert evaluate(after, [X, 4]) == evaluate(before, [X, 4])
    assert_gradient(kernel, X, 4)


def test_what_grows_too_fast_is_carried() -> None:
    def kernel(x, n):
        at, total = 0, 0.0
        for i in range(n):
            a = 65536 * i
            b = 65536 * a
            at += b
            total += x[at % 10] * x[i]
        return total * x[at % 10]

    before = program_of(kernel, X, 4)
    assert carried_integers(remove_counters(before)) == 1
    assert_gradient(kernel, X, 4)
