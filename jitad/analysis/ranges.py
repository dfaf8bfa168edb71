"""In which ranges the indices of a program's loops run."""

from __future__ import annotations

from jitad.analysis.differences import Differences
from jitad.primitives import core
from jitad.program.builder import is_const
from jitad.program.distances import shifted
from jitad.program.queries import walk
from jitad.program.statements import Compute, Const, Loop, Operand, Program, Var


class Ranges:
    """Answers for the indices of counted loops with step 1, and what differs from them by literals."""

    def __init__(self, program: Program) -> None:
        statements = list(walk(program.body))
        self.made = {s.out: s for s in statements if isinstance(s, Compute)}
        self._loops: dict[Operand | None, Loop] = {
            s.index: s for s in statements if isinstance(s, Loop) and s.is_counted and is_const(s.step, 1)
        }

    def is_natural(self, operand: Operand | None) -> bool:
        """True for an integer that is known not to be negative: a literal, or an index that starts from one."""
        if isinstance(operand, Const):
            return operand.value >= 0
        return operand in self._loops and self.is_natural(self._loops[operand].start)

    def is_below(self, operand: Operand, limit: Operand) -> bool:
        """True when an integer is known to be less than another one."""
        facts = Differences(self.made)
        self.note(facts, operand, set())
        facts.below(limit, operand, 0)
        return facts.contradict

    def note(self, facts: Differences, operand: Operand | None, noted: set[Operand]) -> None:
        """Note what is known of an integer if it follows an index, and of what limits that index."""
        index = None if operand is None else shifted(self.made.get, operand)[0]
        if index is None or index in noted or index not in self._loops:
            return
        noted.add(index)
        loop = self._loops[index]
        facts.below(loop.start, index, 0)
        self.note(facts, loop.start, noted)
        for limit in self.least_of(loop.stop):
            facts.below(index, limit)
            self.note(facts, limit, noted)

    def least_of(self, operand: Operand | None) -> list[Operand]:
        """The two integers of which one is the smaller one, or the operand itself."""
        made = self.made.get(operand) if isinstance(operand, Var) else None
        if made is not None and made.primitive is core.select:
            condition, *both = made.args
            test = self.made.get(condition) if isinstance(condition, Var) else None
            if test is not None and test.primitive is core.lt and list(test.args) == both:
                return both
        return [] if operand is None else [operand]
