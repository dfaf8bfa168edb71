"""Writes that find in an array what it was filled with when it was made.

Postcondition: no element that such a statement writes has been written before, by it or by another statement, so its
old contents are a literal. The indices tell: each loop around the statement moves an axis of its own, and along some
axis every other write stays below it, or above.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from jitad.analysis.aliasing import Aliases
from jitad.analysis.order import written_arrays
from jitad.analysis.places import bound_in
from jitad.primitives import core
from jitad.program.builder import is_const
from jitad.program.queries import sub_blocks, walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Compute,
    Const,
    Loop,
    Operand,
    Program,
    Run,
    Statement,
    Store,
    Var,
    array_type,
)
from jitad.program.types import Array


def first_writes(program: Program, aliases: Aliases) -> dict[Statement, Const]:
    """The statements described above, each with the literal that it overwrites."""
    writes: dict[Var, list[Statement]] = {}
    made: dict[Operand, Compute] = {}
    for statement in walk(program.body):
        given = statement.args if isinstance(statement, Run) else ()
        for array in (*written_arrays(statement), *(v for v in given if isinstance(v.type, Array))):
            writes.setdefault(aliases.root(array), []).append(statement)
        if isinstance(statement, Compute):
            made[statement.out] = statement
    found: dict[Statement, Const] = {}
    for block, alloc in _filled(program.body):
        here = writes.get(aliases.root(alloc.out), [])
        if alloc.fill is None or not all(isinstance(s, Store | Accumulate) and s.array is alloc.out for s in here):
            continue
        spots = [_Spot(s, loops, made) for s, loops in _around(block) if s in here]
        old = Const(alloc.fill, array_type(alloc.out).element)
        first = (s for s in spots if s.is_new_each_time() and all(o is s or s.is_apart_from(o) for o in spots))
        found.update((spot.statement, old) for spot in first)
    return found


def _filled(block: Block) -> Iterator[tuple[Block, Alloc]]:
    """The allocations in a block and in those nested in it, each with its own block."""
    for statement in block:
        if isinstance(statement, Alloc):
            yield block, statement
        for inner in sub_blocks(statement):
            yield from _filled(inner)


def _around(block: Block, loops: tuple[Loop, ...] = ()) -> Iterator[tuple[Store | Accumulate, tuple[Loop, ...]]]:
    """The stores in a block and in those nested in it, each with the loops around it there."""
    for statement in block:
        if isinstance(statement, Store | Accumulate):
            yield statement, loops
        for inner in sub_blocks(statement):
            yield from _around(inner, (*loops, statement) if isinstance(statement, Loop) else loops)


@dataclass(eq=False)
class _Spot:
    """A write, the loops around it where the array is made, and what the program's integers are made of."""

    statement: Store | Accumulate
    loops: tuple[Loop, ...]
    made: dict[Operand, Compute]
    inside: set[Operand] = field(init=False)

    def __post_init__(self) -> None:
        self.inside = bound_in(self.loops[0]) if self.loops else set()

    def is_new_each_time(self) -> bool:
        """True when no two iterations of the loops write one element."""
        moved = [self._moves(operand) for operand in self.statement.index]
        return all(loop.is_counted and any(index is loop.index for index in moved) for loop in self.loops)

    def _moves(self, operand: Operand) -> Operand:
        """What an operand is, plus or minus what doesn't change in the loops."""
        while (statement := self.made.get(operand)) is not None and operand in self.inside:
            if statement.primitive not in (core.add, core.sub):
                break
            first, second = statement.args
            if second not in self.inside:
                operand = first
            elif first not in self.inside:
                operand = second
            else:
                break
        return operand

    def is_apart_from(self, other: _Spot) -> bool:
        """True when the two never write one element."""
        pairs = list(zip(self.statement.index, other.statement.index, strict=True))
        return any(self._is_below(a, b, other) or other._is_below(b, a, self) for a, b in pairs)

    def _is_below(self, operand: Operand, beyond: Operand, other: _Spot) -> bool:
        """True when ``operand`` runs up to a number that ``beyond``, an index of ``other``, is at least."""
        loop = next((loop for loop in self.loops if loop.index is operand), None)
        if loop is None or not _ascends(loop) or loop.stop in self.inside or loop.stop in other.inside:
            return False
        return any(beyond is loop.stop or _equal(beyond, loop.stop) for beyond in other.without_growth(beyond))

    def without_growth(self, operand: Operand) -> Iterator[Operand]:
        """An operand, and what it is without an index that is never negative."""
        yield operand
        statement = self.made.get(operand)
        if statement is not None and statement.primitive is core.add:
            first, second = statement.args
            yield from (one for one, more in ((first, second), (second, first)) if self._is_never_negative(more))

    def _is_never_negative(self, operand: Operand) -> bool:
        if isinstance(operand, Const):
            return operand.value >= 0
        return any(loop.index is operand and _ascends(loop) for loop in self.loops)


def _ascends(loop: Loop) -> bool:
    """True for a loop whose index starts at a literal that isn't negative, and goes up one by one."""
    return is_const(loop.step, 1) and isinstance(loop.start, Const) and loop.start.value >= 0


def _equal(a: Operand, b: Operand | None) -> bool:
    return isinstance(a, Const) and isinstance(b, Const) and a.value == b.value
