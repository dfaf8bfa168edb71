"""Run nests over the same arrays in turn, plane by plane, so that what one has written is near when the next reads it.

``b[1:-1, 1:-1] = f(a); a[1:-1, 1:-1] = g(b)`` with three axes are two nests, each of which moves both arrays through
the caches. Plane ``i`` of the second can run as soon as the planes of ``b`` that it reads are there, and once no plane
of the first still reads plane ``i`` of ``a``: so many planes later than the first nest as their indices along the
outermost axis are apart. One loop then does a plane of each nest in turn. Their inner loops stay as they are.

Concerned are nests of at least three loops, order-free in the outermost one, which touch what they both touch at its
index plus literals along one axis, and for which no threads are asked. (Rows stay whole nests: what must be found out
before a row, where its memory is and that it is no other's, then takes as long as its arithmetic.)
Postcondition: the same operations on the same elements, in the same order for each element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.places import Layouts
from jitad.primitives import core
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.distances import shifted
from jitad.program.queries import sub_blocks, walk
from jitad.program.rewrite import Copier, with_bodies
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Compute,
    Const,
    Dim,
    Fail,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
    counted_loop,
)
from jitad.program.types import BOOL, INT64

LEAST_LOOPS = 3
"""A nest has so many loops, so that what it does in turn are planes, or more."""

MOST_PLANES = 8
"""How many planes apart two nests may be: what is in between stays in the caches."""

_Access = Load | Store | Accumulate
_IN_NESTS = (Compute, Dim, Load, Store, Accumulate, Loop, Branch)
_MAY_BE_PASSED = (Compute, Dim, Alloc, Fail)


def run_in_lockstep(program: Program) -> Program:
    """The same program with the nests described above in one loop."""
    return replace(program, body=_Merger(program).block(program.body))


@dataclass(frozen=True, eq=False)
class _Stage:
    """A nest whose planes run ``later`` turns after those of the first nest of its group; its accesses by memory."""

    loop: Loop
    later: int
    accesses: Mapping[Var, Sequence[_Access]]

    def writes(self, root: Var) -> bool:
        """True when the nest changes an alias group."""
        return any(not isinstance(access, Load) for access in self.accesses.get(root, ()))


class _Merger:
    def __init__(self, program: Program) -> None:
        self._aliases = Aliases(program)
        self._layouts = Layouts(program)
        self._made_by = {s.out: s for s in walk(program.body) if isinstance(s, Compute)}

    def block(self, block: Block) -> Block:
        """A block with its nests merged, those of inner blocks first."""
        builder = Builder()
        group: list[_Stage] = []
        passed: list[Statement] = []
        for statement in block:
            statement = with_bodies(statement, self.block)
            stage = self._stage(statement)
            joined = None if stage is None else self._next(group, stage)
            if joined is not None:
                builder.block.statements += passed
                group.append(joined)
                passed = []
            elif group and self._is_passed(statement, group):
                passed.append(statement)
            else:
                self._write(builder, group)
                builder.block.statements += passed
                group, passed = [], []
                if stage is not None:
                    group = [stage]
                else:
                    builder.add(statement)
        self._write(builder, group)
        builder.block.statements += passed
        return builder.block

    def _is_passed(self, statement: Statement, group: list[_Stage]) -> bool:
        """True for what may run before the nests of a group although it stands after them."""
        if isinstance(statement, Load):
            root = self._aliases.root(statement.array)
            return not any(stage.writes(root) for stage in group)
        return isinstance(statement, _MAY_BE_PASSED)

    def _stage(self, statement: Statement) -> _Stage | None:
        """A statement as the first nest of a group."""
        if not isinstance(statement, Loop) or not _is_nest(statement):
            return None
        accesses: dict[Var, list[_Access]] = {}
        for inner in walk(statement.body):
            if isinstance(inner, _Access):
                accesses.setdefault(self._aliases.root(inner.array), []).append(inner)
        return _Stage(statement, 0, accesses)

    def _next(self, group: list[_Stage], stage: _Stage) -> _Stage | None:
        """A nest as the next one of a group; None where it can't be or gains nothing by it."""
        later, meets = 0, False
        for before in group:
            for root in before.accesses.keys() & stage.accesses.keys():
                meets = True
                apart = self._planes_between(before, stage, root)
                if apart is None:
                    return None
                later = max(later, before.later + apart)
        return replace(stage, later=later) if meets and later <= MOST_PLANES else None

    def _planes_between(self, before: _Stage, stage: _Stage, root: Var) -> int | None:
        """How many turns later a nest must run than another one, for this memory; None where that isn't known."""
        most = 0
        for first in before.accesses[root]:
            for second in stage.accesses[root]:
                if not isinstance(first, Load) or not isinstance(second, Load):
                    apart = self._planes_apart(before.loop, first, stage.loop, second)
                    if apart is None:
                        return None
                    most = max(most, apart)
        return most

    def _planes_apart(self, loop: Loop, first: _Access, other: Loop, second: _Access) -> int | None:
        """How many planes the second access is behind the first one; None where nothing is known of them."""
        if first.array is not second.array or first.array not in self._layouts:
            return None
        for one, two in zip(first.index, second.index, strict=True):
            (base, shift), (other_base, other_shift) = (shifted(self._made_by.get, o) for o in (one, two))
            if base is loop.index and other_base is other.index:
                return other_shift - shift
        return None

    def _write(self, builder: Builder, group: list[_Stage]) -> None:
        """Append a group's nests as one loop."""
        if len(group) < 2:
            builder.block.statements += [stage.loop for stage in group]
            return
        bounds = [_turns(builder, stage) for stage in group]
        start, stop = bounds[0]
        for low, high in bounds[1:]:
            start, stop = self._outer(builder, start, low, core.lt), self._outer(builder, stop, high, core.gt)
        turn, body = Var(group[0].loop.index.name, INT64), builder.nested()
        for stage, (low, high) in zip(group, bounds, strict=True):
            plane = body.nested()
            index = plane.minus(turn, const_int(stage.later))
            Copier(_but(stage.loop.index, index)).block(stage.loop.body, plane)
            _add_if(body, _within(body, turn, low, high, start, stop), plane)
        builder.add(counted_loop(turn, (start, stop, const_int(1)), body.block))

    def _outer(self, builder: Builder, a: Operand, b: Operand, compare: ScalarPrimitive) -> Operand:
        """Of two integers the one for which a comparison with the other holds, if they aren't equal."""

        def made_by(var: Var) -> Compute | None:
            return self._made_by.get(var) or builder.made_by(var)

        (base, shift), (other_base, other_shift) = shifted(made_by, a), shifted(made_by, b)
        if base is other_base:
            is_first = shift <= other_shift if compare is core.lt else shift >= other_shift
            return a if is_first else b
        return builder.select(builder.compute(compare, a, b), a, b)


