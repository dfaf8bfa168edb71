"""Allocate the arrays of all iterations of a loop at once, where each iteration leaves one on the tape.

An array that the reverse sweep reads again stays on the tape when its iteration ends, and where it lies would have to
be recorded. As a row of one array with an axis more it is found by the loop's index; an iteration allocates nothing.

Postcondition: the chosen arrays are views, in their loops, of arrays that are allocated before the loops.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.statements import (
    Alloc,
    Block,
    Branch,
    Const,
    Loop,
    Operand,
    Program,
    Statement,
    Var,
    View,
    ViewAxis,
    array_type,
)
from jitad.program.types import INT64, Array
from jitad.transforms.invariant import move_invariants_out


def stack_arrays(program: Program, chosen: Container[Var]) -> Program:
    """The same program with the chosen arrays as rows; their shapes are the same in all iterations."""
    return move_invariants_out(replace(program, body=_block(program.body, chosen)))


def _block(block: Block, chosen: Container[Var]) -> Block:
    statements: list[Statement] = []
    for statement in block:
        match statement:
            case Loop(body=body):
                statements += _loop(replace(statement, body=_block(body, chosen)), chosen)
            case Branch(then=then, otherwise=otherwise):
                arms = [_block(arm, chosen) for arm in (then, otherwise)]
                statements.append(replace(statement, then=arms[0], otherwise=arms[1]))
            case _:
                statements.append(statement)
    return Block(statements)


def _loop(loop: Loop, chosen: Container[Var]) -> list[Statement]:
    """The allocations for a loop, and the loop."""
    if not any(isinstance(s, Alloc) and s.out in chosen for s in loop.body):
        return [loop]
    assert loop.start is not None and loop.stop is not None
    before, body = Builder(), Builder()
    runs = before.compute(core.lt, loop.start, loop.stop)
    trips = before.select(runs, before.minus(loop.stop, loop.start), const_int(0))
    row = body.minus(loop.index, loop.start)
    for statement in loop.body:
        if not isinstance(statement, Alloc) or statement.out not in chosen:
            body.add(statement)
            continue
        with before.at(statement.origin), body.at(statement.origin):
            lengths = [_if_it_runs(before, runs, length) for length in statement.shape]
            whole = _whole(statement.out)
            before.add(Alloc(whole, Var(f"{whole.name}_at", INT64), (trips, *lengths), statement.fill))
            starts = (row, *(const_int(0) for _ in statement.shape))
            axes = tuple(ViewAxis(length, at + 1, const_int(1)) for at, length in enumerate(statement.shape))
            body.add(View(statement.out, whole, starts, axes, own=True))
    return [*before.block.statements, replace(loop, body=body.block)]


def _whole(row: Var) -> Var:
    type_ = array_type(row)
    return Var(f"{row.name}s", Array(type_.dtype, type_.ndim + 1, "C"))


def _if_it_runs(builder: Builder, runs: Operand, length: Operand) -> Operand:
    """A length, or 0 where no iteration has seen to it that it isn't negative."""
    return length if isinstance(length, Const) else builder.select(runs, length, const_int(0))
