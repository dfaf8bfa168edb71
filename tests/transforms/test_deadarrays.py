"""Arrays that nothing reads, and what fills them, are removed; nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Loop, Program, Store
from jitad.testing import Uncompiled
from jitad.transforms.deadarrays import remove_dead_arrays
from jitad.transforms.expand import expand
from jitad.transforms.tangent import tangent
from tests.corpus import Case, cases


def kinds(program: Program, kind: type) -> int:
    return sum(isinstance(statement, kind) for statement in walk(program.body))


@pytest.mark.parametrize("case", cases(), ids=str)
def test_results_stay_the_same(case: Case) -> None:
    run = Uncompiled(case.function, case.make_args())
    wrt = run.leaf_positions(case.argnums)
    directions = [np.ones_like(run.leaves[at]) if np.ndim(run.leaves[at]) else 1.0 for at in wrt]
    made = tangent(run.program, wrt).program
    expected: list[Any] = evaluate(expand(made), [*run.fresh_leaves(), *directions])
    count = len(run.program.results)
    for kept in (slice(None), slice(count, None)):
        reduced = remove_dead_arrays(replace(made, results=made.results[kept]))
        check(reduced)
        found = evaluate(expand(reduced), [*run.fresh_leaves(), *directions])
        for one, other in zip(found, expected[kept], strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_fills_an_unread_array_goes() -> None:
    def filled(x):
        y = np.zeros(x.shape[0])
        z = np.zeros(x.shape[0])
        for i in range(x.shape[0]):
            y[i] = x[i] * x[i]
        for i in range(x.shape[0]):
            z[i] = y[i] + 1.0
        return np.sum(x)

    program = remove_dead_arrays(Uncompiled(filled, (np.ones(3),)).program)
    assert kinds(program, Alloc) == kinds(program, Store) == 0
    assert kinds(program, Loop) == 1


def test_what_is_read_through_a_view_stays() -> None:
    def viewed(x):
        y = np.zeros((2, x.shape[0]))
        row = y[1]
        for i in range(x.shape[0]):
            y[1, i] = x[i]
        return row[0]

    program = Uncompiled(viewed, (np.ones(3),)).program
    reduced = remove_dead_arrays(program)
    assert kinds(reduced, Store) == 1
    assert evaluate(reduced, [np.arange(2.0, 5.0)]) == [2.0]


def test_parameters_are_the_callers() -> None:
    def stores(x):
        x[0] = 2.0
        return 1.0

    assert kinds(remove_dead_arrays(Uncompiled(stores, (np.ones(3),)).program), Store) == 1
