"""Turn scattered sums of order-free loops into gathers: the adjoint of a stencil becomes a stencil.

``for i: A[i + c1] += v1(i); A[i + c2] += v2(i)`` reads and writes every element of ``A`` several times, one after
the other. Where the indices are loop indices plus literals, ``for t: A[t] += v1(t - c1) + v2(t - c2)`` writes it
once, and neighbouring elements are independent. Near the ends, where only some of the terms reach, these are added by
themselves, whole rows and planes at a time where that is possible. Sums that the loops carry stay in a nest of their
own, which leaves the gather free of what must run in order.

Postcondition: the same sums, in another order of addition.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.rewrite import Copier
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
    array_type,
    counted_loop,
    definitions,
    operands,
    sub_blocks,
)
from jitad.program.types import INT64

MOST_WORK = 48
"""Additions per element that the shifted copies of the terms may take together."""

LEAST_WORK_BESIDE_SUMS = 16
"""Additions that an iteration of a loop with carried sums takes at least where its other sums are gathered.

Such a loop waits for its carried sums, which hides about so much. Gradient over primal, with the loop as it is and with
gathers: 1.3 and 1.55 for (x[i + 1] - x[i])**2, 1.6 and 1.6 with the fourth power added, 2.0 and 1.6 for Rosenbrock's
function; 1.6 and 1.85 for the root of 1 + (x[i + 1] - x[i])**2, 2.0 and 2.9 for Rosenbrock's of strided elements.
"""

Bounds = tuple[Operand, Operand]


def gather_scattered_sums(program: Program) -> Program:
    """The same program with the loops described above rewritten, wherever the index maps allow."""
    return replace(program, body=_block(program.body))


def _block(block: Block) -> Block:
    builder = Builder()
    for statement in block:
        nest = _nest(statement) if isinstance(statement, Loop) else None
        targets = [] if nest is None else nest.targets()
        if nest is not None and targets:
            nest.rewrite(builder, targets)
        else:
            builder.add(_inside(statement))
    return builder.block


def _inside(statement: Statement) -> Statement:
    if isinstance(statement, Loop):
        return replace(statement, body=_block(statement.body))
    if isinstance(statement, Branch):
        return replace(statement, then=_block(statement.then), otherwise=_block(statement.otherwise))
    return statement


@dataclass
class _Term:
    """One ``A[i + offset] += value``; ``axes`` says which loop of the nest runs along each axis of ``A``."""

    statement: Accumulate
    axes: tuple[int, ...]
    offset: tuple[int, ...]


def _nest(loop: Loop) -> _Nest | None:
    """The perfect nest of order-free loops that starts at ``loop``, or None."""
    loops: list[Loop] = []
    pure: list[Statement] = []
    while True:
        plain = loop.order_free and loop.is_counted and not loop.rows
        if not plain or not isinstance(loop.step, Const) or loop.step.value != 1 or loop.descending:
            return None
        loops.append(loop)
        inner = loop.body.statements
        if not inner or not isinstance(inner[-1], Loop):
            break
        if not all(isinstance(s, Compute | Dim) for s in inner[:-1]):
            return None
        pure += inner[:-1]
        loop = inner[-1]
    if any(sub_blocks(s) or not isinstance(s, Compute | Dim | Load | Accumulate | Store) for s in inner):
        return None
    nest = _Nest(loops, pure, inner)
    return nest if nest.is_rectangular() else None


class _Nest:
    def __init__(self, loops: list[Loop], pure: list[Statement], inner: list[Statement]) -> None:
        self._loops = loops
        self._level: dict[Operand, int] = {loop.index: at for at, loop in enumerate(loops)}
        self._pure = [*pure, *(s for s in inner if isinstance(s, Compute | Dim | Load))]
        self._inner = inner
        self._made_by = {s.out: s for s in self._pure if isinstance(s, Compute)}
        self._late = self._known_late([*pure, *inner])

    def _known_late(self, statements: list[Statement]) -> set[Operand]:
        """What the loops carry, what is loaded from arrays written before in the iteration, and what these make."""
        written: set[Var] = set()
        late: set[Operand] = {param for loop in self._loops for param in loop.params}
        for statement in statements:
            if isinstance(statement, Accumulate | Store):
                written.add(statement.array)
            elif not late.isdisjoint(operands(statement)):
                late.update(definitions(statement))
            elif isinstance(statement, Load) and statement.array in written:
                late.add(statement.out)
        return late

    def is_rectangular(self) -> bool:
        """True when no loop's range depends on another loop of the nest."""
        inside = {var for s in self._pure for var in definitions(s)} | set(self._level) | self._late
        return not any(o in inside for loop in self._loops for o in (loop.start, loop.stop))

    def targets(self) -> list[list[_Term]]:
        """The terms of each array whose sums are worth gathering, and may run before the rest of the nest."""
        used = {o for s in self._inner if isinstance(s, Load | Store) for o in operands(s)}
        groups: dict[Var, list[_Term | None]] = {}
        for statement in self._inner:
            if isinstance(statement, Accumulate):
                groups.setdefault(statement.array, []).append(self._term(statement))
        found = []
        for array, terms in groups.items():
            known = [term for term in terms if term is not None and term.statement.value not in self._late]
            same_axes = len({term.axes for term in known}) == 1
            if array in used or len(known) < len(terms) or len(known) < 2 or not same_axes:
                continue
            shifted = len({term.offset for term in known}) > 1
            if (
                shifted
                and self._is_faster(known)
                and sum(self._work(term.statement.value) for term in known) <= MOST_WORK
            ):
                found.append(known)
        return found

    def _is_faster(self, terms: list[_Term]) -> bool:
        """False where loops that carry sums had better add the terms themselves, in the time that they wait."""
        if not any(loop.params for loop in self._loops):
            return True
        statements = self._needed({term.statement.value for term in terms})
        arrays = [terms[0].statement.array, *(s.array for s in statements if isinstance(s, Load))]
        is_plain = all(core.cost(s) <= 2 for s in statements if isinstance(s, Compute))
        total = sum(core.cost(s) for s in self._inner if isinstance(s, Compute))
        return is_plain and total >= LEAST_WORK_BESIDE_SUMS and all(array_type(a).layout == "C" for a in arrays)

    def _needed(self, values: set[Operand]) -> list[Statement]:
        """The statements of the nest that make these values."""
        found = []
        for statement in reversed(self._pure):
            if any(var in values for var in definitions(statement)):
                values.update(operands(statement))
                found.append(statement)
        return found[::-1]

    def _term(self, statement: Accumulate) -> _Term | None:
        axes, offset = [], []
        for operand in statement.index:
            shift = 0
            while operand not in self._level:
                made = self._made_by.get(operand) if isinstance(operand, Var) else None
                if made is None or made.primitive not in (core.add, core.sub) or not isinstance(made.args[1], Const):
                    return None
                shift += int(made.args[1].value) * (1 if made.primitive is core.add else -1)
                operand = made.args[0]
            axes.append(self._level[operand])
            offset.append(shift)
        if sorted(axes) != list(range(len(self._loops))):
            return None
        return _Term(statement, tuple(axes), tuple(offset))

    def _work(self, operand: Operand) -> int:
        made = self._made_by.get(operand) if isinstance(operand, Var) else None
        return 1 if made is None else core.cost(made) + sum(self._work(arg) for arg in made.args)

    def rewrite(self, builder: Builder, targets: list[list[_Term]]) -> None:
        """Append what replaces the nest: gathers, borders, and the nest with what is left of it."""
        gathered = {id(term.statement) for terms in targets for term in terms}
        with builder.at(self._loops[0].origin):
            for terms in targets:
                self._gather(builder, terms)
            rest = [s for s in self._inner if id(s) not in gathered]
            if any(isinstance(s, Accumulate | Store) for s in rest) or any(loop.params for loop in self._loops):
                builder.add(self._with_inner(rest))

    def _with_inner(self, statements: list[Statement]) -> Loop:
        block = Block(statements)
        for loop in reversed(self._loops):
            rebuilt = replace(loop, body=block)
            outer = self._loops.index(loop) - 1
            block = Block([*self._loops[outer].body.statements[:-1], rebuilt])
        return rebuilt

    def _gather(self, builder: Builder, terms: Sequence[_Term], targets: tuple[Operand, ...] = ()) -> None:
        """The sums of these terms, by loops over the elements that they add to; ``targets`` are the outer indices."""
        level = len(targets)
        if level == len(self._loops):
            self._add(builder, terms, targets)
            return
        groups = self._groups(terms, level)
        whole = self._range(builder, level, groups)
        if level == len(self._loops) - 1:
            self._loop(builder, level, whole, lambda b, t: self._add(b, terms, (*targets, t)))
            self._ends(builder, groups, targets)
        elif level == len(self._loops) - 2:
            self._rows(builder, terms, targets, whole)
        elif len(groups) == 1:
            self._loop(builder, level, whole, lambda b, t: self._gather(b, terms, (*targets, t)))
        else:
            part = self._range(builder, level, groups, any_of=True)
            self._loop(builder, level, part, lambda b, t: self._plane(b, terms, (*targets, t), whole))

    def _rows(self, builder: Builder, terms: Sequence[_Term], targets: tuple[Operand, ...], whole: Bounds) -> None:
        """The last two loops: a nest of the interior with nothing else in it, one of its ends, and the border."""
        level = len(targets)
        groups, inner = self._groups(terms, level), self._groups(terms, level + 1)
        within = self._range(builder, level + 1, inner)

        def line(b: Builder, row: Operand) -> None:
            self._loop(b, level + 1, within, lambda i, t: self._add(i, terms, (*targets, row, t)))

        self._loop(builder, level, whole, line)
        if len(inner) > 1:
            self._loop(builder, level, whole, lambda b, t: self._ends(b, inner, (*targets, t)))
        if len(groups) > 1:
            for offset, group in groups.items():
                with self._turns(builder, level, groups) as (rows, source):
                    target = _shifted(rows, source(offset), offset)
                    self._gather(rows, group, (*targets, target))

    def _plane(self, builder: Builder, terms: Sequence[_Term], targets: tuple[Operand, ...], whole: Bounds) -> None:
        """What is at one outer index: all terms in the interior; near the ends, each that reaches so far."""
        level, target = len(targets) - 1, targets[-1]
        interior, border = builder.nested(), builder.nested()
        self._gather(interior, terms, targets)
        for group in self._groups(terms, level).values():
            arm = border.nested()
            self._gather(arm, group, targets)
            reaches = _within(border, target, self._range(border, level, self._groups(group, level)))
            border.add(Branch(reaches, arm.block, [], Block(), [], []))
        builder.add(Branch(_within(builder, target, whole), interior.block, [], border.block, [], []))

    def _ends(self, builder: Builder, groups: dict[int, list[_Term]], targets: tuple[Operand, ...]) -> None:
        """The terms at the ends of the innermost loop whose targets aren't in the interior."""
        if len(groups) > 1:
            with self._turns(builder, len(targets), groups) as (inner, source):
                for offset, group in groups.items():
                    self._add(inner, group, (*targets, _shifted(inner, source(offset), offset)))

    @contextmanager
    def _turns(
        self, builder: Builder, level: int, offsets: Collection[int]
    ) -> Iterator[tuple[Builder, Callable[[int], Operand]]]:
        """A loop over the iterations, for each offset, whose targets aren't in the interior: the builder of its body,
        and what gives the iteration for an offset.

        These are as many as offsets are apart: the first ones, then the last ones.
        """
        loop = self._loops[level]
        assert loop.start is not None and loop.stop is not None
        width = const_int(max(offsets) - min(offsets))
        count = _positive(builder, builder.minus(loop.stop, loop.start))
        skipped = _positive(builder, builder.minus(count, width))
        turn, body = Var(loop.index.name, INT64), builder.nested()
        arm = body.nested()
        start = arm.plus(loop.start, turn)

        def source(offset: int) -> Operand:
            is_first = arm.compute(core.lt, turn, const_int(max(offsets) - offset))
            return arm.plus(start, arm.select(is_first, const_int(0), skipped))

        yield arm, source
        body.add(Branch(body.compute(core.lt, turn, count), arm.block, [], Block(), [], []))
        made = counted_loop(turn, (const_int(0), width, const_int(1)), body.block)
        builder.add(replace(made, order_free=True))

    def _add(self, builder: Builder, terms: Sequence[_Term], targets: tuple[Operand, ...]) -> None:
        """The sum of the terms that add to one element."""
        total: Operand | None = None
        for term in terms:
            here: dict[Var, Operand] = {}
            for level, loop in enumerate(self._loops):
                here[loop.index] = _shifted(builder, targets[level], -self._offset(term, level))
            value = self._copied(term.statement.value, here, builder)
            total = value if total is None else builder.plus(total, value)
        assert total is not None
        builder.accumulate(terms[0].statement.array, [targets[axis] for axis in terms[0].axes], total)

    def _loop(self, builder: Builder, level: int, bounds: Bounds, body: Callable[[Builder, Operand], None]) -> None:
        """A loop over the targets along one axis."""
        target, inner = Var(self._loops[level].index.name, INT64), builder.nested()
        body(inner, target)
        loop = counted_loop(target, (*bounds, const_int(1)), inner.block)
        builder.add(replace(loop, order_free=True, parallel=self._loops[level].parallel))

    def _groups(self, terms: Sequence[_Term], level: int) -> dict[int, list[_Term]]:
        """The terms by their offsets from a loop's index."""
        groups: dict[int, list[_Term]] = {}
        for term in terms:
            groups.setdefault(self._offset(term, level), []).append(term)
        return groups

    def _offset(self, term: _Term, level: int) -> int:
        return term.offset[term.axes.index(level)]

    def _range(self, builder: Builder, level: int, offsets: Collection[int], *, any_of: bool = False) -> Bounds:
        """The targets that the terms at all of some offsets reach, or those that any of them may reach."""
        loop = self._loops[level]
        assert loop.start is not None and loop.stop is not None
        low, high = (min(offsets), max(offsets)) if any_of else (max(offsets), min(offsets))
        return _shifted(builder, loop.start, low), _shifted(builder, loop.stop, high)

    def _copied(self, value: Operand, indices: dict[Var, Operand], builder: Builder) -> Operand:
        """``value`` at other indices of the nest's loops; only what it needs is copied."""
        copier = Copier(lambda var: indices.get(var, var))
        for statement in self._needed({value}):
            copier.statement(statement, builder)
        return copier(value)


def _within(builder: Builder, operand: Operand, bounds: Bounds) -> Operand:
    low, high = bounds
    return builder.compute(core.and_, builder.compute(core.ge, operand, low), builder.compute(core.lt, operand, high))


def _positive(builder: Builder, operand: Operand) -> Operand:
    """An integer, or 0 where it is negative."""
    return builder.select(builder.compute(core.lt, operand, const_int(0)), const_int(0), operand)


def _shifted(builder: Builder, operand: Operand, by: int) -> Operand:
    return builder.plus(operand, const_int(by)) if by >= 0 else builder.minus(operand, const_int(-by))
