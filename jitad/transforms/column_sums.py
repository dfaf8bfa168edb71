"""Add up many sums side by side where one sum after the other would jump from row to row.

``for j: s = 0; for k: s += A[k, j] * x[k]; use(j, s)`` reads a column for each sum. With an array of sums, ``for k:
for j: s[j] += A[k, j] * x[k]`` reads rows, and the reverse sweep adds to the rows of adjoints. Where a sum takes what
earlier sums led to (``k`` ends at ``j``, as in a triangular system), each is used as soon as it is complete, and
contributes to all that follow.

Concerned are counted loops with one loop in them that does nothing but add up, where no sum reads what the use of
another one, which came before it, stores now after it. Postcondition: each sum has the same terms in the same order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.differences import Differences
from jitad.analysis.lines import jumps
from jitad.analysis.places import Layouts, bound_in
from jitad.analysis.ranges import Ranges
from jitad.analysis.sums import PlainSum, plain_sums
from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.distances import shifted
from jitad.program.queries import definitions, operands, sub_blocks
from jitad.program.rewrite import Copier
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
from jitad.program.types import INT64, Array, Scalar
from jitad.transforms.interchange import is_short

_PURE = (Compute, Dim, Load)
_USES = (Compute, Dim, Load, Store, Accumulate, Fail)


def add_along_rows(program: Program) -> Program:
    """The same program with the sums described above in arrays."""
    pass_ = _ColumnSums(program)
    body = pass_.block(program.body, None)
    return replace(program, body=body) if pass_.found else program


@dataclass(frozen=True, eq=False)
class _Nest:
    """A loop around a loop of sums; ``limits`` are what the inner index stays below if that is the outer index."""

    outer: Loop
    before: list[Statement]
    inner: Loop
    after: list[Statement]
    sums: list[PlainSum]
    limits: list[Operand] | None

    def sources(self, wanted: Collection[Operand]) -> list[Statement]:
        """The statements before the inner loop that make some values, and what these need, in order."""
        needed, found = set(wanted), []
        for statement in reversed(self.before):
            if not needed.isdisjoint(definitions(statement)):
                needed.update(operands(statement))
                found.append(statement)
        return found[::-1]

    @property
    def terms(self) -> list[Statement]:
        """What makes the terms, without the additions."""
        read = {o for s in self.inner.body for o in operands(s)}
        own = {var for s in self.inner.body for var in definitions(s)}
        links = {var for s in self.sums for var in s.links}
        body = [s for s in self.inner.body if links.isdisjoint(definitions(s))]
        return [*self.sources(read - own), *body]

    @property
    def starts(self) -> list[Statement]:
        """What makes the numbers that the sums start from."""
        return self.sources({s.start for s in self.sums})


@dataclass(frozen=True, eq=False)
class _Memory:
    """An array of sums that is to be allocated: as long as ``length + shift`` (None: 0), if that isn't negative."""

    array: Var
    length: Operand | None
    shift: int


