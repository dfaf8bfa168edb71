"""Give the memory of arrays back at the end of the iteration or the branch that they live in.

For programs without a reverse sweep, which never come back to an array. Postcondition: a loop or a branch uses
memory that doesn't grow with the number of its runs, unless an array that it allocates outlives it.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.program.statements import Alloc, Block, Branch, Loop, Program, Statement
from jitad.transforms.scope import releases


def give_back(program: Program) -> Program:
    """The same program with releases at the ends of blocks whose arrays all die there."""
    return replace(program, body=_nested(program.body, Aliases(program)))


def _nested(block: Block, aliases: Aliases) -> Block:
    return Block([_statement(statement, aliases) for statement in block])


def _released(block: Block, aliases: Aliases) -> Block:
    inner = _nested(block, aliases)
    own = [s for s in block if isinstance(s, Alloc)]
    if all(aliases.home(aliases.root(s.out)) is block and not s.at_end for s in own):
        inner.statements += releases(own)
    return inner


def _statement(statement: Statement, aliases: Aliases) -> Statement:
    if isinstance(statement, Loop):
        head = statement.condition_block
        return replace(
            statement,
            body=_released(statement.body, aliases),
            condition_block=None if head is None else _released(head, aliases),
        )
    if isinstance(statement, Branch):
        then, otherwise = _released(statement.then, aliases), _released(statement.otherwise, aliases)
        return replace(statement, then=then, otherwise=otherwise)
    return statement
