"""Add the terms of several iterations of a loop to each element at once.

``for k: for i: for j: c[i, j] += f(k, i, j)`` reads and writes all of ``c`` in each iteration of the outermost loop.
Four of its iterations in one nest read and write an element once, and add their terms in the order that they have.

Concerned are loops with one nest in them, over ranges that stay the same, whose innermost block does nothing but add to
an element of its own of an array that the loop doesn't read.
Postcondition: the same values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.places import Layouts, bound_in
from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.distances import shifted
from jitad.program.queries import walk
from jitad.program.rewrite import Copier, with_bodies
from jitad.program.statements import (
    Accumulate,
    Block,
    Compute,
    Dim,
    Fail,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Var,
    array_type,
    counted_loop,
)
from jitad.program.types import INT64

TOGETHER = 4
"""Iterations in one."""

MOST_WORK = 8
"""Additions that a term takes at most: beyond it, what is read and written costs little in comparison."""


def jam_loops(program: Program) -> Program:
    """The same program with the loops described above taking several iterations at a time."""
    return replace(program, body=_Jammer(program).block(program.body))


@dataclass(frozen=True, eq=False)
class _Nest:
    """A loop with what it does before its nest, the nest's loops with what they do before the next, and the sum."""

    loop: Loop
    before: Sequence[Statement]
    loops: Sequence[Loop]
    between: Sequence[Sequence[Statement]]
    sum: Accumulate


class _Jammer:
    def __init__(self, program: Program) -> None:
        self._aliases = Aliases(program)
        self._layouts = Layouts(program)
        self._made_by = {s.out: s for s in walk(program.body) if isinstance(s, Compute)}

    def block(self, block: Block) -> Block:
        """A block with its loops jammed, those of inner blocks first."""
        builder = Builder()
        for statement in block:
            nest = self._nest(statement) if isinstance(statement, Loop) else None
            if nest is None:
                builder.add(with_bodies(statement, self.block))
                continue
            with builder.at(statement.origin):
                _write(builder, nest)
        return builder.block

    def _nest(self, loop: Loop) -> _Nest | None:
        """The nest of a loop that is worth to be jammed."""
        if not _is_plain(loop) or not loop.body.statements:
            return None
        *before, inner = loop.body
        loops, between = [], []
        while isinstance(inner, Loop) and _is_plain(inner) and inner.order_free and not inner.descending:
            if not inner.body.statements:
                return None
            *first, last = inner.body
            loops.append(inner)
            between.append(first)
            inner = last
        if not loops or not isinstance(inner, Accumulate):
            return None
        nest = _Nest(loop, before, loops, between, inner)
        return nest if self._is_sound(nest) and _work(nest) <= MOST_WORK else None

    def _is_sound(self, nest: _Nest) -> bool:
        """True when iterations of a loop meet in nothing but in their sums, each of which a nest visits once."""
        moving = bound_in(nest.loop)
        others = [*nest.before, *(s for first in nest.between for s in first)]
        array = nest.sum.array
        return (
            array in self._layouts
            and array not in moving
            and all(isinstance(s, Compute | Dim | Load) for first in nest.between for s in first)
            and all(isinstance(s, Compute | Dim | Load | Fail) for s in nest.before)
            and not any(o in moving for inner in nest.loops for o in (inner.start, inner.stop))
            and not any(self._aliases.touches(s, array) for s in others)
            and self._visits_once(nest, moving)
        )

    def _visits_once(self, nest: _Nest, moving: set[Operand]) -> bool:
        """True when the nest adds to each element at most once, and to the same ones in every iteration of its loop."""
        left: set[Operand | None] = {inner.index for inner in nest.loops}
        for operand in nest.sum.index:
            base, _ = shifted(self._made_by.get, operand)
            if base in left:
                left.remove(base)
            elif base in moving:
                return False
        return not left and len(nest.sum.index) == array_type(nest.sum.array).ndim


def _is_plain(loop: Loop) -> bool:
    steps = loop.is_counted and is_const(loop.step, 1)
    return steps and not (loop.params or loop.rows or loop.parallel or loop.threads)


def _work(nest: _Nest) -> float:
    return sum(core.cost(s) for s in nest.between[-1] if isinstance(s, Compute))


def _write(builder: Builder, nest: _Nest) -> None:
    """Append the loop with several iterations in one, and one for those that are left."""
    loop = nest.loop
    assert loop.start is not None and loop.stop is not None
    count = builder.minus(loop.stop, loop.start)
    count = builder.select(builder.compute(core.lt, count, const_int(0)), const_int(0), count)
    turns = builder.compute(core.floordiv, count, const_int(TOGETHER))
    turn, body = Var(loop.index.name, INT64), builder.nested()
    first = body.times(turn, const_int(TOGETHER))
    first = body.minus(body.minus(loop.stop, const_int(1)), first) if loop.descending else body.plus(loop.start, first)
    _together(body, nest, first)
    builder.add(counted_loop(turn, (const_int(0), turns, const_int(1)), body.block))
    done = builder.times(turns, const_int(TOGETHER))
    if loop.descending:
        rest = replace(loop, stop=builder.minus(loop.stop, done))
    else:
        rest = replace(loop, start=builder.plus(loop.start, done))
    Copier(lambda var: var).block(Block([rest]), builder)


def _together(builder: Builder, nest: _Nest, first: Operand) -> None:
    """Append a nest for several iterations of a loop, from that with index ``first`` on."""
    here: list[dict[Var, Operand]] = []
    for k in range(TOGETHER):
        shift = const_int(k)
        index = builder.minus(first, shift) if nest.loop.descending else builder.plus(first, shift)
        here.append({nest.loop.index: index})
    copiers = [Copier(lambda var, at=at: at.get(var, var)) for at in here]  # type: ignore[misc]
    _copy(copiers, nest.before, builder)
    builders, indices = [builder], []
    for inner, statements in zip(nest.loops, nest.between, strict=True):
        index = Var(inner.index.name, INT64)
        for at in here:
            at[inner.index] = index
        builders.append(builders[-1].nested())
        indices.append(index)
        _copy(copiers, statements, builders[-1])
    innermost, array = builders[-1], nest.sum.array
    place = copiers[0].all(nest.sum.index)
    total: Operand = innermost.load(array, place)
    for copier in copiers:
        total = innermost.plus(total, innermost.cast(copier(nest.sum.value), array_type(array).element))
    innermost.store(array, place, total)
    for inner, index, outer, inside in reversed(list(zip(nest.loops, indices, builders, builders[1:], strict=False))):
        outer.add(replace(inner, index=index, body=inside.block))


def _copy(copiers: Sequence[Copier], statements: Sequence[Statement], builder: Builder) -> None:
    for copier in copiers:
        copier.block(Block(list(statements)), builder)
