"""Whether a program is linear in some of its parameters, as a derivative rule must be."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.analysis.laned import Laned
from jitad.primitives import core
from jitad.primitives.spec import ProgramPrimitive
from jitad.primitives.sums import ADDITIONS
from jitad.program.queries import walk
from jitad.program.statements import Call, Compute, Program, Statement, Var

_SUMS = frozenset({*ADDITIONS, core.sub, core.neg, core.pos, *core.casts.values()})


def nonlinear_statement(program: Program, inputs: Sequence[Var]) -> Statement | None:
    """The first statement that isn't linear in what depends on ``inputs``; None when there is none.

    Array primitives are taken to be linear in each of their arguments; calls of programs tell.
    """
    dependent = Laned(program, inputs)
    for statement in walk(program.body):
        if isinstance(statement, Compute) and not _is_linear(statement, dependent):
            return statement
        if isinstance(statement, Call) and isinstance(statement.primitive, ProgramPrimitive):
            moving = [at for at, arg in enumerate(statement.args) if arg in dependent]
            if moving and not statement.primitive.is_linear(moving):
                return statement
    return None


def _is_linear(statement: Compute, dependent: Laned) -> bool:
    moving = [arg in dependent for arg in statement.args]
    if not any(moving):
        return True
    if not statement.out.type.is_float:
        return False
    if statement.primitive in _SUMS or statement.primitive is core.select:
        return True
    if statement.primitive is core.mul:
        return not all(moving)
    return statement.primitive is core.truediv and not moving[1]
