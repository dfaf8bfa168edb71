"""Where the reverse sweep must see to it that a zero adjoint stays zero.

Postcondition: an adjoint that is zero because a branch, a selection or a seed leaves a value out, or because nothing
reads an element of an array, contributes nothing to the adjoints of a guarded operation's arguments, although its
partial derivatives may be infinite there. (What is infinite itself is guarded only where something may be left out.)

A value may be left out when a selection, or an arm of a branch from outside, reads it or what is made of it. What an
arm makes and uses itself is reversed only where the arm has run, and what is made after a branch isn't left out by it.

Numbers that come from outside, through memory or from another iteration are taken to be finite, unless the program asks
somewhere whether a number is: then it expects that some aren't, missing data for example, and all products are guarded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jitad.analysis.activity import Activity, flows
from jitad.analysis.aliasing import Aliases
from jitad.primitives import core, guarded
from jitad.program.queries import free_variables, walk
from jitad.program.statements import Alloc, Branch, Compute, Operand, Program, Statement, Var
from jitad.program.types import Array

_CHOICES = frozenset({core.select.name, "max", "min", "maximum", "minimum", "fmax", "fmin"})
_TESTS = frozenset({"isnan", "isinf", "isfinite"})


class Guards:
    """The guarded operations of one program.

    ``seeded``: its results have adjoints of their own, zeros among them. ``expects_any`` is what ``tests_numbers`` says
    of the program as its author wrote it.
    """

    def __init__(self, program: Program, activity: Activity, *, seeded: bool, expects_any: bool) -> None:
        fills = any(isinstance(s, Alloc) and s.out in activity for s in walk(program.body))
        self._has_zeros = seeded or fills
        self._expects_any = expects_any
        self._unbounded: set[Operand] = set()
        self._left_out: set[Operand] = set()
        self.include(program, activity, ())

    @property
    def only_choices(self) -> bool:
        """True when adjoints are zero without cause only where a selection or a branch leaves values out."""
        return bool(self._left_out) and not self._expects_any and not self._has_zeros

    def include(self, part: Program, activity: Activity, left_out: Iterable[Operand]) -> None:
        """Take in a part of the program in which values have other names; of its results these may be left out."""
        self._follow(part)
        self._left_out |= _left_out(part, activity, left_out)

    def leaves_out(self, operand: Operand) -> bool:
        """True when a number may be left out."""
        return operand in self._left_out

    def guards(self, statement: Compute) -> bool:
        """True when products with the partial derivatives of a statement are guarded."""
        if statement.out in self._left_out:
            return self._expects_any or not guarded.is_tame(statement) or not self._unbounded.isdisjoint(statement.args)
        return self._has_zeros and guarded.is_steep(statement)

    def _follow(self, program: Program) -> None:
        """Find what may be infinite, though all that it is made from is finite."""
        for statement in walk(program.body):
            if not isinstance(statement, Compute) or not statement.out.type.is_float:
                continue
            if guarded.may_overflow(statement) or not self._unbounded.isdisjoint(statement.args):
                self._unbounded.add(statement.out)


def tests_numbers(program: Program) -> bool:
    """True when a program asks somewhere whether a number is finite."""
    return any(_tests(statement) for statement in walk(program.body))


def _left_out(program: Program, activity: Activity, results: Iterable[Operand]) -> set[Operand]:
    """The numbers of a program that may be left out, ``results`` among them."""
    aliases, statements = Aliases(program), list(walk(program.body))

    def keys(operands: Iterable[Operand]) -> Iterator[Operand]:
        floating = (o for o in operands if isinstance(o, Var) and o.type.is_float)
        return (aliases.root(o) if isinstance(o.type, Array) else o for o in floating)

    chosen = (o for statement in statements for o in _candidates(statement, activity))
    found = set(keys((*results, *chosen)))
    steps = [(set(keys(sources)), set(keys(targets))) for s in reversed(statements) for sources, targets in flows(s)]
    size = 0
    while size != len(found):
        size = len(found)
        for sources, targets in steps:
            if not found.isdisjoint(targets):
                found |= sources
    return found


def _candidates(statement: Statement, activity: Activity) -> Iterable[Operand]:
    """What was computed before a statement that may leave it out."""
    match statement:
        case Compute(primitive=primitive, out=out, args=args) if primitive.name in _CHOICES and out in activity:
            return args
        case Branch(then=then, then_yields=thens, otherwise=otherwise, otherwise_yields=elses):
            return [*free_variables(then, thens), *free_variables(otherwise, elses)]
    return ()


def _tests(statement: Statement) -> bool:
    """True when a statement asks whether a number is finite, in words or by comparing it with itself."""
    if not isinstance(statement, Compute):
        return False
    with_itself = statement.primitive in (core.eq, core.ne) and statement.args[0] is statement.args[1]
    return statement.primitive.name in _TESTS or with_itself
