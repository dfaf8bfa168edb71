"""Which loops get threads, where sums of different iterations may meet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numba import prange

import jitad
from jitad.primitives.sums import add_to_sum
from jitad.program.builder import const_int
from jitad.program.queries import walk
from jitad.program.statements import (
    Accumulate,
    Block,
    Compute,
    Const,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
    View,
    ViewAxis,
    counted_loop,
)
from jitad.program.threads import Threads
from jitad.program.types import FLOAT64, INT64, Array
from jitad.reading import sharing
from jitad.transforms import share
from jitad.transforms.threads import all_parallel, on_threads
from tests.transforms import chains
from tests.transforms.kernels import program_of

N = Var("n", INT64)
I = Var("i", INT64)  # noqa: E741 - the loop's index
GRID = Var("grid", Array("float64", 2, "C"))
ZERO, ONE = const_int(0), const_int(1)


def planned(statements: list[Statement], *before: Statement) -> tuple[Threads | None, str]:
    """What becomes of a loop with this body, and why."""
    loop = replace(counted_loop(I, (ZERO, N, ONE), Block(statements)), order_free=True, parallel=True)
    threaded = on_threads(Program("made", [N, GRID], Block([*before, loop]), []))
    found = threaded.program.body.statements[-1]
    assert isinstance(found, Loop)
    return found.threads, threaded.verdicts[0].why


def added(array: Var, *index: Operand) -> Accumulate:
    return Accumulate(array, index, Const(1.0, FLOAT64))


def seen(*axes: tuple[int | None, int]) -> tuple[Var, View]:
    """A view of the grid whose axes walk along these of its axes, in such steps."""
    view = Var("view", Array("float64", len(axes), "A"))
    walks = tuple(ViewAxis(N, axis, const_int(step)) for axis, step in axes)
    return view, View(view, GRID, (ZERO, ZERO), walks)


def test_a_row_for_each_iteration_needs_nothing():
    assert planned([added(GRID, I, ZERO), added(GRID, I, ONE)]) == (Threads(), "")


def test_one_place_for_all_iterations_gets_copies():
    assert planned([added(GRID, ZERO, ONE)]) == (Threads((GRID,)), "")


def test_a_transposed_array_keeps_iterations_apart():
    view, made = seen((1, 1), (0, -1))
    assert planned([added(view, I, ZERO)], made) == (Threads(), "")


@pytest.mark.parametrize("axes", [((None, 0), (1, 1)), ((0, 0), (1, 1)), ((0, 1), (0, 1))])
def test_elements_that_an_array_repeats_are_one_place(axes):
    view, made = seen(*axes)
    threads, why = planned([added(view, I, ZERO)], made)
    assert (threads, why) == (None, "iterations add to 'view' under several names")


def test_what_is_read_and_added_to_elsewhere_is_serial():
    number = Var("number", FLOAT64)
    threads, why = planned([Load(number, GRID, (ZERO, I)), added(GRID, I, ZERO)])
    assert (threads, why) == (None, "iterations read and add to the same elements of 'grid'")


def test_views_that_an_iteration_makes_are_followed():
    row = Var("row", Array("float64", 1, "A"))
    made = View(row, GRID, (I, ZERO), (ViewAxis(N, 1, ONE),))
    assert planned([made, added(row, ONE)]) == (Threads(), "")


def test_short_loops_leave_threads_to_those_in_them():
    inner = replace(counted_loop(I, (ZERO, N, ONE), Block([Store(GRID, (ONE, I), Const(1.0, FLOAT64))])), parallel=True)
    few = replace(counted_loop(Var("k", INT64), (ZERO, const_int(3), ONE), Block([inner])), parallel=True)
    threaded = on_threads(Program("made", [N, GRID], Block([few]), []))
    (outer,) = threaded.program.body
    assert isinstance(outer, Loop)
    (found,) = outer.body
    assert isinstance(found, Loop)
    assert (outer.threads, found.threads) == (None, Threads())


def summed(x):
    return np.sum(np.tanh(x) * x)


def test_sums_whose_terms_may_be_regrouped_run_on_threads():
    program = on_threads(all_parallel(program_of(summed, np.ones(3))))
    (loop,) = (s for s in walk(program.program.body) if isinstance(s, Loop))
    assert any(isinstance(s, Compute) and s.primitive is add_to_sum for s in loop.body)
    assert loop.threads == Threads()


def of_pairs(x):
    total = 0.0
    for i in prange(x.shape[0]):
        total += chains.f3(x[i], 0.6) * chains.f2(0.6, x[i])
    return total


@pytest.fixture
def everything_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST_COPIED", -1)
    monkeypatch.setattr(sharing, "LEAST_SHARED", 0)
    monkeypatch.setattr(share, "LEAST", 0)


@pytest.mark.usefixtures("everything_shared")
def test_loops_that_call_shared_functions_are_serial():
    x = np.linspace(0.1, 1.0, 9)
    why = jitad.explain(jitad.grad(of_pairs), x).threads
    assert why
    assert all("is serial: it calls a function that is compiled once for several calls" in line for line in why)
    expected = [jitad.grad(lambda v: chains.f3(v, 0.6) * chains.f2(0.6, v))(v) for v in x]
    np.testing.assert_allclose(jitad.grad(of_pairs)(x), expected, rtol=1e-12)


def on_its_own(v):
    total = 0.0
    for i in prange(20):
        total += np.sin(v * i)
    return total * np.cos(v)


def of_three(v):
    return on_its_own(v) * on_its_own(2.0 * v) + on_its_own(v * v)


@pytest.mark.usefixtures("everything_shared")
def test_loops_in_shared_functions_are_serial():
    why = jitad.explain(jitad.grad(of_three), 0.3).threads
    assert why
    assert all("is serial: it is in a function that is compiled once for several calls" in line for line in why)
    step = 1e-6
    difference = (of_three(0.3 + step) - of_three(0.3 - step)) / (2.0 * step)
    assert jitad.grad(of_three)(0.3) == pytest.approx(difference, rel=1e-7)
