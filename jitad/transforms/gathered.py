"""Write sums element by element of the array that they are in.

In rows that all terms reach, the elements that all of them reach, the interior, take the terms in a loop. What is
beside it, few elements at both ends of a row, is written out, or takes the terms one by one where it would be much.
The rows that only some of the terms reach, and those so short that their ends meet, take one term after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.rewrite import Copier
from jitad.program.statements import Accumulate, Block, Branch, Const, Loop, Operand, Statement, Var, counted_loop
from jitad.program.types import BOOL, INT64
from jitad.transforms.strips import both, either, ends_or_all

MOST_WRITTEN = 32
"""Terms beside the interior of a row that are written out."""

Bounds = tuple[Operand, Operand]


@dataclass
class Term:
    """One ``A[i + offset] += value``; ``axes`` says which loop of the nest runs along each axis of ``A``."""

    statement: Accumulate
    axes: tuple[int, ...]
    offset: tuple[int, ...]

    def offset_of(self, level: int) -> int:
        """How far from the index of a loop the element is."""
        return self.offset[self.axes.index(level)]


class Gathered:
    """Terms in one array, in a nest of ``loops``; ``needed`` finds the statements in the nest that make values."""

    def __init__(
        self, loops: Sequence[Loop], terms: Sequence[Term], needed: Callable[[set[Operand]], Sequence[Statement]]
    ) -> None:
        self._loops = loops
        self._terms = terms
        self._needed = needed

    def write(self, builder: Builder) -> None:
        """Append the nests."""
        narrow: Operand = Const(False, BOOL)
        if self._writes_ends():
            width, inner = self._width(len(self._loops) - 1), self._loops[-1]
            assert inner.start is not None and inner.stop is not None
            narrow = builder.compute(core.lt, builder.minus(inner.stop, inner.start), const_int(width))
        self._interior_rows(builder, narrow)
        if not isinstance(narrow, Const) or any(self._width(level) for level in range(len(self._loops) - 1)):
            self._other_rows(builder, narrow)

    def _writes_ends(self) -> bool:
        """True when what is beside the interior of a row is written out."""
        return 0 < self._width(len(self._loops) - 1) * len(self._terms) <= MOST_WRITTEN

    def _width(self, level: int) -> int:
        """How many targets at an end of a loop's range only some of the terms reach."""
        offsets = self._offsets(level)
        return max(offsets) - min(offsets)

    def _interior(self, builder: Builder, level: int) -> Bounds:
        """For a loop, the range of targets that all terms reach."""
        loop, offsets = self._loops[level], self._offsets(level)
        assert loop.start is not None and loop.stop is not None
        low = builder.plus(loop.start, const_int(max(offsets)))
        return low, builder.plus(loop.stop, const_int(min(offsets)))

    def _offsets(self, level: int) -> list[int]:
        """How far from the index of a loop the terms lie."""
        return [term.offset_of(level) for term in self._terms]

    def _reached(self, builder: Builder, terms: Sequence[Term], level: int) -> Bounds:
        """For a loop, the range of targets that any of some terms reaches."""
        loop, offsets = self._loops[level], [term.offset_of(level) for term in terms]
        assert loop.start is not None and loop.stop is not None
        low = builder.plus(loop.start, const_int(min(offsets)))
        return low, builder.plus(loop.stop, const_int(max(offsets)))

    def _interior_rows(self, builder: Builder, narrow: Operand) -> None:
        """Append the rows that all terms reach."""
        targets = [Var(loop.index.name, INT64) for loop in self._loops]
        builders = [builder]
        for _ in targets:
            builders.append(builders[-1].nested())
        self._accumulate(builders[-1], self._terms, targets)
        for level in reversed(range(len(targets))):
            bounds = self._interior(builder, level)
            self._add_loop(builders[level], level, targets[level], bounds, builders[level + 1])
            if level == len(targets) - 1:
                self._add_ends(builders[level], targets[:-1], narrow)

    def _add_ends(self, builder: Builder, row: Sequence[Operand], narrow: Operand) -> None:
        """Append what a row has beside its interior."""
        if self._writes_ends():
            ends = builder.nested()
            self._ends_of_row(ends, row)
            builder.add(Branch(narrow, Block(), [], ends.block, [], []))
        elif self._width(len(self._loops) - 1):
            self._ends_by_terms(builder, row)

    def _ends_of_row(self, builder: Builder, row: Sequence[Operand]) -> None:
        """Append the sums beside the interior of a row, which has at least as many elements as these are on a side."""
        loop, offsets = self._loops[-1], self._offsets(len(self._loops) - 1)
        assert loop.start is not None and loop.stop is not None
        sums = []
        for place in range(min(offsets), max(offsets)):
            for end, is_reached in ((loop.start, place.__ge__), (loop.stop, place.__lt__)):
                targets = [*row, builder.plus(end, const_int(place))]
                reaching = [term for term, offset in zip(self._terms, offsets, strict=True) if is_reached(offset)]
                sums.append((targets, self._total(builder, reaching, targets)))
        for targets, total in sums:
            self._add_to(builder, targets, total)

    def _ends_by_terms(self, builder: Builder, row: Sequence[Operand]) -> None:
        """Append the sums beside the interior of a row, a term after the other."""
        level = len(self._loops) - 1
        low, high = self._interior(builder, level)
        high = builder.select(builder.compute(core.lt, low, high), high, low)
        for term in self._terms:
            first, last = self._reached(builder, [term], level)
            before = builder.select(builder.compute(core.lt, last, low), last, low)
            after = builder.select(builder.compute(core.lt, first, high), high, first)
            self._along_row(builder, term, row, (first, before))
            self._along_row(builder, term, row, (after, last))

    def _along_row(self, builder: Builder, term: Term, row: Sequence[Operand], bounds: Bounds) -> None:
        """Append one term for targets of a row."""
        level = len(self._loops) - 1
        target, body = Var(self._loops[level].index.name, INT64), builder.nested()
        self._accumulate(body, [term], [*row, target])
        self._add_loop(builder, level, target, bounds, body)

    def _other_rows(self, builder: Builder, narrow: Operand) -> None:
        """Append the rows that only some of the terms reach, or all of them where they are ``narrow``."""
        near = narrow
        builders, opened = [builder], []
        row: list[Operand] = []
        for level, loop in enumerate(self._loops[:-1]):
            outer = builders[-1]
            inner = outer.nested()
            width, turn = self._width(level), Var(loop.index.name, INT64)
            low, high = self._reached(outer, self._terms, level)
            if level < len(self._loops) - 2:
                opened.append((turn, (low, high)))
                row.append(turn)
                start, stop = self._interior(outer, level)
                before, after = inner.compute(core.lt, turn, start), inner.compute(core.ge, turn, stop)
                near = either(inner, near, either(inner, before, after)) if width else near
            else:
                past, visited = ends_or_all(outer, inner, near, turn, outer.minus(high, low), width, width)
                opened.append((turn, (const_int(0), visited)))
                row.append(inner.plus(low, past))
            builders.append(inner)
        self._row_by_terms(builders[-1], row, narrow)
        for level in reversed(range(len(opened))):
            self._add_loop(builders[level], level, *opened[level], builders[level + 1])

    def _row_by_terms(self, builder: Builder, row: Sequence[Operand], narrow: Operand) -> None:
        """Append the terms that reach a row, one after the other."""
        for term in self._terms:
            arm = builder.nested()
            self._along_row(arm, term, row, self._reached(arm, [term], len(self._loops) - 1))
            reaches = self._reaches(builder, term, row) if row else narrow
            builder.add(Branch(reaches, arm.block, [], Block(), [], []))

    def _reaches(self, builder: Builder, term: Term, row: Sequence[Operand]) -> Operand:
        """Whether a term reaches a row that any of the terms may reach."""
        found: Operand = Const(True, BOOL)
        for level, place in enumerate(row):
            (low, high), offsets = self._reached(builder, [term], level), self._offsets(level)
            if term.offset_of(level) > min(offsets):
                found = both(builder, found, builder.compute(core.ge, place, low))
            if term.offset_of(level) < max(offsets):
                found = both(builder, found, builder.compute(core.lt, place, high))
        return found

    def _accumulate(self, builder: Builder, terms: Sequence[Term], targets: Sequence[Operand]) -> None:
        self._add_to(builder, targets, self._total(builder, terms, targets))

    def _add_to(self, builder: Builder, targets: Sequence[Operand], total: Operand) -> None:
        first = self._terms[0]
        builder.accumulate(first.statement.array, [targets[level] for level in first.axes], total)

    def _total(self, builder: Builder, terms: Sequence[Term], targets: Sequence[Operand]) -> Operand:
        """The sum of terms for one target."""
        total: Operand | None = None
        for term in terms:
            here = {
                loop.index: builder.minus(target, const_int(term.offset_of(level)))
                for level, (loop, target) in enumerate(zip(self._loops, targets, strict=True))
            }
            value = copied(self._needed({term.statement.value}), term.statement.value, here, builder)
            total = value if total is None else builder.plus(total, value)
        assert total is not None
        return total

    def _add_loop(self, builder: Builder, level: int, target: Var, bounds: Bounds, body: Builder) -> None:
        loop = counted_loop(target, (*bounds, const_int(1)), body.block)
        builder.add(replace(loop, order_free=True, parallel=self._loops[level].parallel))


def copied(needed: Sequence[Statement], value: Operand, indices: Mapping[Var, Operand], builder: Builder) -> Operand:
    """``value`` at other indices of loops, with the statements that it needs."""
    copier = Copier(lambda var: indices.get(var, var))
    for statement in needed:
        copier.statement(statement, builder)
    return copier(value)