def _is_nest(loop: Loop) -> bool:
    """True for a loop that may have its planes among those of others: see above."""
    plain = loop.order_free and loop.is_counted and is_const(loop.step, 1) and not loop.descending
    if not plain or loop.params or loop.rows or loop.parallel or loop.apart:
        return False
    return _depth(loop) >= LEAST_LOOPS and all(isinstance(s, _IN_NESTS) for s in walk(loop.body))


def _depth(statement: Statement) -> int:
    """How many loops are in each other."""
    inner = max((_depth(s) for block in sub_blocks(statement) for s in block), default=0)
    return inner + isinstance(statement, Loop)


def _but(index: Var, other: Operand) -> Callable[[Var], Operand]:
    return lambda var: other if var is index else var


def _turns(builder: Builder, stage: _Stage) -> tuple[Operand, Operand]:
    """The turns of the merged loop in which a stage has planes."""
    loop, later = stage.loop, const_int(stage.later)
    assert loop.start is not None and loop.stop is not None
    return (builder.plus(loop.start, later), builder.plus(loop.stop, later)) if stage.later else (loop.start, loop.stop)


def _within(builder: Builder, turn: Var, low: Operand, high: Operand, start: Operand, stop: Operand) -> Operand:
    """Whether a turn between ``start`` and ``stop`` is one between ``low`` and ``high``."""
    after = Const(True, BOOL) if low == start else builder.compute(core.ge, turn, low)
    before = Const(True, BOOL) if high == stop else builder.compute(core.lt, turn, high)
    return builder.compute(core.and_, after, before)


def _add_if(builder: Builder, condition: Operand, arm: Builder) -> None:
    if isinstance(condition, Const):
        builder.absorb(arm)
    else:
        builder.add(Branch(condition, arm.block, [], Block(), [], []))
