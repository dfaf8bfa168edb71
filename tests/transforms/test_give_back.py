"""Memory given back in programs without a reverse sweep: nothing that is read again, and all in the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Block, Release, array_type
from jitad.testing import Uncompiled
from jitad.transforms.expand import expand
from jitad.transforms.give_back import give_back
from jitad.transforms.tangent import tangent
from tests.corpus import Case, cases
from tests.corpus.loops import array_that_outlives_an_inner_loop


@pytest.mark.parametrize("case", cases(), ids=str)
def test_results_stay_the_same(case: Case) -> None:
    run = Uncompiled(case.function, case.make_args())
    wrt = run.leaf_positions(case.argnums)
    directions = [np.ones_like(run.leaves[at]) if np.ndim(run.leaves[at]) else 1.0 for at in wrt]
    made = tangent(run.program, wrt).program
    given = give_back(made)
    check(given)
    expected: list[Any] = evaluate(expand(made), [*run.fresh_leaves(), *directions])
    found = evaluate(expand(given), [*run.fresh_leaves(), *directions])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_arrays_of_the_outermost_block_give_back_everything(case: Case) -> None:
    body = give_back(Uncompiled(case.function, case.make_args()).program).body
    first = {}
    for at, statement in enumerate(body):
        if isinstance(statement, Alloc):
            first.setdefault(array_type(statement.out).dtype, at)
    for at, statement in enumerate(body):
        for nested in walk(Block([statement])):
            if isinstance(nested, Alloc) and nested is not statement:
                dtype = array_type(nested.out).dtype
                released = [s for s in walk(Block([statement])) if isinstance(s, Release) and s.dtype == dtype]
                assert released or first[dtype] < at


def test_an_array_that_outlives_an_inner_loop_stays() -> None:
    x = np.array([0.3, 0.5, 0.9])
    with uncompiled():
        value, dot = jitad.jvp(array_that_outlives_an_inner_loop, (x,), (x,))
    assert value == pytest.approx(array_that_outlives_an_inner_loop(x))
    assert dot == pytest.approx(6.0 * value)  # Euler: a sum of products of six factors
