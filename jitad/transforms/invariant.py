"""Move arithmetic that doesn't change from iteration to iteration out of its loop.

Postcondition: no ``Compute`` directly in a loop's body has only operands from outside the loop. Bounds of inner loops
then are seen not to depend on outer loops, and the reverse sweep finds such values without recording them.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.program.queries import definitions
from jitad.program.statements import Block, Branch, Compute, Loop, Operand, Program, Statement


def move_invariants_out(program: Program) -> Program:
    """The same program with invariant arithmetic before the loops, innermost loops first."""
    return replace(program, body=_block(program.body))


def _block(block: Block) -> Block:
    statements: list[Statement] = []
    for statement in block:
        if isinstance(statement, Loop):
            statements += _loop(statement)
        elif isinstance(statement, Branch):
            statements.append(replace(statement, then=_block(statement.then), otherwise=_block(statement.otherwise)))
        else:
            statements.append(statement)
    return Block(statements)


def _loop(loop: Loop) -> list[Statement]:
    """The invariant statements of a loop, and the loop with the others."""
    inside: set[Operand] = {loop.index, *loop.params}
    moved: list[Statement] = []
    kept: list[Statement] = []
    for statement in _block(loop.body):
        if isinstance(statement, Compute) and not inside.intersection(statement.args):
            moved.append(statement)
        else:
            inside.update(definitions(statement))
            kept.append(statement)
    return [*moved, replace(loop, body=Block(kept))]