class _ColumnSums:
    """Copies blocks; ``found`` tells whether any loop was changed."""

    def __init__(self, program: Program) -> None:
        self._aliases = Aliases(program)
        self._layouts = Layouts(program)
        self._ranges = Ranges(program)
        self.found = False

    def block(self, block: Block, owner: Loop | None) -> Block:
        """A block and its arrays of sums; those that needn't be in ``owner`` are left in ``leaving``."""
        new, leaving = self._block(block, owner)
        assert not leaving
        return new

    def _block(self, block: Block, owner: Loop | None) -> tuple[Block, list[_Memory]]:
        builder, leaving = Builder(), list[_Memory]()
        for statement in block:
            replaced, arrays = self._statement(statement)
            for memory in arrays:
                moved = None if owner is None else self._outside(memory, owner)
                if moved is None:
                    _allocate(builder, memory)
                else:
                    leaving.append(moved)
            for one in replaced:
                builder.add(one)
        return builder.block, leaving

    def _statement(self, statement: Statement) -> tuple[list[Statement], list[_Memory]]:
        match statement:
            case Loop():
                nest = self._nest(statement)
                if nest is not None and self._is_better(nest) and self._is_right(nest):
                    self.found = True
                    return self._turned(nest)
                body, leaving = self._block(statement.body, statement)
                return [replace(statement, body=body)], leaving
            case Branch(then=then, otherwise=otherwise):
                return [replace(statement, then=self.block(then, None), otherwise=self.block(otherwise, None))], []
        return [statement], []

    def _outside(self, memory: _Memory, owner: Loop) -> _Memory | None:
        """The same array, allocated once outside a loop; None where it had better be in the loop."""
        if not owner.is_counted or not is_const(owner.step, 1) or owner.order_free or owner.parallel:
            return None
        if memory.length is owner.index:
            length, shift = shifted(self._ranges.made.get, owner.stop or const_int(0))
            return replace(memory, length=length, shift=memory.shift + shift - 1)
        return None if memory.length in bound_in(owner) else memory

    # Which loops

    def _nest(self, outer: Loop) -> _Nest | None:
        loops = [at for at, s in enumerate(outer.body) if sub_blocks(s)]
        if len(loops) != 1 or not _is_plain(outer) or not self._ranges.is_natural(outer.start):
            return None
        (at,) = loops
        before, inner, after = outer.body.statements[:at], outer.body.statements[at], outer.body.statements[at + 1 :]
        if not isinstance(inner, Loop) or not _is_plain(inner) or not inner.params:
            return None
        if not all(isinstance(s, (*_PURE, Fail)) for s in before) or not all(isinstance(s, _USES) for s in after):
            return None
        sums = plain_sums(inner)
        if sums is None or not all(isinstance(s, _PURE) for s in inner.body):
            return None
        inside = bound_in(outer)
        if inside.isdisjoint((inner.start, inner.stop)):
            limits = None
        else:
            limits = self._limits(outer, inner, inside)
            if limits is None:
                return None
        nest = _Nest(outer, before, inner, after, sums, limits)
        return nest if self._is_known_early(nest) else None

    def _limits(self, outer: Loop, inner: Loop, inside: AbstractSet[Operand]) -> list[Operand] | None:
        """What the inner index stays below, where that is the outer index, or the smaller of it and another limit."""
        if inner.start is not outer.start and not (isinstance(inner.start, Const) and inner.start == outer.start):
            return None
        limits = self._ranges.least_of(inner.stop)
        return limits if limits[0] is outer.index and inside.isdisjoint(limits[1:]) else None

    def _is_known_early(self, nest: _Nest) -> bool:
        """True when what is moved up needs nothing that the loop carries, and checks need no memory."""
        moved = [*nest.terms, *nest.starts]
        read = {o for s in moved for o in operands(s)} | {s.start for s in nest.sums}
        read |= {term for s in nest.sums for term, _ in s.terms}
        checks = [*self._checks(nest)]
        if not read.isdisjoint(nest.outer.params) or not all(isinstance(s, _PURE) for s in moved):
            return False
        known = all(isinstance(s, (Compute, Dim, Fail)) for s in checks)
        used = {o for s in checks for o in operands(s)}
        return known and used.isdisjoint((*nest.outer.params, *nest.inner.results))

    def _checks(self, nest: _Nest) -> list[Statement]:
        """The checks of an iteration, and what they need of it."""
        statements = [*nest.before, *nest.after]
        needed: set[Operand] = set()
        found: list[Statement] = []
        for statement in reversed(statements):
            if isinstance(statement, Fail) or not needed.isdisjoint(definitions(statement)):
                needed.update(operands(statement))
                found.append(statement)
        return found[::-1]

    def _is_better(self, nest: _Nest) -> bool:
        statements = nest.terms
        return jumps(statements, nest.outer.index) < jumps(statements, nest.inner.index)

    def _is_right(self, nest: _Nest) -> bool:
        """True when nothing is stored any more between a use and a sum that came after it, which the sum reads."""
        stores = [s for s in nest.after if isinstance(s, Store | Accumulate)]
        loads = [(s, True) for s in nest.terms if isinstance(s, Load)]
        loads += [(s, False) for s in nest.starts if isinstance(s, Load)]
        return all(self._never_meet(nest, load, is_term, store) for load, is_term in loads for store in stores)

    def _never_meet(self, nest: _Nest, load: Load, is_term: bool, store: Store | Accumulate) -> bool:
        """True when a load for one sum never meets a store in the use of a sum before it, which now comes later."""
        if self._aliases.root(load.array) is not self._aliases.root(store.array):
            return True
        if load.array is not store.array or load.array not in self._layouts:
            return False
        outer, inner = nest.outer, nest.inner
        earlier = object()
        facts = Differences(self._ranges.made, {outer.index: earlier})
        facts.below(earlier, outer.index)
        for index in (outer.index, earlier):
            facts.below(outer.start, index, 0)
            for limit in self._ranges.least_of(outer.stop):
                facts.below(index, limit)
        if is_term:
            facts.below(inner.start, inner.index, 0)
            for limit in self._ranges.least_of(inner.stop):
                facts.below(inner.index, limit)
            if nest.limits is not None:
                facts.below(inner.index, earlier)
        changing = bound_in(outer) - {outer.index, inner.index}
        for one, other in zip(load.index, store.index, strict=True):
            if changing.isdisjoint(shifted(self._ranges.made.get, operand)[0] for operand in (one, other)):
                facts.equal(one, other)
        return facts.contradict

    # What replaces them

    def _turned(self, nest: _Nest) -> tuple[list[Statement], list[_Memory]]:
        outer = nest.outer
        assert outer.start is not None and outer.stop is not None
        length, shift = shifted(self._ranges.made.get, outer.stop)
        arrays = [Var(s.param.name, Array(_dtype(s.param), 1, "C")) for s in nest.sums]
        builder = Builder()
        with builder.at(outer.origin):
            self._check_first(nest, builder)
            _start(nest, arrays, builder)
            found = [Load(s.result, array, (outer.index,)) for s, array in zip(nest.sums, arrays, strict=True)]
            uses = [*nest.before, *found, *nest.after]
            body = Block([s for s in uses if not isinstance(s, Fail)])
            if nest.limits is None:
                _add_up(nest, arrays, builder)
            else:
                within = Builder(body, parent=builder)
                _contribute(nest, arrays, within)
            builder.add(replace(outer, body=body, order_free=outer.order_free and nest.limits is None))
        return builder.block.statements, [_Memory(array, length, shift) for array in arrays]

    def _check_first(self, nest: _Nest, builder: Builder) -> None:
        """Append the checks of all iterations."""
        checks = self._checks(nest)
        if checks:
            body, index = builder.nested(), Var(nest.outer.index.name, INT64)
            copier = Copier(lambda var: index if var is nest.outer.index else var)
            copier.block(Block(checks), body)
            builder.add(_loop_of(nest, index, body))


