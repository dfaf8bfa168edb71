"""Where an adjoint may differ from zero, as truth values of the primal.

What a selection leaves out has a zero adjoint: of all the candidates for a minimum, only one has another. The reverse
sweep need not enter a loop into which nothing but such zeros flow.

The conditions are those of the selections, never the adjoints' own values: an adjoint that happens to be zero may
still have a derivative that isn't, and adjoints with lanes don't decide control flow.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jitad.primitives import core, guarded
from jitad.primitives.sums import add_to_sum
from jitad.program.builder import Builder
from jitad.program.rewrite import Copier
from jitad.program.statements import Block, Branch, Compute, Const, Loop, Operand, Statement, Var
from jitad.program.types import BOOL

_YES, _NO = Const(True, BOOL), Const(False, BOOL)
_DEEPEST = 12
"""How many operations are followed back; what lies further is taken for an adjoint that isn't zero."""
Facts = dict[Operand, bool]
_SHORT = 4
"""Loops with so few iterations run in any case."""
_LINEAR = frozenset({core.neg, core.pos, core.mul, guarded.times, *core.casts.values()})


@dataclass
class Carried:
    """The conditions that a loop carries; those that are ``settled`` turned out to have one value throughout."""

    params: list[Var] = field(default_factory=list)
    inits: list[Operand] = field(default_factory=list)
    yields: list[Operand] = field(default_factory=list)
    settled: dict[Var, Const] = field(default_factory=dict)

    def settle(self, block: Block, yields: list[Operand], arrays: list[Var]) -> tuple[Block, list[Operand]]:
        """The body of the loop, and what it yields, without asking for what is settled.

        Those of the ``arrays`` that it allocates get other names, there and in the list.
        """
        if not self.settled:
            return block, yields
        builder = Builder()
        copier = Copier(lambda var: self.settled.get(var, var))
        copier.block(block, builder)
        self.yields = [copier(new) for new in self.yields]
        arrays[:] = [copier.array(array) for array in arrays]
        return builder.block, [copier(new) for new in yields]


