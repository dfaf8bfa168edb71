"""Find the user's loops whose iterations may run in any order.

Postcondition: a counted loop is marked order-free only if no two of its iterations touch one element of an array
of which one of them stores (sums into elements aside), and all that it carries are sums. The adjoint of such a
loop may then run in any order too, record in rows, and gather.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.order import Order
from jitad.primitives import core
from jitad.program.statements import (
    Accumulate,
    Block,
    Branch,
    Compute,
    Const,
    Dim,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
    operands,
    walk,
)
from jitad.program.types import Array

_ALLOWED = (Compute, Dim, Load, Store, Accumulate, Loop, Branch)


def mark_order_free(program: Program) -> Program:
    """The same program with every loop marked for which the condition above can be shown."""
    return replace(program, body=_Marker(program).block(program.body))


class _Marker:
    def __init__(self, program: Program) -> None:
        self._aliases = Aliases(program)
        self._order = Order(program, self._aliases)

    def block(self, block: Block) -> Block:
        return Block([self._statement(statement) for statement in block])

    def _statement(self, statement: Statement) -> Statement:
        if isinstance(statement, Loop):
            known = statement.order_free and _carries_only_sums(statement)
            free = known or self._is_free(statement)
            return replace(statement, body=self.block(statement.body), order_free=free)
        if isinstance(statement, Branch):
            return replace(statement, then=self.block(statement.then), otherwise=self.block(statement.otherwise))
        return statement

    def _is_free(self, loop: Loop) -> bool:
        statements = list(walk(loop.body))
        if not isinstance(loop.step, Const) or not all(isinstance(s, _ALLOWED) for s in statements):
            return False
        if any(isinstance(s, Loop) and not s.is_counted for s in statements):
            return False
        return _carries_only_sums(loop) and self._never_meet(loop, statements)

    def _never_meet(self, loop: Loop, statements: list[Statement]) -> bool:
        accesses: dict[Var, list[Load | Store | Accumulate]] = {}
        for statement in statements:
            if isinstance(statement, Load | Store | Accumulate):
                accesses.setdefault(self._aliases.root(statement.array), []).append(statement)
        return all(
            self._order.stay_apart(store, other, loop)
            for group in accesses.values()
            if not all(isinstance(access, Accumulate) for access in group)
            for store in group
            if not isinstance(store, Load)
            for other in group
        )


def _carries_only_sums(loop: Loop) -> bool:
    return len(carried_sums(loop)) == len(loop.params)


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
        return not isinstance(param.type, Array) and self._uses(param, new) == self._reads[param]

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
