"""Buffers from outside a loop are allocated inside it where every iteration fills them first, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.analysis.aliasing import Aliases
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import sub_blocks
from jitad.program.statements import Alloc, Block, Program
from jitad.transforms.expand import expand
from jitad.transforms.induction import remove_counters
from jitad.transforms.nonnegative import fold_signs
from jitad.transforms.privatize import privatize
from tests.transforms.kernels import adjoint_of, assert_gradient, program_of

X = np.array([0.4, 0.9, -0.7, 1.2])
M = np.linspace(-0.6, 1.1, 12).reshape(3, 4)


def depths(block: Block, depth: int = 0) -> dict[str, int]:
    """In how many loops and branches arrays are allocated, by their names."""
    found: dict[str, int] = {}
    for statement in block:
        if isinstance(statement, Alloc):
            found[statement.out.name] = depth
        for inner in sub_blocks(statement):
            found.update(depths(inner, depth + 1))
    return found


def privatized(function: Any) -> tuple[Program, Program]:
    """A kernel's program before and after the pass."""
    before = fold_signs(remove_counters(program_of(function, M, X)))
    after = privatize(before)
    check(after)
    return before, after


def filled_by_a_loop(m, x):
    b = np.empty(4)
    total = 0.0
    for i in range(3):
        for j in range(4):
            b[j] = m[i, j] * x[j]
        b[1] *= b[0]
        total += b[1] * b[2]
    return total


def filled_at_once(m, x):
    b = np.zeros_like(x)
    total = 0.0
    for i in range(3):
        b[:] = m[i] * x
        total += b[0] * b[1] * b[2]
    return total


def cleared_and_summed_into(m, x):
    b = np.ones(m.shape[0])
    total = 0.0
    for i in range(3):
        b[:] = 0.0
        for k in range(3):
            for j in range(4):
                b[k] += m[k, j] * x[j] * x[i]
        total += b[0] * b[2]
    return total


def of_two_axes(m, x):
    b = np.empty((4, 3))
    total = 0.0
    for i in range(3):
        for k in range(3):
            for j in range(4):
                b[j, k] = m[k, j] * x[i]
                b[j, k] *= 2.0
        total += b[3, 0] * b[1, 2]
    return total


def filled_with_a_counter(m, x):
    b = np.empty(x.size)
    total = 0.0
    for i in range(3):
        at = 0
        for j in range(x.size):
            b[at] = m[i, j] * x[j]
            at += 1
        total += b[at - 1] * b[0]
    return total


def in_a_conditional_loop(m, x):
    b = np.empty(4)
    total, i = 0.0, 0
    while i < 3 and total < 9.0:
        for j in range(4):
            b[j] = m[i, j] * x[j]
        total += b[1] * b[2]
        i += 1
    return total


def of_a_computed_length(m, x):
    n = x.size - 1
    b = np.empty(n)
    total = 0.0
    for i in range(3):
        for j in range(n):
            b[j] = m[i, j] * x[j]
        total += b[0] * b[n - 1]
    return total


INSIDE = [
    filled_by_a_loop,
    of_a_computed_length,
    filled_at_once,
    cleared_and_summed_into,
    of_two_axes,
    filled_with_a_counter,
    in_a_conditional_loop,
]


@pytest.mark.parametrize("kernel", INSIDE, ids=lambda k: k.__name__)
def test_a_buffer_that_is_filled_first_is_allocated_inside(kernel: Any) -> None:
    before, after = privatized(kernel)
    assert depths(before.body)["b"] == 0
    assert depths(after.body)["b"] == 1
    (value,), (expected,) = (evaluate(expand(program), [M, X]) for program in (after, before))
    assert value == expected
    made = adjoint_of(kernel, M, X, wrt=(0, 1))
    assert not made.plan.undone
    assert_gradient(kernel, M, X)


def test_a_buffer_goes_into_the_innermost_loop_that_fills_it() -> None:
    def kernel(m, x):
        b = np.empty(4)
        total = 1.0
        for _ in range(2):
            for i in range(3):
                for j in range(4):
                    b[j] = m[i, j] * x[j] * total
                total += 0.1 * b[1] * b[2]
        return total

    assert depths(privatized(kernel)[1].body)["b"] == 2
    assert_gradient(kernel, M, X)


def filled_in_part(m, x):
    b = np.zeros(4)
    total = 0.0
    for i in range(3):
        for j in range(3):
            b[j] = m[i, j] * x[j] + b[3]
        b[3] = b[0] * x[i]
        total += b[3]
    return total


def filled_from_the_second(m, x):
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        for j in range(1, 4):
            b[j] = m[i, j] * x[j]
        b[0] *= b[1]
        total += b[0]
    return total


def every_second_is_filled(m, x):
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        for j in range(0, 4, 2):
            b[j] = m[i, j] * x[j]
        b[1] += b[0]
        total += b[1] * b[1]
    return total


