"""Where an adjoint may differ from zero, as truth values of the primal.

What a selection leaves out has a zero adjoint: of all the candidates for a minimum, only one has another. The reverse
sweep need not enter a loop into which nothing but such zeros flow.

The conditions are those of the selections, never the adjoints' own values: an adjoint that happens to be zero may
still have a derivative that isn't, and adjoints with lanes don't decide control flow.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from jitad.primitives import core, guarded
from jitad.program.builder import Builder
from jitad.program.rewrite import Copier
from jitad.program.statements import Block, Branch, Compute, Const, Loop, Operand, Var
from jitad.program.types import BOOL

_YES, _NO = Const(True, BOOL), Const(False, BOOL)
_LINEAR = frozenset({core.neg, core.pos, core.mul, guarded.times, *core.casts.values()})


@dataclass
class Carried:
    """The conditions that a loop carries; those that are ``settled`` turned out to have one value throughout."""

    params: list[Var] = field(default_factory=list)
    inits: list[Operand] = field(default_factory=list)
    yields: list[Operand] = field(default_factory=list)
    settled: dict[Var, Const] = field(default_factory=dict)

    def settle(self, block: Block, yields: list[Operand]) -> tuple[Block, list[Operand]]:
        """The body of the loop, and what it yields, without asking for what is settled."""
        if not self.settled:
            return block, yields
        builder = Builder()
        copier = Copier(lambda var: self.settled.get(var, var))
        copier.block(block, builder)
        self.yields = [copier(new) for new in self.yields]
        return builder.block, [copier(new) for new in yields]


class Flowing:
    """The conditions of adjoints in one block of the reverse sweep; ``parent`` knows those of the enclosing block.

    ``adjoints`` are what the loop around the block carries. The loop may carry their conditions as well: ``carried``
    has those that were asked for.
    """

    def __init__(self, builder: Builder, parent: Flowing | None, adjoints: Iterable[Var] = ()) -> None:
        self.builder = builder
        self._parent = parent
        self._adjoints = list(adjoints)
        self._known: dict[Operand, Operand] = {}
        self._choices: dict[Var, tuple[Operand, Operand, Operand]] = {}
        self.carried: dict[Var, Var] = {}

    def choose(self, result: Var, condition: Operand, then: Operand, otherwise: Operand) -> None:
        """Take note that ``result`` is one of two operands of this block."""
        self._choices[result] = (condition, then, otherwise)

    def any(self, operands: Iterable[Operand]) -> Operand:
        """The condition under which one of several adjoints may differ from zero."""
        found: Operand = _NO
        for operand in operands:
            found = self._either(found, self.of(operand))
        return found

    def of(self, operand: Operand) -> Operand:
        """The condition under which an adjoint may differ from zero; the literal True when none is known."""
        if isinstance(operand, Const):
            return _YES if operand.value != 0 else _NO
        known = self._recall(operand)
        if known is None:
            known = self._known[operand] = self._found(operand)
        return known

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

    def _is_always(self, operand: Operand, assumed: Container[Operand]) -> bool:
        """True when no selection leaves an adjoint out, nor any of the ``assumed`` ones that it is made of."""
        if isinstance(operand, Const):
            return operand.value != 0
        if operand in self.carried:
            return operand in assumed
        chosen, made = self._choice(operand), self.builder.made_by(operand)
        if chosen is None and made is not None and made.primitive is core.select:
            condition, then, otherwise = made.args
            chosen = (condition, then, otherwise)
        if chosen is not None:
            return all(self._is_always(arm, assumed) for arm in chosen[1:])
        if made is not None and made.primitive in (core.add, core.sub):
            return any(self._is_always(arg, assumed) for arg in made.args)
        if made is not None and made.primitive in _LINEAR:
            return self._is_always(_linear_part(made), assumed)
        return True

    def _recall(self, operand: Var) -> Operand | None:
        """What this block, or one around it, knows already, or carries."""
        if operand in self._adjoints:
            return self.carried.setdefault(operand, Var(f"{operand.name}_flows", BOOL))
        if operand in self._known:
            return self._known[operand]
        return None if self._parent is None else self._parent._recall(operand)

    def _found(self, operand: Var) -> Operand:
        chosen = self._choice(operand)
        if chosen is not None:
            return self._chosen(*chosen)
        made = self.builder.made_by(operand)
        return _YES if made is None else self._made(made)

    def _choice(self, operand: Var) -> tuple[Operand, Operand, Operand] | None:
        if operand in self._choices or self._parent is None:
            return self._choices.get(operand)
        return self._parent._choice(operand)

    def _made(self, made: Compute) -> Operand:
        args, primitive = made.args, made.primitive
        if primitive is core.select:
            return self._chosen(*args)
        if primitive in (core.add, core.sub):
            return self.any(args)
        if primitive in _LINEAR:
            return self.of(_linear_part(made))
        return _YES

    def _chosen(self, condition: Operand, then: Operand, otherwise: Operand) -> Operand:
        """The condition of one of two adjoints."""
        builder = self.builder
        first, second = self.of(then), self.of(otherwise)
        holds = builder.cast(condition, BOOL)
        if first == second:
            return first
        if second == _NO:
            return self._both(holds, first)
        if first == _NO:
            return self._both(builder.compute(core.not_, holds), second)
        return builder.select(holds, first, second)

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
    flowing: Flowing, adjoints: Iterable[Operand], loop: Loop, results: list[Var], untouched: list[Operand]
) -> list[Var]:
    """Append a loop of the reverse sweep, to be run only where one of the adjoints that flow into it isn't zero.

    What stands for its ``results`` after it; they are ``untouched`` where it doesn't run.
    """
    condition = flowing.any(adjoints)
    if isinstance(condition, Const):
        flowing.builder.add(loop)
        return results
    chosen = [Var(result.name, result.type) for result in results]
    flowing.builder.add(Branch(condition, Block([loop]), list(results), Block(), untouched, chosen))
    return chosen
