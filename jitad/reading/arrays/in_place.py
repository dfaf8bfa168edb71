"""Stores into an array that the stored expression reads elsewhere: what is kept of it, where less than all will do.

``A[:, :] = f(A, A[:, k][:, None], A[k])`` must give every element of the right side as it was before the statement.
The element that is read where it is stored needs no copy, and a row or a column is copied as such; the statement then
writes straight into ``A``, instead of into a temporary array of its whole shape that is copied afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jitad.program.builder import Builder
from jitad.program.distances import never_equal
from jitad.program.queries import operands
from jitad.program.rewrite import Copier
from jitad.program.statements import (
    Accumulate,
    Block,
    Compute,
    Dim,
    Load,
    Loop,
    Operand,
    Statement,
    Store,
    Var,
    array_type,
)
from jitad.reading.arrays.facts import may_alias
from jitad.reading.arrays.loops import for_each
from jitad.reading.arrays.maps import allocate, same_operand
from jitad.reading.context import Context


def with_copies(ctx: Context, loops: Builder) -> Builder | None:
    """Loops that store into an array as they read it, with the rows and columns copied that they read elsewhere.

    The copies are made before, where ``ctx`` is. None when the loops read as much elsewhere as they store.
    """
    nest = _nest(loops.block)
    disturbed = None if nest is None else nest.disturbed(ctx)
    if nest is None or disturbed is None:
        return None
    parts = {load: nest.part(load) for load in disturbed}
    if not all(part is not None and 0 < len(part.loops) < len(nest.loops) for part in parts.values()):
        return None
    copies = {load: part.copied(ctx) for load, part in parts.items() if part is not None}
    inner: list[Statement] = [copies.get(s, s) if isinstance(s, Load) else s for s in nest.inner]
    loops.block = nest.with_inner(inner)
    return loops


@dataclass
class _Part:
    """The elements that one load reads in the loops of a nest: where ``loops`` are, the ``needed`` make its index."""

    load: Load
    loops: list[Loop]
    needed: list[Statement]

    def copied(self, ctx: Context) -> Load:
        """Copy the elements; what loads them from the copy."""
        array = self.load.array
        lengths = [loop.stop for loop in self.loops if loop.stop is not None]
        copy = allocate(ctx, f"{array.name}_part", array_type(array).dtype, lengths)

        def body(builder: Builder, index: list[Operand]) -> None:
            here = dict(zip((loop.index for loop in self.loops), index, strict=True))
            copier = Copier(lambda var: here.get(var, var))
            for statement in self.needed:
                copier.statement(statement, builder)
            builder.store(copy.base, index, builder.load(array, copier.all(self.load.index)))

        for_each(ctx, lengths, body)
        return replace(self.load, array=copy.base, index=tuple(loop.index for loop in self.loops))


def _nest(block: Block) -> _Nest | None:
    """Loops that are one another's only statement, around statements without blocks; None for anything else."""
    loops: list[Loop] = []
    while len(block.statements) == 1 and isinstance(block.statements[0], Loop):
        loops.append(block.statements[0])
        block = loops[-1].body
    plain = all(isinstance(s, Compute | Dim | Load | Store | Accumulate) for s in block)
    return _Nest(loops, block.statements) if loops and plain else None


class _Nest:
    def __init__(self, loops: list[Loop], inner: list[Statement]) -> None:
        self.loops = loops
        self.inner = inner
        self._made_by = {s.out: s for s in inner if isinstance(s, Compute | Dim | Load)}
        self._level = {loop.index: loop for loop in loops}

    def disturbed(self, ctx: Context) -> list[Load] | None:
        """The loads from the memory that is stored into which may read elsewhere; None without a single store."""
        stores = [s for s in self.inner if isinstance(s, Store | Accumulate)]
        if len(stores) != 1:
            return None
        (store,) = stores
        loads = [s for s in self.inner if isinstance(s, Load) and may_alias(ctx, s.array, store.array)]
        return [load for load in loads if not (load.array is store.array and self._undisturbed(ctx, load, store))]

    def _undisturbed(self, ctx: Context, load: Load, store: Store | Accumulate) -> bool:
        pairs = list(zip(load.index, store.index, strict=True))
        if all(same_operand(a, b) for a, b in pairs):
            return True
        return any(self._fixed(a) and self._fixed(b) and never_equal(ctx.builder.made_by, a, b) for a, b in pairs)

    def _fixed(self, operand: Operand) -> bool:
        return not isinstance(operand, Var) or (operand not in self._made_by and operand not in self._level)

    def part(self, load: Load) -> _Part | None:
        """What a load reads; None when its index depends on memory."""
        wanted: set[Operand] = set(load.index)
        needed: list[Statement] = []
        for statement in reversed(self.inner):
            if isinstance(statement, Compute | Dim | Load) and statement.out in wanted:
                if isinstance(statement, Load):
                    return None
                wanted.update(operands(statement))
                needed.insert(0, statement)
        return _Part(load, [loop for loop in self.loops if loop.index in wanted], needed)

    def with_inner(self, statements: Sequence[Statement]) -> Block:
        """The nest with another innermost body."""
        block = Block(list(statements))
        for loop in reversed(self.loops):
            block = Block([replace(loop, body=block)])
        return block