def _start(nest: _Nest, arrays: Sequence[Var], builder: Builder) -> None:
    """Append what gives all sums their first values."""
    body, index = builder.nested(), Var(nest.outer.index.name, INT64)
    copier = Copier(lambda var: index if var is nest.outer.index else var)
    copier.block(Block(nest.starts), body)
    for one, array in zip(nest.sums, arrays, strict=True):
        body.store(array, (index,), copier(one.start))
    builder.add(_loop_of(nest, index, body))


def _add_up(nest: _Nest, arrays: Sequence[Var], builder: Builder) -> None:
    """Append what adds all terms to all sums."""
    inner, row = nest.inner, Var(nest.inner.index.name, INT64)
    assert inner.start is not None and inner.stop is not None
    body = builder.nested()
    assert nest.outer.start is not None and nest.outer.stop is not None
    _terms(nest, arrays, body, row, nest.outer.start, nest.outer.stop)
    builder.add(replace(counted_loop(row, (inner.start, inner.stop, const_int(1)), body.block), origin=inner.origin))


def _contribute(nest: _Nest, arrays: Sequence[Var], builder: Builder) -> None:
    """Append to an iteration what it adds to the sums of those that follow."""
    index, stop = nest.outer.index, nest.outer.stop
    assert nest.limits is not None and stop is not None
    start = builder.plus(index, const_int(1))
    for limit in nest.limits[1:]:
        stop = builder.select(builder.compute(core.lt, index, limit), stop, start)
    _terms(nest, arrays, builder, index, start, stop)


def _terms(nest: _Nest, arrays: Sequence[Var], builder: Builder, row: Var, start: Operand, stop: Operand) -> None:
    """Append the terms of a row for the sums from ``start`` to ``stop``."""
    body, column = builder.nested(), Var(nest.outer.index.name, INT64)
    here = {nest.inner.index: row, nest.outer.index: column}
    copier = Copier(lambda var: here.get(var, var))
    copier.block(Block(nest.terms), body)
    for one, array in zip(nest.sums, arrays, strict=True):
        for term, is_added in one.terms:
            value = copier(term)
            body.accumulate(array, (column,), value if is_added else body.negative(value))
    loop = counted_loop(column, (start, stop, const_int(1)), body.block)
    builder.add(replace(loop, origin=nest.inner.origin))


def _loop_of(nest: _Nest, index: Var, body: Builder) -> Loop:
    assert nest.outer.start is not None and nest.outer.stop is not None
    loop = counted_loop(index, (nest.outer.start, nest.outer.stop, const_int(1)), body.block)
    return replace(loop, origin=nest.outer.origin)


def _allocate(builder: Builder, memory: _Memory) -> None:
    shift = const_int(memory.shift)
    total = shift if memory.length is None else builder.plus(memory.length, shift)
    length = builder.select(builder.compute(core.lt, total, const_int(0)), const_int(0), total)
    array = memory.array
    assert isinstance(array.type, Array)
    builder.add(Alloc(array, Var(f"{array.name}_at", INT64), (length,), None))


def _is_plain(loop: Loop) -> bool:
    stays = loop.rows or loop.parallel or loop.apart or loop.descending
    return loop.is_counted and is_const(loop.step, 1) and not stays and not is_short(loop)


def _dtype(var: Var) -> str:
    assert isinstance(var.type, Scalar)
    return var.type.dtype
