"""Which loops get threads, where sums of different iterations may meet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jitad.program.builder import const_int
from jitad.program.statements import (
    Accumulate,
    Block,
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
from jitad.transforms.threads import on_threads

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
