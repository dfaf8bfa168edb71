"""Several iterations of a loop around a nest of sums run together: which loops, and that nothing changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Load, Loop, Program, Store
from jitad.transforms.invariant import move_invariants_out
from jitad.transforms.jam import jam_loops
from jitad.transforms.localize import localize
from jitad.transforms.order_free import mark_order_free
from tests.transforms.kernels import assert_gradient, loops, program_of


def jammed(kernel: Any, *args: np.ndarray, descending: bool = False) -> Program:
    """A kernel's program with its loops jammed, which computes the same to the last bit."""
    before = mark_order_free(move_invariants_out(localize(program_of(kernel, *args))))
    for loop in loops(before):
        loop.descending = descending and any(isinstance(s, Loop) for s in loop.body)
    after = jam_loops(before)
    check(after)
    for one, other in zip(evaluate(before, args), evaluate(after, args), strict=True):
        np.testing.assert_array_equal(one, other)
    return after


def is_jammed(program: Program) -> bool:
    """True when an element takes several terms and is stored once."""
    sums = [s for s in walk(program.body) if isinstance(s, Store)]
    return any(isinstance(s, Load) and s.array is store.array for store in sums for s in walk(program.body))


def taps(a, x):
    b = np.zeros((3, a.shape[1]))
    for i in range(a.shape[0] - 2):
        b += x[i] * a[i : i + 3]
    return b


def one_row(a, x):
    b = np.zeros(a.shape[1])
    for i in range(a.shape[0]):
        b += x[i] * a[i]
    return b


def moving(a, x):
    b = np.zeros(2 * a.shape[1])
    for i in range(x.shape[0]):
        b[i : i + a.shape[1]] += x[i] * a[i]
    return b


def read_again(a, x):
    b = np.zeros(a.shape[1])
    for i in range(x.shape[0]):
        b += b[0] * x[i] * a[i]
    return b


def growing(a, x):
    b = np.zeros(a.shape[1])
    for i in range(x.shape[0]):
        b[:i] += x[i] * a[i, :i]
    return b


@pytest.mark.parametrize("rows", [2, 4, 5, 7, 8, 10])
@pytest.mark.parametrize("descending", [False, True])
def test_terms_are_added_together_in_their_order(rows: int, descending: bool) -> None:
    rng = np.random.default_rng(5)
    a, x = rng.normal(size=(rows, 4)), rng.normal(size=rows)
    assert is_jammed(jammed(one_row, a, x, descending=descending))
    assert is_jammed(jammed(taps, a, x))


@pytest.mark.parametrize("kernel", [moving, read_again, growing])
def test_sums_that_iterations_need_of_each_other_stay_apart(kernel: Any) -> None:
    rng = np.random.default_rng(6)
    assert not is_jammed(jammed(kernel, rng.normal(size=(6, 7)), rng.normal(size=6)))


def total_of_taps(a):
    b = np.zeros((3, a.shape[1]))
    for i in range(a.shape[0] - 2):
        b += a[i, 0] * a[i : i + 3]
    return np.sum(b * b)


def total_of_one_row(a):
    x = a[0] * a[1]
    b = a.copy()
    for i in range(a.shape[0]):
        b[i] += x * (i + 1.0)
    return np.sum(b * b)


@pytest.mark.parametrize("rows", [2, 4, 6, 7])
@pytest.mark.parametrize("kernel", [total_of_taps, total_of_one_row])
def test_gradients_are_right(kernel: Any, rows: int) -> None:
    assert_gradient(kernel, np.random.default_rng(7).normal(size=(rows, 4)))
