"""Where the reverse sweep must see to it that a zero adjoint stays zero.

Postcondition: an adjoint that is zero because a branch, a selection or a seed leaves a value out contributes nothing to
the adjoints of a guarded operation's arguments, although its partial derivatives may be infinite there.
"""

from __future__ import annotations

from jitad.analysis.activity import Activity
from jitad.primitives import core, guarded
from jitad.program.statements import Branch, Compute, Program, Statement, walk

_CHOICES = frozenset({core.select.name, "max", "min", "maximum", "minimum", "fmax", "fmin"})


class Guards:
    """The guarded operations of one program. ``seeded``: its results have adjoints of their own, zeros among them."""

    def __init__(self, program: Program, activity: Activity, *, seeded: bool) -> None:
        self._seeded = seeded
        self._leaves_out = any(_leaves_out(statement, activity) for statement in walk(program.body))

    def guards(self, statement: Compute) -> bool:
        """True when products with the partial derivatives of a statement are guarded."""
        if self._leaves_out:
            return not guarded.is_tame(statement)
        return self._seeded and guarded.is_steep(statement)


def _leaves_out(statement: Statement, activity: Activity) -> bool:
    """True when a statement may leave out a value that was computed before it."""
    if isinstance(statement, Compute):
        return statement.primitive.name in _CHOICES and statement.out in activity
    return isinstance(statement, Branch)
