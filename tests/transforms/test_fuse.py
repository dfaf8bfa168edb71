"""Array statements that visit the same elements run in one loop, and only they."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import prange

from jitad.program.builder import is_const
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Loop, Program
from jitad.transforms.fuse import fuse_array_statements
from jitad.transforms.invariant import move_invariants_out
from jitad.transforms.localize import localize
from tests.transforms.kernels import assert_gradient, loops, program_of

A = np.linspace(-0.6, 1.1, 12).reshape(3, 4)
B = np.linspace(0.3, 0.9, 12).reshape(3, 4)


def fused(function: Any, *args: Any) -> Program:
    """A kernel's program with its array statements fused, which computes the same."""
    before = move_invariants_out(localize(program_of(function, *args)))
    after = fuse_array_statements(before)
    check(after)
    for given in (args, tuple(a[:, :0] for a in args)):
        for one, other in zip(evaluate(before, given), evaluate(after, given), strict=True):
            np.testing.assert_array_equal(one, other)
    return after


def arrays(program: Program) -> int:
    """How many arrays a program allocates."""
    return sum(isinstance(s, Alloc) for s in walk(program.body))


def a_chain(a, b):
    t = np.sin(a) * b
    u = t * t + a
    return np.sum(u * t)


def another_loop_between_others(a, b):
    t = a * b
    c = b * 2.0
    u = t + c
    return np.sum(u * u)


def overwritten_in_place(a, b):
    t = a * b
    t *= t
    t += b
    return np.sum(t * a)


def kept_for_later(a, b):
    t = a * b
    u = t * t
    return np.sum(u * a) + np.sum(t[:1])


def with_a_row(a, b):
    t = a * b[0]
    u = t * b
    return np.sum(u * u)


@pytest.mark.parametrize(
    ("kernel", "count", "left"),
    [(a_chain, 2, 0), (another_loop_between_others, 2, 0), (overwritten_in_place, 2, 0), (with_a_row, 2, 0)],
)
def test_what_is_read_where_it_was_made_is_a_number(kernel: Any, count: int, left: int) -> None:
    made = fused(kernel, A, B)
    assert len(loops(made)) == count
    assert arrays(made) == left
    assert_gradient(kernel, A, B)


def planes(a, b):
    c = a.copy()
    for k in range(1, c.shape[0]):
        near = b[k] * c[k - 1]
        c[k] = near * near + c[k]
        b[k] = near - c[k]
    return np.sum(c * b)


def test_rows_that_are_known_to_differ_are_apart() -> None:
    of_rows = next(loop for loop in loops(fused(planes, A, B)) if is_const(loop.start, 1))
    assert sum(isinstance(s, Loop) for s in of_rows.body) == 1
    assert_gradient(planes, A, B)


def read_beside(a, b):
    t = a * b
    u = np.zeros_like(a)
    u[:, 1:] = t[:, :-1] * b[:, 1:]
    return np.sum(u * u)


def read_transposed(a, b):
    t = a * b
    u = np.zeros((a.shape[1], a.shape[0]))
    u[:, :] = t.T * b.T
    return np.sum(u * u)


def summed_first(a, b):
    t = np.sum(a, axis=0)
    u = t * b
    return np.sum(u * u)


def another_row(a, b):
    c = a.copy()
    for k in range(c.shape[0]):
        t = c[k] * b[0]
        c[0] = t * 2.0
        c[k] = t + c[0]
    return np.sum(c * c)


def an_alias(a, b):
    c = a.copy()
    d = c[1:]
    t = c[:2] * b[1:]
    d[:, :] = t * 2.0
    return np.sum(c * c * a)


@pytest.mark.parametrize("kernel", [read_beside, read_transposed, summed_first, another_row, an_alias, kept_for_later])
def test_what_is_read_elsewhere_stays_in_memory(kernel: Any) -> None:
    assert arrays(fused(kernel, A, B)) >= 1
    assert_gradient(kernel, A, B)


def of_equal_lengths(a, b):
    t = a * 2.0
    u = t * b
    return np.sum(u * t)


def test_lengths_that_are_checked_are_equal() -> None:
    made = fused(of_equal_lengths, A, B)
    assert arrays(made) == 0
    with pytest.raises(Exception, match="don't fit together"):
        evaluate(made, (A, B[:2]))


def half_on_threads(a):
    b = np.empty_like(a)
    for i in prange(a.shape[0]):
        b[i] = np.sin(a[i])
    c = b * a
    return np.sum(c)


def test_loops_over_prange_stay_apart_from_others() -> None:
    x = np.linspace(0.2, 1.5, 7)
    made = fuse_array_statements(localize(program_of(half_on_threads, x)))
    assert [loop.parallel for loop in loops(made)] == [True, False]
    assert_gradient(half_on_threads, x)
