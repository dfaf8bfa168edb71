"""Nests over the same arrays run in turn, plane by plane: which ones, and that nothing changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import prange

from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Loop, Program, Store
from jitad.transforms.invariant import move_invariants_out
from jitad.transforms.localize import localize
from jitad.transforms.lockstep import run_in_lockstep
from jitad.transforms.order_free import mark_order_free
from tests.transforms.kernels import assert_gradient, program_of

SHAPES = [(2, 3, 2), (3, 3, 3), (4, 2, 5), (6, 3, 4), (9, 2, 2)]


def in_one_loop(program: Program) -> int:
    """How many of the user's statements have their stores in one loop of the outermost block, at most."""
    nests = [walk(s.body) for s in program.body if isinstance(s, Loop)]
    lines = [{s.origin.line for s in nest if isinstance(s, Store | Accumulate) and s.origin} for nest in nests]
    assert program.origin is not None
    return max(len(each - {program.origin.line}) for each in lines)


def merged(kernel: Any, *args: Any) -> Program:
    """A kernel's program with its nests merged, which computes the same to the last bit."""
    before = mark_order_free(move_invariants_out(localize(program_of(kernel, *args))))
    after = run_in_lockstep(before)
    check(after)
    for shape in SHAPES:
        given = tuple(np.random.default_rng(1).normal(size=shape) for _ in args)
        for one, other in zip(evaluate(before, given), evaluate(after, given), strict=True):
            np.testing.assert_array_equal(one, other)
    return after


def two_sweeps(a, b):
    b[1:-1, :, 1:-1] = 0.25 * (a[2:, :, 1:-1] + a[:-2, :, 1:-1] + a[1:-1, :, 2:] + a[1:-1, :, :-2])
    a[1:-1, :, 1:-1] = 0.25 * (b[2:, :, 1:-1] + b[:-2, :, 1:-1] + b[1:-1, :, 2:] + b[1:-1, :, :-2])
    return a, b


def fields(a, b):
    b[1:] -= 0.5 * (a[1:] - a[:-1])
    a[:-1] -= 0.7 * (b[1:] - b[:-1])
    b[:-1, 1:] += a[1:, :-1] * a[:-1, 1:]
    return a, b


def upwards(a, b):
    b[1:] = 2.0 * a[:-1]
    a[:-1] = 3.0 * b[1:]
    return a, b


@pytest.mark.parametrize(("kernel", "count"), [(two_sweeps, 2), (fields, 3), (upwards, 2)])
def test_statements_that_read_rows_nearby_run_in_one_loop(kernel: Any, count: int) -> None:
    assert in_one_loop(merged(kernel, np.ones((4, 5, 2)), np.ones((4, 5, 2)))) == count


def from_the_other_end(a, b):
    b[:, :] = 2.0 * a[::-1]
    a[:, :] = 3.0 * b
    return a, b


def one_element(a, b):
    b[:, :] = 2.0 * a
    a[1:] = 3.0 * b[1, 1, 1]
    return a, b


def far_away(a, b):
    b[:-9] = 2.0 * a[:-9]
    a[:-9] = 3.0 * b[9:]
    return a, b


def on_threads(a, b):
    for i in prange(a.shape[0]):
        b[i] = 2.0 * a[i]
    a[:, :] = 3.0 * b
    return a, b


def rows_only(a, b):
    b[0, 1:] -= 0.5 * (a[0, 1:] - a[0, :-1])
    a[0, :-1] -= 0.7 * (b[0, 1:] - b[0, :-1])
    return a, b


@pytest.mark.parametrize("kernel", [from_the_other_end, one_element, far_away, on_threads, rows_only])
def test_others_stay_apart(kernel: Any) -> None:
    assert in_one_loop(merged(kernel, np.ones((4, 5, 2)), np.ones((4, 5, 2)))) == 1


def heat(a, b):
    c = a.copy()
    d = b.copy()
    for _ in range(2):
        d[1:-1, 1:-1, 1:-1] = c[1:-1, 1:-1, 1:-1] + 0.2 * (c[2:, 1:-1, 1:-1] + c[1:-1, :-2, 1:-1] + c[1:-1, 1:-1, 2:])
        c[1:-1, 1:-1, 1:-1] = d[1:-1, 1:-1, 1:-1] - 0.2 * (d[:-2, 1:-1, 1:-1] + d[1:-1, 2:, 1:-1] + d[1:-1, 1:-1, :-2])
    return np.sum(c * c)


def nonlinear(a, b):
    c = a.copy()
    for _ in range(2):
        c[1:, :] += c[:-1, :] * b[1:, :]
        c[:, 1:-1] = np.sin(c[:, 2:]) - c[:, :-2] * b[:, 1:-1]
    return np.sum(c * c)


@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 4, 3), (5, 4, 6)])
@pytest.mark.parametrize("kernel", [heat, nonlinear])
def test_gradients(kernel: Any, shape: tuple[int, ...]) -> None:
    a, b = np.random.default_rng(2).uniform(-1.0, 1.0, (2, *shape))
    assert_gradient(kernel, a, b)
