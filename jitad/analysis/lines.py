"""How many accesses of a loop jump through memory instead of going along a line of it."""

from __future__ import annotations

from collections.abc import Collection

from jitad.program.queries import definitions, operands
from jitad.program.statements import Accumulate, Load, Operand, Statement, Store, Var, array_type

JUMP_OF_SUM = 2
"""What adding to an element out of line costs, in reads out of line."""


def jumps(statements: Collection[Statement], index: Var) -> int:
    """How many accesses of ``statements`` are out of line when ``index`` is that of the innermost loop."""
    moving: set[Operand] = {index}
    for statement in statements:
        if not moving.isdisjoint(operands(statement)):
            moving.update(definitions(statement))
    found = 0
    for statement in statements:
        if isinstance(statement, Load | Accumulate | Store):
            layout, last = array_type(statement.array).layout, len(statement.index) - 1
            beside = {"C": last, "F": 0}.get(layout)
            if any(operand in moving and axis != beside for axis, operand in enumerate(statement.index)):
                found += JUMP_OF_SUM if isinstance(statement, Accumulate) else 1
    return found
