"""Give each iteration of a loop arrays of its own where it only borrows memory from outside.

A buffer that is allocated before a loop, and that every iteration fills before it reads it, carries nothing from one
iteration to the next. Postcondition: such a buffer is allocated in the innermost loop for which this can be shown, so
that its old contents are never kept, and iterations that meet in nothing else are seen not to meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.filling import clipped, fills_first, mentions
from jitad.program.queries import own_reads, sub_blocks, walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Call,
    Dim,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
)


def privatize(program: Program, kept: Iterable[Var] = ()) -> Program:
    """The same program with buffers allocated where they are filled, but for those that are ``kept`` where they are."""
    shared = Aliases(program).flowing
    return replace(program, body=_Privatizer(shared, [*program.results, *kept], clipped(program)).block(program.body))


def moved_buffers(before: Program, after: Program) -> set[Var]:
    """The arrays that ``after`` allocates in other blocks than ``before``."""
    old, new = (dict(_depths(program.body, 0)) for program in (before, after))
    return {array for array, depth in old.items() if new[array] != depth}


def _depths(block: Block, depth: int) -> Iterator[tuple[Var, int]]:
    for statement in block:
        if isinstance(statement, Alloc):
            yield statement.out, depth
        for inner in sub_blocks(statement):
            yield from _depths(inner, depth + 1)


class _Privatizer:
    def __init__(self, flowing: set[Var], kept: Sequence[Operand], clipped: dict[Operand, Operand]) -> None:
        self._kept = {*flowing, *kept}
        self._clipped = clipped

    def block(self, block: Block) -> Block:
        moved: dict[Loop, list[Alloc]] = {}
        for statement in block:
            if isinstance(statement, Alloc) and not statement.at_end and statement.out not in self._kept:
                shape = tuple(self._clipped.get(length, length) for length in statement.shape)
                loop = _borrower(block, replace(statement, shape=shape))
                if loop is not None:
                    moved.setdefault(loop, []).append(replace(statement, fill=None))
        gone = {alloc.out for allocs in moved.values() for alloc in allocs}
        kept = []
        for statement in block:
            if isinstance(statement, Alloc) and statement.out in gone:
                continue
            kept.append(self._statement(statement, moved))
        return Block(kept)

    def _statement(self, statement: Statement, moved: dict[Loop, list[Alloc]]) -> Statement:
        match statement:
            case Loop(body=body):
                return replace(statement, body=self.block(Block([*moved.get(statement, []), *body.statements])))
            case Branch(then=then, otherwise=otherwise):
                return replace(statement, then=self.block(then), otherwise=self.block(otherwise))
        return statement


def _borrower(block: Block, alloc: Alloc) -> Loop | None:
    """The loop of a block in whose iterations alone an array is used, each of which fills it first."""
    users = [s for s in block if s is not alloc and mentions(s, alloc.out)]
    if len(users) != 1 or not isinstance(users[0], Loop):
        return None
    loop = users[0]
    within = [s for s in walk(loop.body) if alloc.out in own_reads(s)]
    outside = [o for s in walk(Block([loop])) for o in own_reads(s)].count(alloc.out)
    if not all(isinstance(s, Load | Store | Accumulate | Dim | Call) for s in within):
        return None
    inside = sum(list(own_reads(s)).count(alloc.out) for s in within)
    if inside != outside:  # the loop itself, or what decides about another iteration, uses it
        return None
    return loop if fills_first(loop.body, alloc) else None
