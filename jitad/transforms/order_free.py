"""Find the user's loops whose iterations may run in any order.

Postcondition: a counted loop is marked order-free only if no two of its iterations touch one element of an array
of which one of them stores (sums into elements aside), and all that it carries are sums. The adjoint of such a
loop may then run in any order too, record in rows, and gather.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.exchanges import Exchanges
from jitad.analysis.order import Order
from jitad.analysis.sums import carried_sums
from jitad.program.queries import walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Compute,
    Const,
    Dim,
    Draw,
    Fail,
    Load,
    Loop,
    Program,
    Reshape,
    Statement,
    Store,
    Var,
    View,
)

_ALLOWED = (Compute, Dim, Load, Store, Accumulate, Loop, Branch)
_ALLOWED_ON_THREADS = (*_ALLOWED, Alloc, View, Reshape, Fail)
"""What iterations that have tapes of their own may do besides; the first one that fails is known on threads too."""


def mark_order_free(program: Program) -> Program:
    """The same program with every loop marked for which the condition above can be shown."""
    return replace(program, body=_Marker(program).block(program.body))


class _Marker:
    def __init__(self, program: Program) -> None:
        self._aliases = Aliases(program)
        self._order = Order(program, self._aliases)
        self._exchanges = Exchanges(program)

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
        allowed = _ALLOWED_ON_THREADS if loop.parallel else _ALLOWED
        if not isinstance(loop.step, Const) or not all(isinstance(s, allowed) for s in statements):
            return False
        if any(isinstance(s, Loop) and not s.is_counted for s in statements):
            return False
        return _carries_only_sums(loop) and self._never_meet(loop, statements)

    def _never_meet(self, loop: Loop, statements: list[Statement]) -> bool:
        allocated = {self._aliases.root(s.out) for s in statements if isinstance(s, Alloc)}
        own = {root for root in allocated if self._aliases.home(root) is not None}
        accesses: dict[Var, list[Load | Store | Accumulate]] = {}
        for statement in statements:
            if isinstance(statement, Load | Store | Accumulate):
                accesses.setdefault(self._aliases.root(statement.array), []).append(statement)
        return all(
            self._order.stay_apart(store, other, loop) or self._are_exchanged(store, other, loop)
            for root, group in accesses.items()
            if root not in own and not all(isinstance(access, Accumulate) for access in group)
            for store in group
            if not isinstance(store, Load)
            for other in group
        )

    def _are_exchanged(self, store: Store | Accumulate, other: Load | Store | Accumulate, loop: Loop) -> bool:
        """True for different memory, as far as threads gain by it: serial loops record less where it isn't known."""
        return loop.parallel and self._exchanges.apart(store.array, other.array)


def _carries_only_sums(loop: Loop) -> bool:
    return len(carried_sums(loop)) == len(loop.params)
