"""Which of the numbers that a loop carries are sums."""

from __future__ import annotations

from collections import Counter

from jitad.primitives import core
from jitad.program.statements import Branch, Compute, Loop, Operand, Var, operands, walk
from jitad.program.types import Array


def carried_sums(loop: Loop) -> set[int]:
    """The positions of the carried numbers to which an iteration adds, and which it doesn't read otherwise."""
    sums = _Sums(loop)
    return {at for at, param in enumerate(loop.params) if param.type.is_float and sums.has(param, loop.yields[at])}


class _Sums:
    """Finds, in the body of a loop, chains of additions and subtractions from a carried number to its next value."""

    def __init__(self, loop: Loop) -> None:
        heads = [] if loop.condition_block is None else list(walk(loop.condition_block))
        statements = [loop, *heads, *walk(loop.body)]
        self._made = {s.out: s for s in statements if isinstance(s, Compute)}
        self._joined = {
            result: (s, at) for s in statements if isinstance(s, Loop | Branch) for at, result in enumerate(s.results)
        }
        self._reads: Counter[Operand] = Counter(o for s in statements[1:] for o in operands(s))
        for statement in statements:
            if isinstance(statement, Loop):
                self._reads.update(statement.yields)
                self._reads[statement.condition] += statement.condition is not None  # type: ignore[index]
            elif isinstance(statement, Branch):
                self._reads.update((*statement.then_yields, *statement.otherwise_yields))

    def has(self, param: Var, new: Operand) -> bool:
        """True when ``new`` is ``param`` with terms added, and nothing else reads the numbers in between."""
        uses = 0 if isinstance(param.type, Array) else self._uses(param, new)
        return 0 < uses == self._reads[param]

    def _uses(self, param: Var, new: Operand) -> int:
        """How often the chain that ends at ``new`` reads ``param``; 0 when it isn't such a chain."""
        if new is param:
            return 1
        if self._reads[new] != 1 or not isinstance(new, Var):
            return 0
        if new in self._joined:
            statement, at = self._joined[new]
            if isinstance(statement, Branch):
                arms = [self._uses(param, arm[at]) for arm in (statement.then_yields, statement.otherwise_yields)]
                return sum(arms) if all(arms) else 0
            within = self.has(statement.params[at], statement.yields[at])
            return self._uses(param, statement.inits[at]) if within else 0
        made = self._made.get(new)
        if made is None or made.primitive not in (core.add, core.sub):
            return 0
        first, second = (self._uses(param, arg) for arg in made.args)
        if made.primitive is core.sub:
            return 0 if second else first
        return 0 if first and second else first or second
