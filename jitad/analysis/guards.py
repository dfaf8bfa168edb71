"""Where the reverse sweep must see to it that a zero adjoint stays zero.

Postcondition: an adjoint that is zero because a branch, a selection or a seed leaves a value out, or because nothing
reads an element of an array, contributes nothing to the adjoints of a guarded operation's arguments, although its
partial derivatives may be infinite there. (What is infinite itself is guarded only where something may be left out.)

Numbers that come from outside, through memory or from another iteration are taken to be finite, unless the program asks
somewhere whether a number is: then it expects that some aren't, missing data for example, and all products are guarded.
"""

from __future__ import annotations

from jitad.analysis.activity import Activity
from jitad.primitives import core, guarded
from jitad.program.statements import Alloc, Branch, Compute, Operand, Program, Statement, walk

_CHOICES = frozenset({core.select.name, "max", "min", "maximum", "minimum", "fmax", "fmin"})
_TESTS = frozenset({"isnan", "isinf", "isfinite"})


class Guards:
    """The guarded operations of one program. ``seeded``: its results have adjoints of their own, zeros among them."""

    def __init__(self, program: Program, activity: Activity, *, seeded: bool) -> None:
        fills = any(isinstance(s, Alloc) and s.out in activity for s in walk(program.body))
        self._has_zeros = seeded or fills
        self._leaves_out = any(_leaves_out(statement, activity) for statement in walk(program.body))
        self._expects_any = any(_tests(statement) for statement in walk(program.body))
        self._unbounded: set[Operand] = set()
        self._follow(program)

    @property
    def only_choices(self) -> bool:
        """True when adjoints are zero without cause only where a selection or a branch leaves values out."""
        return self._leaves_out and not self._expects_any and not self._has_zeros

    def include(self, part: Program) -> None:
        """Take in a part of the program in which values have other names."""
        self._follow(part)

    def guards(self, statement: Compute) -> bool:
        """True when products with the partial derivatives of a statement are guarded."""
        if self._leaves_out:
            return self._expects_any or not guarded.is_tame(statement) or not self._unbounded.isdisjoint(statement.args)
        return self._has_zeros and guarded.is_steep(statement)

    def _follow(self, program: Program) -> None:
        """Find what may be infinite, though all that it is made from is finite."""
        for statement in walk(program.body):
            if not isinstance(statement, Compute) or not statement.out.type.is_float:
                continue
            if guarded.may_overflow(statement) or not self._unbounded.isdisjoint(statement.args):
                self._unbounded.add(statement.out)


def _leaves_out(statement: Statement, activity: Activity) -> bool:
    """True when a statement may leave out a value that was computed before it."""
    if isinstance(statement, Compute):
        return statement.primitive.name in _CHOICES and statement.out in activity
    return isinstance(statement, Branch)


def _tests(statement: Statement) -> bool:
    """True when a statement asks whether a number is finite, in words or by comparing it with itself."""
    if not isinstance(statement, Compute):
        return False
    with_itself = statement.primitive in (core.eq, core.ne) and statement.args[0] is statement.args[1]
    return statement.primitive.name in _TESTS or with_itself
