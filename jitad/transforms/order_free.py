"""Find the user's loops whose iterations may run in any order.

Postcondition: a counted loop is marked order-free only if no two of its iterations touch one element of an array
of which one of them stores (sums into elements aside), and all that it carries are sums. The adjoint of such a
loop may then run in any order too, record in rows, and gather.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.order import Order
from jitad.analysis.sums import carried_sums
from jitad.program.statements import (
    Accumulate,
    Block,
    Branch,
    Compute,
    Const,
    Dim,
    Draw,
    Load,
    Loop,
    Program,
    Statement,
    Store,
    Var,
    walk,
)

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
            inside = walk(statement.body)
            known = statement.order_free and _carries_only_sums(statement)
            free = not any(isinstance(s, Draw) for s in inside) and (known or self._is_free(statement))
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
