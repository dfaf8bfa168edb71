"""Which values depend on parameters with lanes, and which push a pop takes back."""

from __future__ import annotations

import numpy as np
import pytest

from jitad.analysis.laned import Laned, matched_pushes
from jitad.program.builder import const_int
from jitad.program.checker import check
from jitad.program.queries import walk
from jitad.program.statements import Block, Branch, Pop, Program, Push, Var, counted_loop
from jitad.program.types import BOOL, FLOAT64, INT64
from jitad.transforms.adjoint import adjoint
from tests.corpus import Case, cases
from tests.transforms.in_lanes import read_case
from tests.transforms.kernels import program_of


def numbers(*names: str) -> list[Var]:
    return [Var(name, FLOAT64) for name in names]


def test_arms_pop_what_the_same_arms_pushed() -> None:
    a, b, c, d = numbers("a", "b", "c", "d")
    outs = numbers("a", "b", "c", "d", "d")
    condition = Var("condition", BOOL)
    bounds = (const_int(0), const_int(2), const_int(1))
    pushes = [Push((a,)), Push((b,)), Push((c,)), Push((d,)), Push((d,))]
    pops = [Pop((out,)) for out in outs]
    inner = Branch(condition, Block([pushes[2]]), [], Block(), [], [])
    forward = Branch(condition, Block([pushes[0]]), [], Block([pushes[1], inner, pushes[3]]), [], [])
    mirrored = Branch(condition, Block([pops[2]]), [], Block(), [], [])
    reverse = Branch(condition, Block([pops[0]]), [], Block([pops[3], mirrored, pops[1]]), [], [])
    there = counted_loop(Var("i", INT64), bounds, Block([forward, pushes[4]]))
    back = counted_loop(Var("j", INT64), bounds, Block([pops[4], reverse]))
    program = Program("p", [a, b, c, d, condition], Block([there, back]), [])
    check(program)
    assert set(matched_pushes(program)) == set(zip(pushes, pops, strict=True))


def test_lanes_go_through_the_tape() -> None:
    a, b, first, second = numbers("a", "b", "first", "second")
    program = Program("p", [a, b], Block([Push((a, b)), Pop((first, second))]), [first, second])
    laned = Laned(program, [b])
    assert [value in laned for value in (a, b, first, second)] == [False, True, False, True]


def carried(x, y, n):
    a = x.copy()
    b = np.zeros_like(x)
    total = 0.0
    for _ in range(n):
        a, b = b, a
        a[0] = y
        total = total + b[1]
    return total, x.size


def test_lanes_go_through_memory_and_carried_values() -> None:
    program = program_of(carried, np.ones(3), 2.0, 4)
    for moving, expected in (([0], True), ([1], True), ([], False)):
        laned = Laned(program, [program.params[at] for at in moving])
        assert [result in laned for result in program.results] == [expected, False]


@pytest.mark.parametrize("case", cases(without=("vjp",)), ids=str)
def test_each_pop_has_one_push_of_its_kind(case: Case) -> None:
    program, _, wrt = read_case(case)
    made = adjoint(program, wrt).program
    pairs = matched_pushes(made)
    statements = list(walk(made.body))
    assert {push for push, _ in pairs} == {s for s in statements if isinstance(s, Push)}
    assert {pop for _, pop in pairs} == {s for s in statements if isinstance(s, Pop)}
    for push, pop in pairs:
        assert [value.type for value in push.values] == [out.type for out in pop.outs]