class Flowing:
    """The conditions of adjoints in one block of the reverse sweep; ``parent`` knows those of the enclosing block.

    ``adjoints`` are what the loop around the block carries. The loop may carry their conditions as well: ``carried``
    has those that were asked for. ``sure`` are adjoints that surely aren't zero because something was left out.
    """

    def __init__(
        self, builder: Builder, parent: Flowing | None, adjoints: Iterable[Var] = (), sure: Iterable[Operand] = ()
    ) -> None:
        self.builder = builder
        self._sure: set[Operand] = {*sure, *(() if parent is None else parent._sure)}
        self._parent = parent
        self._adjoints = list(adjoints)
        self._guarded: set[Operand] = set()
        self._known: dict[Operand, Operand] = {}
        self._choices: dict[Var, tuple[Operand, Operand, Operand]] = {}
        self.carried: dict[Var, Var] = {}

    def choose(self, result: Var, condition: Operand, then: Operand, otherwise: Operand) -> None:
        """Take note that ``result`` is one of two operands of this block."""
        self._choices[result] = (condition, then, otherwise)

    def any(self, operands: Iterable[Operand], depth: int = 0) -> Operand:
        """The condition under which one of several adjoints may differ from zero."""
        found: Operand = _NO
        for operand in operands:
            found = found if found == _YES else self._either(found, self.of(operand, depth))
        return found

    def of(self, operand: Operand, depth: int = 0) -> Operand:
        """The condition under which an adjoint may differ from zero; the literal True when none is known."""
        if isinstance(operand, Const):
            return _YES if operand.value != 0 else _NO
        known = self._recall(operand)
        if known is None and depth == _DEEPEST:
            return _YES
        if known is None:
            condition, parts = self._derivation(operand)
            if condition is not None:
                known = self._chosen(condition, *(self.of(part, depth + 1) for part in parts))
            else:
                known = self.any(parts, depth + 1) if parts else _YES
            self._known[operand] = known
        return known

    def flows(self, operand: Operand, facts: Facts, assumed: Container[Operand] = (), depth: int = 0) -> bool:
        """True for an adjoint that nothing has left out, where ``facts`` hold and those ``assumed`` flow.

        What isn't made of other adjoints in a way that is known here is either a partial derivative, which is
        arithmetic, or comes from elsewhere, and of that nothing is known.
        """
        if isinstance(operand, Const):
            return operand.value != 0
        if operand in assumed or operand in self._sure:
            return True
        condition, parts = self._derivation(operand)
        if depth == _DEEPEST or not parts:
            return depth < _DEEPEST and self.builder.made_by(operand) is not None
        known = None if condition is None else facts.get(condition)
        if known is not None:
            return self.flows(parts[0 if known else 1], facts, assumed, depth + 1)
        found = (self.flows(part, facts, assumed, depth + 1) for part in parts)
        return any(found) if condition is None else all(found)

    def facts(self, condition: Operand) -> Facts:
        """What is known of truth values where a condition holds."""
        found: Facts = {}
        pending = [(condition, True)]
        while pending:
            operand, value = pending.pop()
            found[operand] = value
            made = self.builder.made_by(operand)
            if made is None:
                continue
            if made.primitive is core.not_:
                pending.append((made.args[0], not value))
            elif made.primitive is core.casts["bool"] or (made.primitive is core.and_ and value):
                pending += [(arg, value) for arg in made.args]
        return found

    def keep_guards(self, term: Operand | None, bar: Operand) -> None:
        """Let the products stay guarded by which ``bar`` has become ``term``: what is steep may be multiplied by 0."""
        pending = [term]
        while pending:
            operand = pending.pop()
            made = None if operand is None or operand is bar else self.builder.made_by(operand)
            if made is not None and made.primitive in (*_LINEAR, core.select):
                pending += made.args
                self._guarded.update([made.out] if made.primitive is guarded.times else [])

    def relax(self, facts: Facts, carried: Mapping[Var, tuple[Operand, Operand]]) -> None:
        """Make plain products in this block where the adjoint flows that a guard looks at.

        ``carried`` are the adjoints that the loop around it carries, with those before the loop and the next ones.
        """
        always = {adjoint for adjoint, (init, _) in carried.items() if self.flows(init, facts)}
        while lost := {adjoint for adjoint in always if not self.flows(carried[adjoint][1], facts, always)}:
            always -= lost
        statements = self.builder.block.statements
        for at, statement in enumerate(statements):
            if not isinstance(statement, Compute) or statement.primitive is not guarded.times:
                continue
            if statement.out not in self._guarded and self.flows(statement.args[0], facts, always):
                statements[at] = replace(statement, primitive=core.mul)

    def close(self, finals: Sequence[Operand], yields: Sequence[Operand]) -> Carried:
        """The conditions that the loop carries, given the adjoints that it carries: before the loop, and next."""
        rows: dict[Var, tuple[Operand, Operand]] = {}
        assert self._parent is not None
        while len(rows) < len(self.carried):  # one condition may ask for another
            for adjoint, final, new in zip(self._adjoints, finals, yields, strict=False):
                if adjoint in self.carried and adjoint not in rows:
                    rows[adjoint] = (self._parent.of(final), self.of(new))
        following = dict(zip(self._adjoints, yields, strict=False))
        always = {adjoint for adjoint, (init, _) in rows.items() if init == _YES}
        while lost := {adjoint for adjoint in always if not self._is_always(following[adjoint], always)}:
            always -= lost
        found = Carried(settled={self.carried[adjoint]: _YES for adjoint in always})
        for adjoint, (init, new) in rows.items():
            if adjoint not in always:
                found.params.append(self.carried[adjoint])
                found.inits.append(init)
                found.yields.append(new)
        return found

    def _is_always(self, operand: Operand, assumed: Container[Operand], depth: int = 0) -> bool:
        """True when no selection leaves an adjoint out, nor any of the ``assumed`` ones that it is made of."""
        if isinstance(operand, Const):
            return operand.value != 0
        if operand in self.carried:
            return operand in assumed
        condition, parts = self._derivation(operand)
        if depth == _DEEPEST or not parts:
            return True
        found = (self._is_always(part, assumed, depth + 1) for part in parts)
        return any(found) if condition is None else all(found)

    def _recall(self, operand: Var) -> Operand | None:
        """What this block, or one around it, knows already, or carries."""
        if operand in self._adjoints:
            return self.carried.setdefault(operand, Var(f"{operand.name}_flows", BOOL))
        if operand in self._known:
            return self._known[operand]
        return None if self._parent is None else self._parent._recall(operand)

    def _derivation(self, operand: Var) -> tuple[Operand | None, tuple[Operand, ...]]:
        """Of what an adjoint is made: two sides and what chooses, or terms; nothing where that is unknown."""
        chosen, made = self._choice(operand), self.builder.made_by(operand)
        if chosen is not None:
            return chosen[0], chosen[1:]
        if made is None:
            return None, ()
        if made.primitive is core.select:
            return made.args[0], made.args[1:]
        if made.primitive in (core.add, core.sub, add_to_sum):
            return None, made.args
        return None, (_linear_part(made),) if made.primitive in _LINEAR else ()

    def _choice(self, operand: Var) -> tuple[Operand, Operand, Operand] | None:
        if operand in self._choices or self._parent is None:
            return self._choices.get(operand)
        return self._parent._choice(operand)

    def _chosen(self, condition: Operand, then: Operand, otherwise: Operand) -> Operand:
        """The condition of one of two adjoints, given those of both."""
        builder = self.builder
        holds = builder.cast(condition, BOOL)
        if then == otherwise:
            return then
        if otherwise == _NO:
            return self._both(holds, then)
        if then == _NO:
            return self._both(builder.compute(core.not_, holds), otherwise)
        return builder.select(holds, then, otherwise)

    def _both(self, a: Operand, b: Operand) -> Operand:
        if _NO in (a, b):
            return _NO
        if _YES in (a, b):
            return b if a == _YES else a
        return a if a is b else self.builder.compute(core.and_, a, b)

    def _either(self, a: Operand, b: Operand) -> Operand:
        if _YES in (a, b):
            return _YES
        if _NO in (a, b):
            return b if a == _NO else a
        return a if a is b else self.builder.compute(core.or_, a, b)


