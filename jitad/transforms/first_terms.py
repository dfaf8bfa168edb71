"""Store into shadows what would be added to zeros.

A shadow begins as zeros, and adjoints are added to it. Where what first touches one adds once to every element, it may
as well store there: the shadow needn't be filled, and isn't read back. Nor need an element be set to zero, because its
array's was overwritten, to which the same block adds next.

Postcondition: the same values, but that a sum of nothing but -0.0 keeps its sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.primitives.spec import ArrayPrimitive
from jitad.program.builder import is_const
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Call,
    Const,
    Dim,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
    definitions,
    operands,
    walk,
)
from jitad.program.types import Array


def store_first_terms(program: Program, adjoints: Iterable[Var]) -> Program:
    """The same program with the sums described above stored; ``adjoints`` are the shadows."""
    return replace(program, body=_Pass(program, set(adjoints)).block(program.body))


class _Pass:
    def __init__(self, program: Program, adjoints: set[Var]) -> None:
        self._adjoints = adjoints
        self._aliases = Aliases(program)
        self._roots = {self._aliases.root(array) for array in adjoints}
        shapes = {s.out: s.shape for s in walk(program.body) if isinstance(s, Alloc)}
        self._equal: dict[Operand, Operand] = {
            s.out: shapes[s.array][s.axis] for s in walk(program.body) if isinstance(s, Dim) and s.array in shapes
        }

    def block(self, block: Block) -> Block:
        """A block with what is added first to its fresh arrays stored there."""
        done = self._without_zeros([self._inside(statement) for statement in block])
        for at, statement in enumerate(done):
            if isinstance(statement, Alloc) and statement.fill == 0 and statement.out in self._adjoints:
                self._store_first(done, at, statement)
        return Block(done)

    def _inside(self, statement: Statement) -> Statement:
        if isinstance(statement, Loop):
            return replace(statement, body=self.block(statement.body))
        if isinstance(statement, Branch):
            return replace(statement, then=self.block(statement.then), otherwise=self.block(statement.otherwise))
        return statement

    def _without_zeros(self, statements: list[Statement]) -> list[Statement]:
        """Statements in order, without the zeros to whose place they add next."""
        done: list[Statement | None] = []
        zeros: dict[Var, int] = {}
        for statement in statements:
            new = statement
            if isinstance(statement, Accumulate):
                at = zeros.get(self._aliases.root(statement.array))
                zero = None if at is None else done[at]
                if at is not None and isinstance(zero, Store) and _place(zero) == _place(statement):
                    new = Store(statement.array, statement.index, statement.value, origin=statement.origin)
                    done[at] = None
            touched = [root for root in zeros if self._touches(statement, root)]
            for root in touched:
                del zeros[root]
            if isinstance(statement, Store) and is_const(statement.value, 0) and self._is_shadow(statement.array):
                zeros[self._aliases.root(statement.array)] = len(done)
            done.append(new)
        return [statement for statement in done if statement is not None]

    def _is_shadow(self, array: Var) -> bool:
        return self._aliases.root(array) in self._roots

    def _store_first(self, done: list[Statement], at: int, fresh: Alloc) -> None:
        """Change what first touches an array after its allocation, if that adds once to every element."""
        first = next((k for k in range(at + 1, len(done)) if self._touches(done[k], fresh.out)), None)
        if first is None:
            return
        changed: Statement | None = None
        statement = done[first]
        if isinstance(statement, Call):
            alone = self._mentions(statement, fresh.out) == 1 and statement.outs == (fresh.out,)
            if alone and statement.accumulate and isinstance(statement.primitive, ArrayPrimitive):
                changed = replace(statement, accumulate=False)
        elif isinstance(statement, Loop) and sum(self._mentions(s, fresh.out) for s in walk(Block([statement]))) == 1:
            changed = self._storing(statement, fresh, {})
        if changed is not None:
            done[first] = changed
            done[at] = replace(fresh, fill=None)

    def _touches(self, statement: Statement, array: Var) -> bool:
        return any(self._mentions(inner, array) for inner in walk(Block([statement])))

    def _mentions(self, statement: Statement, array: Var) -> int:
        """How often a statement names an array that may be in the memory of ``array``, but for its shape."""
        if isinstance(statement, Dim):
            return 0
        passed = [o for name in ("yields", "then_yields", "otherwise_yields") for o in getattr(statement, name, ())]
        named = (*definitions(statement), *operands(statement), *passed)
        root = self._aliases.root(array)
        return sum(isinstance(v, Var) and isinstance(v.type, Array) and self._aliases.root(v) is root for v in named)

    def _storing(self, loop: Loop, fresh: Alloc, levels: dict[Operand, Loop]) -> Loop | None:
        """A nest with its only access to the array a store; None unless the nest visits each element once."""
        if not loop.is_counted or not is_const(loop.step, 1) or not is_const(loop.start, 0):
            return None
        levels = {**levels, loop.index: loop}
        body: list[Statement] = []
        found = False
        for statement in loop.body:
            changed: Statement | None = statement
            if isinstance(statement, Loop) and self._touches(statement, fresh.out):
                changed = self._storing(statement, fresh, levels)
                found = changed is not None
            elif isinstance(statement, Accumulate) and statement.array is fresh.out:
                changed = Store(statement.array, statement.index, statement.value, origin=statement.origin)
                found = self._visits_all(statement, fresh, levels)
            body.append(changed or statement)
        return replace(loop, body=Block(body)) if found else None

    def _visits_all(self, access: Accumulate, fresh: Alloc, levels: dict[Operand, Loop]) -> bool:
        """True when every element is visited once by these loops."""
        if len(fresh.shape) != len(access.index) or set(access.index) != set(levels):
            return False
        lengths = zip(access.index, fresh.shape, strict=True)
        return all(self._same(levels[index].stop, length) for index, length in lengths)

    def _same(self, a: Operand | None, b: Operand) -> bool:
        assert a is not None
        a, b = self._equal.get(a, a), self._equal.get(b, b)
        return a is b or (is_const(a, getattr(b, "value", -1)) and a.type == b.type)


def _place(access: Store | Accumulate) -> tuple[object, ...]:
    return (access.array, *(o.value if isinstance(o, Const) else o for o in access.index))
