"""Compute counters from the loop's index instead of carrying them.

Postcondition: no counted loop with step 1 carries an integer to which each iteration adds the same number. Such a
counter need not be recorded, and an index that is one is seen to take another value in each iteration.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.rewrite import Copier, as_they_are
from jitad.program.statements import Block, Branch, Compute, Loop, Operand, Program, Statement, Var, definitions, walk
from jitad.program.types import INT64


def remove_counters(program: Program) -> Program:
    """The same program without carried counters, innermost loops first."""
    if not any(isinstance(s, Loop) and _counters(s) for s in walk(program.body)):
        return program
    return without_copies(replace(program, body=_block(program.body)))


def _block(block: Block) -> Block:
    statements: list[Statement] = []
    for statement in block:
        if isinstance(statement, Loop):
            statements += _loop(replace(statement, body=_block(statement.body)))
        elif isinstance(statement, Branch):
            statements.append(replace(statement, then=_block(statement.then), otherwise=_block(statement.otherwise)))
        else:
            statements.append(statement)
    return Block(statements)


def _loop(loop: Loop) -> list[Statement]:
    """A loop without the counters that it carries, and what computes their last values."""
    found = _counters(loop)
    if not found:
        return [loop]
    assert loop.start is not None and loop.stop is not None
    body, after = Builder(), Builder()
    runs = after.compute(core.lt, loop.start, loop.stop)
    trips = after.select(runs, after.minus(loop.stop, loop.start), const_int(0))
    turn = body.minus(loop.index, loop.start)
    for at, step in found.items():
        init = loop.inits[at]
        _bind(body, loop.params[at], body.plus(init, body.times(turn, step)))
        _bind(after, loop.results[at], after.plus(init, after.times(trips, step)))
    kept = [at for at in range(len(loop.params)) if at not in found]
    slim = replace(
        loop,
        params=[loop.params[at] for at in kept],
        inits=[loop.inits[at] for at in kept],
        body=Block([*body.block.statements, *loop.body.statements]),
        yields=[loop.yields[at] for at in kept],
        results=[loop.results[at] for at in kept],
    )
    for statement in (*body.block, *after.block):
        statement.origin = statement.origin or loop.origin
    return [slim, *after.block.statements]


def _bind(builder: Builder, var: Var, value: Operand) -> None:
    """``var`` as another name of a value."""
    builder.add(Compute(var, core.pos, (value,)))


def _counters(loop: Loop) -> dict[int, Operand]:
    """The positions of the counters that a loop carries, and what an iteration adds to each."""
    if loop.start is None or not is_const(loop.step, 1) or loop.descending:
        return {}
    inside: set[Operand] = {loop.index, *loop.params, *(v for s in walk(loop.body) for v in definitions(s))}
    made = {s.out: s for s in loop.body if isinstance(s, Compute)}
    found: dict[int, Operand] = {}
    for at, (param, new) in enumerate(zip(loop.params, loop.yields, strict=True)):
        statement = made.get(new) if isinstance(new, Var) else None
        if param.type != INT64 or statement is None or statement.primitive is not core.add:
            continue
        first, second = statement.args
        if first is param and second not in inside:
            found[at] = second
        elif second is param and first not in inside:
            found[at] = first
    return found


def without_copies(program: Program) -> Program:
    """The same program without second names of values."""
    builder = Builder()
    copier = Copier(as_they_are(program.params))
    copier.block(program.body, builder)
    return replace(program, body=builder.block, results=[copier(result) for result in program.results])
