"""Write sums element by element of the array that they are in.

The elements that all terms reach are an interior box; each takes the terms in a nest of loops. What is beside the
interior in a row, few elements at both ends, is written out, or takes the terms one by one where it would be much. The
rows that only some of the terms reach are visited by a second nest, in which a term that doesn't reach a row takes its
numbers from another one, and counts as zero. Rows so short that their ends meet take the terms as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.queries import operands
from jitad.program.rewrite import Copier
from jitad.program.statements import Accumulate, Block, Branch, Const, Loop, Operand, Statement, Var, counted_loop
from jitad.program.types import BOOL, INT64, Scalar
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


@dataclass
class _Reaching:
    """A term in a row of targets: where it comes from, along the loops around the row, and whether it reaches it."""

    term: Term
    sources: list[Operand]
    reaches: Operand = field(default_factory=lambda: Const(True, BOOL))


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
        if any(self._width(level) for level in range(len(self._loops) - 1)):
            self._rows_near_the_ends(builder, narrow)
        if not isinstance(narrow, Const):
            self._short_rows(builder, narrow)

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

    def _interior_rows(self, builder: Builder, narrow: Operand) -> None:
        """Append the rows that all terms reach."""
        row = [Var(loop.index.name, INT64) for loop in self._loops[:-1]]
        builders = [builder]
        for _ in row:
            builders.append(builders[-1].nested())
        reaching = []
        for term in self._terms:
            sources = [builders[-1].minus(at, const_int(term.offset_of(level))) for level, at in enumerate(row)]
            reaching.append(_Reaching(term, sources))
        self._row(builders[-1], reaching, row, narrow)
        for level in reversed(range(len(row))):
            bounds = self._interior(builder, level)
            self._add_loop(builders[level], level, row[level], bounds, builders[level + 1])

    def _rows_near_the_ends(self, builder: Builder, narrow: Operand) -> None:
        """Append the rows that only some of the terms reach."""
        near: Operand = Const(False, BOOL)
        builders, opened = [builder], []
        row: list[Operand] = []
        for level, loop in enumerate(self._loops[:-1]):
            outer = builders[-1]
            inner = outer.nested()
            width, turn = self._width(level), Var(loop.index.name, INT64)
            low, high = self._reached(outer, level)
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
        self._row(builders[-1], [self._if_it_reaches(builders[-1], term, row) for term in self._terms], row, narrow)
        for level in reversed(range(len(opened))):
            self._add_loop(builders[level], level, *opened[level], builders[level + 1])

    def _reached(self, builder: Builder, level: int) -> Bounds:
        """For a loop, the range of targets that any term reaches."""
        loop, offsets = self._loops[level], self._offsets(level)
        assert loop.start is not None and loop.stop is not None
        low, high = (
            builder.plus(loop.start, const_int(min(offsets))),
            builder.plus(loop.stop, const_int(max(offsets))),
        )
        return low, builder.select(builder.compute(core.lt, loop.start, loop.stop), high, low)

    def _if_it_reaches(self, builder: Builder, term: Term, row: Sequence[Operand]) -> _Reaching:
        """A term in a row that any of the terms reaches: it takes its numbers from another row where it doesn't."""
        reaches: Operand = Const(True, BOOL)
        sources = []
        for level, place in enumerate(row):
            loop, offsets, offset = self._loops[level], self._offsets(level), term.offset_of(level)
            assert loop.start is not None and loop.stop is not None
            source = builder.minus(place, const_int(offset))
            if offset > min(offsets):
                fits = builder.compute(core.ge, source, loop.start)
                reaches, source = both(builder, reaches, fits), builder.select(fits, source, loop.start)
            if offset < max(offsets):
                fits = builder.compute(core.lt, source, loop.stop)
                last = builder.minus(loop.stop, const_int(1))
                reaches, source = both(builder, reaches, fits), builder.select(fits, source, last)
            sources.append(source)
        return _Reaching(term, sources, reaches)

    def _row(self, builder: Builder, terms: Sequence[_Reaching], row: Sequence[Operand], narrow: Operand) -> None:
        """Append the sums of a row: those that all terms reach in a loop, and what is beside them written out."""
        level = len(self._loops) - 1
        target, body = Var(self._loops[level].index.name, INT64), builder.nested()
        self._accumulate(body, [*row, target], self._total(body, terms, target))
        self._add_loop(builder, level, target, self._interior(builder, level), body)
        if self._writes_ends():
            ends = builder.nested()
            self._ends_of_row(ends, terms, row)
            builder.add(Branch(narrow, Block(), [], ends.block, [], []))
        elif self._width(level):
            self._ends_by_terms(builder, terms, row)

    def _ends_of_row(self, builder: Builder, terms: Sequence[_Reaching], row: Sequence[Operand]) -> None:
        """Append the sums beside the interior of a row, which has at least as many elements as these are on a side."""
        loop = self._loops[-1]
        assert loop.start is not None and loop.stop is not None
        offsets = self._offsets(len(self._loops) - 1)
        sums = []
        for place in range(min(offsets), max(offsets)):
            for end, is_reached in ((loop.start, place.__ge__), (loop.stop, place.__lt__)):
                target = builder.plus(end, const_int(place))
                reaching = [each for each, offset in zip(terms, offsets, strict=True) if is_reached(offset)]
                sums.append((target, self._total(builder, reaching, target)))
        for target, total in sums:
            self._accumulate(builder, [*row, target], total)

    def _ends_by_terms(self, builder: Builder, terms: Sequence[_Reaching], row: Sequence[Operand]) -> None:
        """Append the sums beside the interior of a row, a term after the other."""
        level = len(self._loops) - 1
        loop, (low, high) = self._loops[level], self._interior(builder, level)
        assert loop.start is not None and loop.stop is not None
        high = builder.select(builder.compute(core.lt, low, high), high, low)
        for each in terms:
            offset = const_int(each.term.offset_of(level))
            first, last = builder.plus(loop.start, offset), builder.plus(loop.stop, offset)
            for start, stop in (
                (first, builder.select(builder.compute(core.lt, last, low), last, low)),
                (builder.select(builder.compute(core.lt, first, high), high, first), last),
            ):
                target, body = Var(loop.index.name, INT64), builder.nested()
                self._accumulate(body, [*row, target], self._total(body, [each], target))
                self._add_loop(builder, level, target, (start, stop), body)

    def _total(self, builder: Builder, terms: Sequence[_Reaching], target: Operand) -> Operand:
        """The sum of terms for one target of a row."""
        total: Operand | None = None
        for each in terms:
            inner = builder.minus(target, const_int(each.term.offset_of(len(self._loops) - 1)))
            here = dict(zip((loop.index for loop in self._loops), (*each.sources, inner), strict=True))
            at_home = each.term.statement.value
            value = copied(self._needed({at_home}), at_home, here, builder)
            assert isinstance(value.type, Scalar)
            value = builder.select(each.reaches, value, Const(0.0, value.type))
            total = value if total is None else builder.plus(total, value)
        assert total is not None
        return total

    def _accumulate(self, builder: Builder, places: Sequence[Operand], total: Operand) -> None:
        first = self._terms[0]
        builder.accumulate(first.statement.array, [places[level] for level in first.axes], total)

    def _add_loop(self, builder: Builder, level: int, target: Var, bounds: Bounds, body: Builder) -> None:
        loop = counted_loop(target, (*bounds, const_int(1)), body.block)
        builder.add(replace(loop, order_free=True, parallel=self._loops[level].parallel))

    def _short_rows(self, builder: Builder, narrow: Operand) -> None:
        """Append the terms as they were, for rows that are ``narrow``."""
        row = [Var(loop.index.name, INT64) for loop in self._loops]
        builders = [builder]
        for _ in row:
            builders.append(builders[-1].nested())
        here = dict(zip((loop.index for loop in self._loops), row, strict=True))
        copier = Copier(lambda var: here.get(var, var))
        sums = [term.statement for term in self._terms]
        for statement in [*self._needed({o for s in sums for o in operands(s)}), *sums]:
            copier.statement(statement, builders[-1])
        for level, loop in reversed(list(enumerate(self._loops))):
            assert loop.start is not None and loop.stop is not None
            stop = loop.stop if level else builder.select(narrow, loop.stop, loop.start)
            self._add_loop(builders[level], level, row[level], (loop.start, stop), builders[level + 1])


def copied(needed: Sequence[Statement], value: Operand, indices: Mapping[Var, Operand], builder: Builder) -> Operand:
    """``value`` at other indices of loops, with the statements that it needs."""
    copier = Copier(lambda var: indices.get(var, var))
    for statement in needed:
        copier.statement(statement, builder)
    return copier(value)
