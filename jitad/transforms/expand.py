"""Write out the calls of programs: the last step before emission.

Postcondition: no call in the program is of a ``ProgramPrimitive``.
"""

from __future__ import annotations

from jitad.primitives.spec import ProgramPrimitive
from jitad.program.builder import Builder
from jitad.program.queries import walk
from jitad.program.rewrite import Copier, as_they_are
from jitad.program.statements import Call, Program, Statement
from jitad.transforms.deadcode import remove_dead_code
from jitad.transforms.promote import promote


def expand(program: Program) -> Program:
    """The same program with what calls of programs stand for in their place."""
    if not any(_is_node(statement) for statement in walk(program.body)):
        return program
    builder = Builder()
    copier = _Expander(as_they_are(program.params))
    copier.block(program.body, builder)
    results = [copier(result) for result in program.results]
    whole = Program(program.name, program.params, builder.block, results, program.origin)
    return remove_dead_code(promote(remove_dead_code(whole)))


def _is_node(statement: Statement) -> bool:
    return isinstance(statement, Call) and isinstance(statement.primitive, ProgramPrimitive)


class _Expander(Copier):
    def statement(self, statement: Statement, builder: Builder) -> None:
        if isinstance(statement, Call) and isinstance(statement.primitive, ProgramPrimitive):
            outs = tuple(map(self.array, statement.outs))
            call = Call(statement.primitive, outs, self.all(statement.args), statement.accumulate)
            statement.primitive.expand(call, builder)
        else:
            super().statement(statement, builder)
