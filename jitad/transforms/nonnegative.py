"""Leave out what handles negative indices where an index can't be negative.

``A[at]`` with a counter ``at`` is read as ``A[at + n if at < 0 else at]``. Postcondition: no comparison ``x < 0`` or
``x >= 0`` remains whose outcome follows from the signs of literals, lengths, ranges, sums and products. Numbers that
are made like indices are taken not to overflow 64 bits; of what may grow faster (large literals, what a loop multiplies
again and again, as random numbers are made) nothing is said.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.primitives import core
from jitad.program.builder import Builder, is_const
from jitad.program.queries import walk
from jitad.program.rewrite import Copier, as_they_are
from jitad.program.statements import Branch, Compute, Const, Dim, Loop, Operand, Program, Statement
from jitad.program.types import BOOL, INT64

SMALL = 2**31
"""Literals from here on, such as multipliers of random numbers, may make sums and products overflow."""


def fold_signs(program: Program) -> Program:
    """The same program with comparisons decided by signs."""
    signs = _Signs(program)
    if not any(signs.decided(statement) is not None for statement in walk(program.body)):
        return program
    builder = Builder()
    copier = _Folding(program, signs)
    copier.block(program.body, builder)
    return replace(program, body=builder.block, results=[copier(result) for result in program.results])


class _Folding(Copier):
    def __init__(self, program: Program, signs: _Signs) -> None:
        super().__init__(as_they_are(program.params))
        self._signs = signs

    def statement(self, statement: Statement, builder: Builder) -> None:
        known = self._signs.decided(statement)
        if known is None:
            super().statement(statement, builder)
        else:
            assert isinstance(statement, Compute)
            self._copied[statement.out] = Const(known, BOOL)


class _Signs:
    """Which integers of a program are surely not negative."""

    def __init__(self, program: Program) -> None:
        self._made: dict[Operand, Statement] = {}
        self._started: dict[Operand, Loop] = {}
        self._given: dict[Operand, tuple[Operand, ...]] = {}
        for statement in walk(program.body):
            match statement:
                case Compute(out=out) | Dim(out=out):
                    self._made[out] = statement
                case Loop(index=index, params=params, inits=inits, yields=yields, results=results):
                    self._started[index] = statement
                    for param, init, new, result in zip(params, inits, yields, results, strict=True):
                        self._given[param] = (init, new)
                        self._given[result] = (init, new)
                case Branch(then_yields=thens, otherwise_yields=others, results=results):
                    self._given.update(zip(results, zip(thens, others, strict=True), strict=True))
        self._carried = {v for loop in self._started.values() for v in (*loop.params, *loop.results)}
        self._passed_on = self._makers([v for loop in self._started.values() for v in loop.yields])
        self._grown: dict[Operand, bool] = {}
        self._known: dict[Operand, bool] = {}

    def decided(self, statement: Statement) -> bool | None:
        """The outcome of a comparison with 0, where it is known."""
        if not isinstance(statement, Compute) or statement.primitive not in (core.lt, core.ge):
            return None
        value, bound = statement.args
        if value.type != INT64 or not is_const(bound, 0) or isinstance(value, Const) or not self.holds(value):
            return None
        return statement.primitive is core.ge

    def holds(self, value: Operand) -> bool:
        """True for an integer that surely isn't negative."""
        if isinstance(value, Const):
            return 0 <= value.value < SMALL
        if value not in self._known:
            assumed: set[Operand] = set()
            if self._follows(value, assumed):
                self._known.update(dict.fromkeys(assumed, True))
            else:
                self._known[value] = False
        return self._known[value]

    def _follows(self, value: Operand, assumed: set[Operand]) -> bool:
        """True when the sign follows from those in ``assumed``, to which it is added (what loops carry is cyclic)."""
        if isinstance(value, Const):
            return 0 <= value.value < SMALL
        if value in assumed or self._known.get(value):
            return True
        if value.type != INT64 or self._known.get(value) is False:
            return False
        assumed.add(value)
        if value in self._given:
            return all(self._follows(v, assumed) for v in self._given[value])
        if value in self._started:
            loop = self._started[value]
            upwards = isinstance(loop.step, Const) and loop.step.value > 0
            return not loop.is_counted or (upwards and loop.start is not None and self._follows(loop.start, assumed))
        return self._made_of(self._made.get(value), assumed)

    def _made_of(self, statement: Statement | None, assumed: set[Operand]) -> bool:
        if isinstance(statement, Dim):
            return True
        if not isinstance(statement, Compute):
            return False
        args = statement.args
        if statement.primitive in (core.add, core.mul) and self._may_overflow(statement):
            return False
        if statement.primitive in (core.add, core.mul, core.floordiv):
            return all(self._follows(arg, assumed) for arg in args)
        if statement.primitive is core.mod:
            return self._follows(args[1], assumed)
        if statement.primitive is core.select:
            return self._chosen(args, assumed)
        return statement.primitive is core.sub and self._from_start(args)

    def _may_overflow(self, statement: Compute) -> bool:
        """True for what a loop may double in each iteration: sums of two numbers that it carries, products with one."""
        if statement.out not in self._passed_on:
            return False
        return sum(map(self._grows, statement.args)) > (1 if statement.primitive is core.add else 0)

    def _grows(self, value: Operand) -> bool:
        """True for what is made from numbers that loops carry."""
        if value not in self._grown:
            self._grown[value] = value in self._carried or any(map(self._grows, self._sources(value)))
        return self._grown[value]

    def _makers(self, values: list[Operand]) -> set[Operand]:
        """These values and what they are made from, back to what loops carry."""
        found: set[Operand] = set()
        while values:
            value = values.pop()
            if value not in found:
                found.add(value)
                values += self._sources(value)
        return found

    def _sources(self, value: Operand) -> tuple[Operand, ...]:
        """What a number is made from, as far as that tells its size."""
        if value in self._carried:
            return ()
        made = self._made.get(value)
        if isinstance(made, Compute):
            return made.args[1:] if made.primitive is core.mod else made.args
        return self._given.get(value, ())

    def _chosen(self, args: tuple[Operand, ...], assumed: set[Operand]) -> bool:
        """The sides of a selection; a difference is chosen only where it is compared to be positive."""
        condition, then, otherwise = args
        made, difference = self._made.get(condition), self._made.get(then)
        if (
            isinstance(made, Compute)
            and isinstance(difference, Compute)
            and made.primitive is core.lt
            and difference.primitive is core.sub
            and made.args == difference.args[::-1]
        ):
            return self._follows(otherwise, assumed)
        return self._follows(then, assumed) and self._follows(otherwise, assumed)

    def _from_start(self, args: tuple[Operand, ...]) -> bool:
        """True for how far an index is from the start of its range."""
        index, start = args
        loop = self._started.get(index)
        upwards = loop is not None and isinstance(loop.step, Const) and loop.step.value > 0
        return upwards and loop is not None and loop.start is start
