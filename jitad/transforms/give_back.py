"""Give the memory of arrays back at the end of the iteration or the branch that they live in.

For programs without a reverse sweep, which never come back to an array. Postcondition: a loop or a branch uses
memory of a dtype that doesn't grow with the number of its runs, unless an array of that dtype that it allocates
outlives it. Releasing the arrays of the outermost block gives back all that the program took.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.program.builder import const_int
from jitad.program.statements import Alloc, Block, Branch, Loop, Program, Statement, Var, array_type
from jitad.program.types import INT64, Array
from jitad.transforms.scope import releases


def give_back(program: Program) -> Program:
    """The same program with releases at the ends of blocks whose arrays all die there."""
    pass_ = _GiveBack(Aliases(program))
    body, left = pass_.nested(program.body)
    marks = [
        Alloc(Var("mark", Array(dtype, 1)), Var("mark_at", INT64), (const_int(0),), None) for dtype in sorted(left)
    ]
    return replace(program, body=Block([*marks, *body.statements]))


class _GiveBack:
    """Copies blocks; with each come the dtypes of which blocks nested in it, or it itself, leave arrays behind."""

    def __init__(self, aliases: Aliases) -> None:
        self._aliases = aliases

    def nested(self, block: Block) -> tuple[Block, set[str]]:
        """A block whose own arrays stay."""
        left: set[str] = set()
        return Block([self._statement(statement, left) for statement in block]), left

    def _released(self, block: Block, left: set[str]) -> Block:
        """A block that gives its own arrays back, of each dtype of which all die in it; ``left`` gains the others."""
        inner, stay = self.nested(block)
        own = [s for s in block if isinstance(s, Alloc) and not s.at_end]
        stay |= {array_type(s.out).dtype for s in own if self._aliases.home(self._aliases.root(s.out)) is not block}
        inner.statements += releases(s for s in own if array_type(s.out).dtype not in stay)
        left |= stay
        return inner

    def _statement(self, statement: Statement, left: set[str]) -> Statement:
        if isinstance(statement, Loop):
            head = statement.condition_block
            return replace(
                statement,
                body=self._released(statement.body, left),
                condition_block=None if head is None else self._released(head, left),
            )
        if isinstance(statement, Branch):
            then, otherwise = self._released(statement.then, left), self._released(statement.otherwise, left)
            return replace(statement, then=then, otherwise=otherwise)
        return statement