def filled_by_the_length_of_another(m, x):
    b = np.ones(x.size)
    total = 0.0
    for i in range(3):
        for j in range(m.shape[1]):
            b[j] = m[i, j] * x[j]
        total += b[0] * b[3]
    return total


def read_before_it_is_filled(m, x):
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        total += b[1] * x[i]
        for j in range(4):
            b[j] = m[i, j] * x[j]
    return total


def read_as_it_is_filled(m, x):
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        for j in range(4):
            b[j] = m[i, j] * b[3 - j]
        total += b[1] * x[i]
    return total


def added_to(m, x):
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        for j in range(4):
            b[j] += m[i, j] * x[j]
        total += b[1] * b[2]
    return total


def filled_in_a_branch(m, x):
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        if x[i] > 0.0:
            for j in range(4):
                b[j] = m[i, j] * x[j]
        total += b[1] * b[2]
    return total


def filled_where_it_is_large(m, x):
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        for j in range(4):
            if m[i, j] > 0.1:
                b[j] = m[i, j] * x[j]
        total += b[1] * b[2]
    return total


def left_before_it_is_full(m, x):
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        for j in range(4):
            b[j] = m[i, j] * x[j]
            if b[j] < 0.0:
                break
        total += b[1] * b[2]
    return total


def the_diagonal_is_filled(m, x):
    b = np.ones((3, 3))
    total = 0.0
    for i in range(3):
        for j in range(3):
            b[j, j] = m[i, j] * b[0, 1]
        b[0, 1] = x[i]
        total += b[1, 1]
    return total


def one_row_is_filled(m, x):
    b = np.ones((3, 4))
    total = 0.0
    for i in range(3):
        for j in range(4):
            b[i, j] = m[i, j] * x[j]
        total += b[0, 1] * b[2, 1]
    return total


def read_afterwards(m, x):
    b = np.ones(4)
    total = 0.0
    for i in range(3):
        for j in range(4):
            b[j] = m[i, j] * x[j]
        total += b[1] * b[2]
    return total + b[0]


def seen_through_a_view(m, x):
    b = np.ones(4)
    part = b[1:]
    total = 0.0
    for i in range(3):
        total += part[0] * x[i]
        for j in range(4):
            b[j] = m[i, j] * x[j]
    return total


def exchanged(m, x):
    b = np.ones(4)
    c = np.ones(4)
    total = 0.0
    for i in range(3):
        for j in range(4):
            b[j] = m[i, j] * c[j]
        b, c = c, b
        total += c[1] * x[i]
    return total


def read_to_decide(m, x):
    b = np.ones(4)
    total, i = 0.0, 0
    while i < 3 and b[0] < 9.0:
        for j in range(4):
            b[j] = m[i, j] * x[j]
        total += b[1] * b[2]
        i += 1
    return total


OUTSIDE = [
    filled_in_part,
    filled_from_the_second,
    every_second_is_filled,
    filled_by_the_length_of_another,
    read_before_it_is_filled,
    read_as_it_is_filled,
    added_to,
    filled_in_a_branch,
    filled_where_it_is_large,
    left_before_it_is_full,
    the_diagonal_is_filled,
    one_row_is_filled,
    read_afterwards,
    seen_through_a_view,
    exchanged,
    read_to_decide,
]


@pytest.mark.parametrize("kernel", OUTSIDE, ids=lambda k: k.__name__)
def test_a_buffer_that_may_carry_something_stays(kernel: Any) -> None:
    assert depths(privatized(kernel)[1].body)["b"] == 0
    assert_gradient(kernel, M, X)


def test_results_stay_outside() -> None:
    def kernel(m, x):
        b = np.ones(4)
        for i in range(3):
            for j in range(4):
                b[j] = m[i, j] * x[j]
        return b

    before, after = privatized(kernel)
    assert Aliases(after).home(after.results[0]) is after.body  # type: ignore[arg-type]
    np.testing.assert_array_equal(evaluate(after, [M, X])[0], evaluate(before, [M, X])[0])


def averaged(m, x):
    b = np.empty(4)
    state = x[0]
    for i in range(3):
        for j in range(4):
            b[j] = m[i, j] * state
        mean = 0.0
        for j in range(4):
            mean += b[j] / 4.0
        for _ in range(3):
            state = np.sin(state) * mean
    return state


@pytest.mark.parametrize("wrt", [(0, 1), (1,), (0,)])
def test_a_buffer_that_isnt_read_again_isnt_kept_for_every_iteration(wrt: tuple[int, ...]) -> None:
    assert depths(privatized(averaged)[1].body)["b"] == 1
    made = adjoint_of(averaged, M, X, wrt=wrt)  # what the inner loop records would stay above the buffer
    assert set(depths(made.program.body).values()) <= {0}
    assert_gradient(averaged, M, X)
