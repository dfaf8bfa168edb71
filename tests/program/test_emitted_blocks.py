"""Blocks that hold nothing but comments are still blocks of Python."""

from __future__ import annotations

import pytest

from jitad.emission.emit import emit
from jitad.program.origin import Origin
from jitad.program.statements import Block, Branch, Const, Fail, Loop, Program, Statement, Var
from jitad.program.types import BOOL, INT64

ORIGIN = Origin("kernel.py", 3, 4, 9, "raise ValueError")


def never() -> Statement:
    return Fail(Const(False, BOOL), ValueError, ("never",), origin=ORIGIN)


def arms(condition: Var) -> Statement:
    return Branch(condition, Block([never()]), [], Block([never()]), [], [])


def loop(condition: Var) -> Statement:
    start, stop, step = (Const(value, INT64) for value in (0, 3, 1))
    return Loop(Var("i", INT64), start, stop, step, [], [], Block([never()]), [], [])


@pytest.mark.parametrize("make", [arms, loop])
def test_a_failure_that_never_happens_leaves_a_block(make: object) -> None:
    condition = Var("condition", BOOL)
    assert callable(make)
    program = Program("kernel", [condition], Block([make(condition)]), [condition])
    compile(emit(program).source, "kernel.py", "exec")