def _linear_part(made: Compute) -> Operand:
    """The adjoint in a product, or whatever it is that an operation passes on: it comes first, or after a literal."""
    return made.args[-1] if isinstance(made.args[0], Const) else made.args[0]


def add_where(
    flowing: Flowing,
    adjoints: Iterable[Operand],
    loop: Loop,
    results: list[Var],
    untouched: list[Operand],
    instead: Sequence[Statement] = (),
) -> list[Var]:
    """Append a loop of the reverse sweep, to be run only where one of the adjoints that flow into it isn't zero.

    What stands for its ``results`` after it; they are ``untouched`` where it doesn't run, and ``instead`` runs.
    """
    condition = flowing.any(adjoints)
    if isinstance(condition, Const):
        flowing.builder.add(loop)
        return results
    chosen = [Var(result.name, result.type) for result in results]
    flowing.builder.add(Branch(condition, Block([loop]), list(results), Block([*instead]), untouched, chosen))
    return chosen


def may_be_long(loop: Loop) -> bool:
    """False for loops so short that running them costs less than deciding about it."""
    bounds = (loop.start, loop.stop, loop.step)
    if not all(isinstance(bound, Const) for bound in bounds):
        return True
    return len(range(*(int(bound.value) for bound in bounds if isinstance(bound, Const)))) > _SHORT
