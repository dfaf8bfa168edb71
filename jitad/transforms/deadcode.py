"""Remove what computes values that nothing reads.

Postcondition: every ``Compute``, ``Load``, ``Dim`` and view binds a name that some kept statement reads, and every
loop and branch that is kept has an effect or a result that is read. Effects (stores, the tape, failures) stay.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.program.queries import definitions, operands
from jitad.program.statements import (
    AtOffset,
    Block,
    Branch,
    Compute,
    Dim,
    Load,
    Loop,
    OffsetOf,
    Operand,
    Program,
    Reshape,
    Statement,
    View,
)

_PURE = (Compute, Dim, Load, View, Reshape, AtOffset, OffsetOf)


def remove_dead_code(program: Program) -> Program:
    """The same program without dead statements, carried values and branch results."""
    live: set[Operand] = set(program.results)
    body = _block(program.body, live)
    return Program(program.name, program.params, body, program.results, program.origin)


def _block(block: Block, live: set[Operand]) -> Block:
    """The live part of a block; ``live`` gains what it reads."""
    kept: list[Statement] = []
    for statement in reversed(block.statements):
        new = _statement(statement, live)
        if new is not None:
            kept.append(new)
    return Block(kept[::-1])


def _statement(statement: Statement, live: set[Operand]) -> Statement | None:
    match statement:
        case Loop():
            return _loop(statement, live)
        case Branch():
            return _branch(statement, live)
    if isinstance(statement, _PURE) and not any(var in live for var in definitions(statement)):
        return None
    live.update(operands(statement))
    return statement


def _loop(loop: Loop, live: set[Operand]) -> Loop | None:
    carried = {i for i, result in enumerate(loop.results) if result in live}
    while True:  # a carried value may be read only by another carried value
        inside = {*live, *(loop.yields[i] for i in carried)}
        body = _block(loop.body, inside)
        head = None
        if loop.condition_block is not None and loop.condition is not None:
            inside.add(loop.condition)
            head = _block(loop.condition_block, inside)
        read = {i for i, param in enumerate(loop.params) if param in inside}
        if read <= carried:
            break
        carried |= read
    if not body.statements and not carried and head is None:
        return None
    kept = sorted(carried)
    live |= inside
    live.update(o for o in (loop.start, loop.stop, loop.step) if o is not None)
    live.update(loop.inits[i] for i in kept)
    return replace(
        loop,
        params=[loop.params[i] for i in kept],
        inits=[loop.inits[i] for i in kept],
        body=body,
        yields=[loop.yields[i] for i in kept],
        results=[loop.results[i] for i in kept],
        condition_block=head,
        count=loop.count if loop.count in live else None,
    )


def _branch(branch: Branch, live: set[Operand]) -> Branch | None:
    kept = [i for i, result in enumerate(branch.results) if result in live]
    then_live = {*live, *(branch.then_yields[i] for i in kept)}
    else_live = {*live, *(branch.otherwise_yields[i] for i in kept)}
    then, otherwise = _block(branch.then, then_live), _block(branch.otherwise, else_live)
    if not then.statements and not otherwise.statements and not kept:
        return None
    live |= then_live | else_live
    live.add(branch.condition)
    return replace(
        branch,
        then=then,
        then_yields=[branch.then_yields[i] for i in kept],
        otherwise=otherwise,
        otherwise_yields=[branch.otherwise_yields[i] for i in kept],
        results=[branch.results[i] for i in kept],
    )
