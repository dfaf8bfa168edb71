"""Which of the numbers that a loop carries are sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from jitad.primitives import core
from jitad.primitives.spec import ScalarPrimitive
from jitad.primitives.sums import ADDITIONS
from jitad.program.queries import operands, own_reads, walk
from jitad.program.statements import Branch, Compute, Loop, Operand, Var
from jitad.program.types import Array, Scalar


def carried_sums(loop: Loop) -> set[int]:
    """The positions of the carried numbers to which an iteration adds, and which it doesn't read otherwise."""
    sums = Chains(loop, ADDITIONS, core.sub)
    return {at for at, param in enumerate(loop.params) if param.type.is_float and sums.has(param, loop.yields[at])}


class Chains:
    """Finds, in the body of a loop, chains of additions and subtractions from a carried number to its next value.

    Or of other operations: ``joins``, whose operands may change places, and ``undo``, which continues its first.
    """

    def __init__(self, loop: Loop, joins: Collection[ScalarPrimitive], undo: ScalarPrimitive) -> None:
        self._joins = joins
        self._undo = undo
        heads = [] if loop.condition_block is None else list(walk(loop.condition_block))
        statements = [loop, *heads, *walk(loop.body)]
        self._made = {s.out: s for s in statements if isinstance(s, Compute)}
        self._joined = {
            result: (s, at) for s in statements if isinstance(s, Loop | Branch) for at, result in enumerate(s.results)
        }
        self._found: dict[Var, bool] = {}
        self._reads: Counter[Operand] = Counter(o for s in statements[1:] for o in operands(s))
        for statement in statements:
            if isinstance(statement, Loop):
                self._reads.update(statement.yields)
                self._reads[statement.condition] += statement.condition is not None  # type: ignore[index]
            elif isinstance(statement, Branch):
                self._reads.update((*statement.then_yields, *statement.otherwise_yields))

    def has(self, param: Var, new: Operand) -> bool:
        """True when ``new`` is ``param`` with terms added, and nothing else reads the numbers in between."""
        if param not in self._found:
            self._found[param] = not isinstance(param.type, Array) and self._is_sum(param, new)
        return self._found[param]

    def _is_sum(self, param: Var, new: Operand) -> bool:
        known: dict[Operand, bool] = {param: True}
        if not self._leads(new, known):
            return False
        consumed: Counter[Operand] = Counter([new])
        pending, followed = [new], set[Operand]()
        while pending:
            current = pending.pop()
            if current not in followed:
                followed.add(current)
                candidates = [] if current is param else self._candidates(current)
                before = [one for one in candidates if self._leads(one, known)]
                consumed.update(before)
                pending += before
        return all(consumed[value] == self._reads[value] for value in followed)

    def _leads(self, value: Operand, known: dict[Operand, bool]) -> bool:
        """True when every path leads to ``value`` through additions from what is ``known`` to start a chain."""
        pending = [value]
        while pending:
            current = pending[-1]
            before = [] if current in known else self._candidates(current)
            missing = [one for one in before if one not in known]
            if current not in known and not missing:
                known[current] = self._continues(current, [known[one] for one in before])
            if missing:
                pending += missing
            else:
                pending.pop()
        return known[value]

    def _continues(self, value: Operand, leading: list[bool]) -> bool:
        """True when a number continues a chain, given which of its candidates do."""
        made = self._made.get(value) if isinstance(value, Var) else None
        if made is None or made.primitive is core.select:
            return bool(leading) and all(leading)
        return sum(leading) == 1 and (made.primitive in self._joins or leading[0])

    def _candidates(self, value: Operand) -> list[Operand]:
        """What a number may continue: an operand, the sides of a choice, or what a loop of such sums starts from."""
        if not isinstance(value, Var):
            return []
        if value in self._joined:
            statement, at = self._joined[value]
            if isinstance(statement, Branch):
                return [statement.then_yields[at], statement.otherwise_yields[at]]
            return [statement.inits[at]] if self.has(statement.params[at], statement.yields[at]) else []
        made = self._made.get(value)
        if made is not None and made.primitive is core.select:
            return list(made.args[1:])
        return list(made.args) if made is not None and made.primitive in {*self._joins, self._undo} else []


@dataclass(frozen=True)
class PlainSum:
    """A number that a loop carries and reads only to add to it, in its own body.

    Where it starts, what is added (True) or subtracted in turn, the sums in between, and where it ends.
    """

    param: Var
    start: Operand
    terms: tuple[tuple[Operand, bool], ...]
    links: tuple[Var, ...]
    result: Var


def plain_sums(loop: Loop) -> list[PlainSum] | None:
    """What a loop carries, if all of that are such sums of floating-point numbers."""
    made = {s.out: s for s in loop.body if isinstance(s, Compute)}
    reads: Counter[Operand] = Counter(o for s in walk(loop.body) for o in own_reads(s))
    reads.update(loop.yields)
    found = []
    for param, start, new, result in zip(loop.params, loop.inits, loop.yields, loop.results, strict=True):
        links = _links(param, new, made, reads)
        if links is None or not isinstance(param.type, Scalar) or not param.type.is_float or param.type.lanes:
            return None
        terms = tuple((link.args[1], link.primitive is not core.sub) for link in links)
        found.append(PlainSum(param, start, terms, tuple(link.out for link in links), result))
    return found


def _links(param: Var, new: Operand, made: Mapping[Var, Compute], reads: Counter[Operand]) -> list[Compute] | None:
    """The additions and subtractions from a carried number to its next value, if there is nothing else."""
    found = []
    while new is not param:
        last = made.get(new) if isinstance(new, Var) else None
        if last is None or reads[new] != 1 or last.primitive not in (*ADDITIONS, core.sub):
            return None
        if any(arg.type != param.type for arg in last.args):
            return None
        found.append(last)
        new = last.args[0]
    return found[::-1] if found and reads[param] == 1 else None
