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
from jitad.analysis.filling import clipped, filling
from jitad.primitives.spec import ArrayPrimitive
from jitad.program.builder import is_const
from jitad.program.queries import walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Call,
    Const,
    Dim,
    Load,
    Loop,
    Program,
    Statement,
    Store,
    Var,
)


def store_first_terms(program: Program, adjoints: Iterable[Var]) -> Program:
    """The same program with the sums described above stored; ``adjoints`` are the shadows."""
    return replace(program, body=_Pass(program, set(adjoints)).block(program.body))


class _Pass:
    def __init__(self, program: Program, adjoints: set[Var]) -> None:
        self._adjoints = adjoints
        self._aliases = Aliases(program)
        self._roots = {self._aliases.root(array) for array in adjoints}
        shapes = {s.out: s.shape for s in walk(program.body) if isinstance(s, Alloc)}
        self._lengths = clipped(program)
        for statement in walk(program.body):
            if isinstance(statement, Dim) and statement.array in shapes:
                length = shapes[statement.array][statement.axis]
                self._lengths[statement.out] = self._lengths.get(length, length)

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
                    new = _as_store(statement)
                    done[at] = None
            touched = [root for root in zeros if self._aliases.touches(statement, root)]
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
        first = next((k for k in range(at + 1, len(done)) if self._aliases.touches(done[k], fresh.out)), None)
        if first is None:
            return
        changed: Statement | None = None
        statement = done[first]
        if isinstance(statement, Call):
            alone = self._aliases.mentions(statement, fresh.out) == 1 and statement.outs == (fresh.out,)
            if alone and statement.accumulate and isinstance(statement.primitive, ArrayPrimitive):
                changed = replace(statement, accumulate=False)
        elif isinstance(statement, Loop) and self._is_accessed_by_name(statement, fresh.out):
            term = filling(statement, fresh, Accumulate, lengths=self._lengths)
            changed = None if term is None else _with(statement, term, _as_store(term))
        if changed is not None:
            done[first] = changed
            done[at] = replace(fresh, fill=None)

    def _is_accessed_by_name(self, loop: Loop, array: Var) -> bool:
        """True when a loop does nothing with an array but read and write its elements, under this name."""
        touching = (s for s in walk(Block([loop])) if self._aliases.mentions(s, array))
        return all(isinstance(s, Load | Store | Accumulate) and s.array is array for s in touching)


def _with(statement: Statement, old: Accumulate, new: Store) -> Statement:
    """A statement with ``new`` in the place of ``old``, which is in loops of its."""
    if statement is old:
        return new
    if isinstance(statement, Loop):
        return replace(statement, body=Block([_with(inner, old, new) for inner in statement.body]))
    return statement


def _as_store(term: Store | Accumulate) -> Store:
    return Store(term.array, term.index, term.value, origin=term.origin)


def _place(access: Store | Accumulate) -> tuple[object, ...]:
    return (access.array, *(o.value if isinstance(o, Const) else o for o in access.index))
