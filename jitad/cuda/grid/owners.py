"""Give what pairs add to the thread of the element: ``for i: for j: A[j] += v(i, j)`` becomes a loop over ``j``.

Sums over pairs add to the element of the outer iteration, which is its thread's own, and to that of the inner one, to
which all threads add. The latter sums move to a nest of their own, with the loops exchanged, before the loop that they
come from: a thread computes the pairs of its element once more, and no two threads meet.

Postcondition: the same sums, in another order of addition. Only arrays that the loop neither reads nor overwrites are
concerned, and what the new nest reads is what the old one would read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.places import Layouts, Place, Places, bound_in
from jitad.analysis.sums import carried_sums
from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.queries import definitions, free_variables, operands, walk
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
    counted_loop,
)
from jitad.program.types import INT64, Scalar
from jitad.transforms.threads import stay_apart


def give_sums_to_owners(program: Program) -> Program:
    """The same program with the sums described above in nests of their own."""
    return replace(program, body=_Giver(program).block(program.body))


class _Giver:
    def __init__(self, program: Program) -> None:
        self._aliases = Aliases(program)
        self._layouts = Layouts(program)

    def block(self, block: Block) -> Block:
        """A block that the host runs."""
        builder = Builder()
        for statement in block:
            match statement:
                case Loop(order_free=True, step=step) if is_const(step, 1) and not statement.rows:
                    builder.add(self._given(statement, builder))
                case Loop(body=body):
                    builder.add(replace(statement, body=self.block(body)))
                case Branch(then=then, otherwise=otherwise):
                    builder.add(replace(statement, then=self.block(then), otherwise=self.block(otherwise)))
                case _:
                    builder.add(statement)
        return builder.block

    def _given(self, loop: Loop, builder: Builder) -> Loop:
        """A loop without the sums that were appended as nests of their own."""
        moved: set[Statement] = set()
        for pairs in loop.body:
            if isinstance(pairs, Loop) and pairs.is_counted and is_const(pairs.step, 1) and not pairs.rows:
                sums = self._movable(loop, pairs)
                nest = _Exchange(loop, pairs, sums, self._aliases).nest() if sums else None
                if nest is not None:
                    with builder.at(loop.origin):
                        nest.write(builder)
                    moved |= sums
        return replace(loop, body=_without(loop.body, moved)) if moved else loop

    def _movable(self, loop: Loop, pairs: Loop) -> set[Statement]:
        """The sums in an inner loop to whose elements several iterations of the outer one add, but not of the inner."""
        if len(carried_sums(loop)) < len(loop.params) or len(carried_sums(pairs)) < len(pairs.params):
            return set()
        outer, inner = Places(loop, self._layouts), Places(pairs, self._layouts)
        statements = list(walk(loop.body))
        inside = set(walk(pairs.body))
        found: set[Statement] = set()
        groups: dict[Var, list[Statement]] = {}
        for statement in statements:
            if isinstance(statement, Load | Store | Accumulate):
                groups.setdefault(self._aliases.root(statement.array), []).append(statement)
        for group in groups.values():
            sums = [s for s in group if isinstance(s, Accumulate)]
            if len(sums) < len(group) or stay_apart([outer.of(s.array, s.index) for s in sums]):
                continue
            by_pair = [s for s in sums if s in inside and stay_apart([inner.of(s.array, s.index)])]
            places = [inner.of(s.array, s.index) for s in by_pair]
            rest = [outer.of(s.array, s.index) for s in sums if s not in by_pair]
            if by_pair and stay_apart(places) and _all_apart(rest):
                found.update(by_pair)
        return found


def _all_apart(places: Sequence[Place | None]) -> bool:
    return not places or stay_apart(places)


def _without(block: Block, gone: Collection[Statement]) -> Block:
    """A block without some of the statements in it."""
    kept: list[Statement] = []
    for statement in block:
        if statement in gone:
            continue
        if isinstance(statement, Loop):
            statement = replace(statement, body=_without(statement.body, gone))
        elif isinstance(statement, Branch):
            then, otherwise = _without(statement.then, gone), _without(statement.otherwise, gone)
            statement = replace(statement, then=then, otherwise=otherwise)
        kept.append(statement)
    return Block(kept)


class _Exchange:
    """A loop over pairs with its loops exchanged, for some of its sums."""

    def __init__(self, loop: Loop, pairs: Loop, sums: set[Statement], aliases: Aliases) -> None:
        self._loop = loop
        self._pairs = pairs
        self._sums = sums
        self._aliases = aliases
        self._before: list[Statement] = []
        self._body = Block()

    def nest(self) -> _Exchange | None:
        """Itself; None where the inner loop's body can't run by itself, or before the whole loop."""
        effects = {s for s in walk(self._pairs.body) if isinstance(s, Store | Accumulate) and s not in self._sums}
        self._body = _without(self._pairs.body, effects)
        allowed = (Compute, Dim, Load, Accumulate, Loop, Branch)
        if not all(isinstance(s, allowed) for s in walk(self._body)):
            return None
        needed = {*free_variables(self._body, []), self._pairs.start, self._pairs.stop}
        position = self._loop.body.statements.index(self._pairs)
        for statement in reversed(self._loop.body.statements[:position]):
            if needed.isdisjoint(definitions(statement)):
                continue
            if not isinstance(statement, Compute | Dim | Load):
                return None
            needed.update(operands(statement))
            self._before.insert(0, statement)
        if self._reads_what_is_written(position):
            return None
        return self if self._hull(Builder()) is not None else None

    def _reads_what_is_written(self, position: int) -> bool:
        """True when what the nest reads may have been written in the same iteration of the loop before."""
        written: list[Store | Accumulate] = []
        for statement in self._loop.body.statements[: position + 1]:
            reads = [statement] if isinstance(statement, Load) and statement in self._before else []
            if any(self._may_meet(read, store) for read in reads for store in written):
                return True
            written += [s for s in walk(Block([statement])) if isinstance(s, Store | Accumulate)]
        reads = [s for s in walk(self._body) if isinstance(s, Load)]
        return any(self._may_meet(read, store) for read in reads for store in written)

    def _may_meet(self, read: Load, store: Store | Accumulate) -> bool:
        """False for accesses of different arrays, and of different columns of one."""
        if self._aliases.root(read.array) is not self._aliases.root(store.array):
            return False
        pairs = zip(read.index, store.index, strict=False)
        columns = any(isinstance(a, Const) and isinstance(b, Const) and a.value != b.value for a, b in pairs)
        return not (read.array is store.array and columns)

    def _hull(self, builder: Builder) -> tuple[Operand, Operand] | None:
        """The range of the inner index over all iterations; None where it isn't known."""
        loop, pairs = self._loop, self._pairs
        assert loop.start is not None and loop.stop is not None and pairs.start is not None and pairs.stop is not None
        bound = bound_in(loop)
        start, stop = pairs.start, pairs.stop
        if start in bound:
            shift = self._shift(start)
            if shift is None:
                return None
            start = builder.plus(loop.start, const_int(shift))
        if stop in bound:
            shift = self._shift(stop)
            if shift is None:
                return None
            stop = builder.plus(loop.stop, const_int(shift - 1))
        return start, stop

    def _partners(self, builder: Builder, owner: Var) -> tuple[Operand, Operand]:
        """The range of the outer index whose inner loop comes by an ``owner``."""
        loop, pairs = self._loop, self._pairs
        assert loop.start is not None and loop.stop is not None and pairs.start is not None and pairs.stop is not None
        bound = bound_in(loop)
        start, stop = loop.start, loop.stop
        if pairs.start in bound:  # from i + c on: for every i up to j - c
            shift = self._shift(pairs.start)
            assert shift is not None
            last = builder.minus(owner, const_int(shift - 1))
            stop = builder.select(builder.compute(core.lt, last, stop), last, stop)
        if pairs.stop in bound:  # below i + c: for every i above j - c
            shift = self._shift(pairs.stop)
            assert shift is not None
            first = builder.minus(owner, const_int(shift - 1))
            start = builder.select(builder.compute(core.gt, first, start), first, start)
        return start, stop

    def _shift(self, operand: Operand) -> int | None:
        """``c`` when an operand is the outer loop's index plus a literal ``c``."""
        made = {s.out: s for s in self._loop.body if isinstance(s, Compute)}
        shift = 0
        while operand is not self._loop.index:
            statement = made.get(operand) if isinstance(operand, Var) else None
            if statement is None or statement.primitive not in (core.add, core.sub):
                return None
            if not isinstance(statement.args[1], Const):
                return None
            shift += int(statement.args[1].value) * (1 if statement.primitive is core.add else -1)
            operand = statement.args[0]
        return shift

    def write(self, builder: Builder) -> None:
        """Append the nest: the inner loop's iterations outside, each with those of the outer loop that reach it."""
        loop, pairs = self._loop, self._pairs
        hull = self._hull(builder)
        assert hull is not None and loop.start is not None and loop.stop is not None
        owner, other = Var(pairs.index.name, INT64), Var(loop.index.name, INT64)
        names: dict[Var, Operand] = {pairs.index: owner, loop.index: other}
        names |= {param: _zero(param) for param in pairs.params}
        outer = builder.nested()
        inner = outer.nested()
        copier = Copier(lambda var: names.get(var, var))
        for statement in self._before:
            copier.statement(statement, inner)
        copier.block(self._body, inner)
        serial = counted_loop(other, (*self._partners(outer, owner), const_int(1)), inner.block)
        serial.order_free = True
        outer.add(serial)
        whole = counted_loop(owner, (*hull, const_int(1)), outer.block)
        whole.order_free, whole.parallel = True, loop.parallel
        builder.add(whole)


def _zero(param: Var) -> Const:
    assert isinstance(param.type, Scalar)
    return Const(0.0, param.type)
