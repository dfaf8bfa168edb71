"""Run array statements that follow each other in one loop, where the later ones read what the earlier ones made.

``t = f(x); y = g(t, x)`` writes ``t`` to memory and reads it back, element by element. Where all statements visit the
same elements in the same place, one loop does both, ``t[i]`` is a number in it, and if nothing else reads ``t`` there
is no such array. Only loops of the form that array statements have are concerned: order-free, one directly in the
other, and every index a loop's own or one that doesn't change. Stencils read beside where they are, and stay apart.

In an adjoint, what such loops hold may be loops itself: a row is pulled back by a loop, and its element is passed on by
the next one.

Postcondition: the same values. A loop that has become part of a later one runs after what stood between them, which is
arithmetic, allocations and checks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.places import bound_in
from jitad.primitives import core
from jitad.program.builder import Builder, is_const
from jitad.program.distances import never_equal
from jitad.program.queries import own_reads, walk
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
)
from jitad.transforms.deadarrays import remove_dead_arrays

Access = Load | Store | Accumulate
_WRITE = (Store, Accumulate)
Place = tuple[object, ...]
_MAY_BE_PASSED = (Compute, Dim, Alloc, Fail)
_SIMPLE = (Compute, Dim, Load, Store, Accumulate)
_MOST_COST = 4
"""What costs more additions had better stay in a loop that runs in vectors."""


def fuse_array_statements(program: Program) -> Program:
    """The same program with the loops described above made one, and without the arrays that nobody reads any more."""
    return _fused(program, deep=False)


def fuse_rows(program: Program) -> Program:
    """The same for loops around loops, wherever no array is left of what one passes to the other."""
    return _fused(program, deep=True)


def _fused(program: Program, *, deep: bool) -> Program:
    fuser = _Fuser(program, deep=deep)
    body = fuser.block(program.body)
    return remove_dead_arrays(replace(program, body=body)) if fuser.changed else program


@dataclass(frozen=True)
class _Level:
    """The index of a nest's loop, by how deep it is."""

    depth: int


@dataclass(frozen=True, eq=False)
class _Nest:
    """Loops from the outermost inwards, and the statements of the innermost one."""

    loops: list[Loop]
    inner: list[Statement]

    @property
    def carries(self) -> bool:
        return any(loop.params for loop in self.loops)

    @property
    def is_deep(self) -> bool:
        """True when the innermost body holds further loops, or branches."""
        return not all(isinstance(s, _SIMPLE) for s in self.inner)

    def accesses(self) -> Iterator[Access]:
        for statement in walk(self.loops[-1].body):
            if isinstance(statement, Access):
                yield statement

    def place(self, access: Access) -> Place | None:
        """An index, with the levels of loops for their indices; None when the nest computes a part of it."""
        levels = {loop.index: at for at, loop in enumerate(self.loops)}
        bound = bound_in(self.loops[-1]) - set(levels)
        bound.update(param for loop in self.loops for param in loop.params)
        if not bound.isdisjoint(access.index):
            return None
        return tuple(_Level(levels[at]) if at in levels else _identity(at) for at in access.index)

    def with_inner(self, statements: Sequence[Statement], yields: list[Operand]) -> Loop:
        """The nest with another innermost body."""
        made = replace(self.loops[-1], body=Block(list(statements)), yields=yields)
        for loop in reversed(self.loops[:-1]):
            made = replace(loop, body=Block([made]))
        return made


def _nest(statement: Statement, *, deep: bool) -> _Nest | None:
    """The nest that a statement is; None when it is anything else. With ``deep``, it may hold loops and branches."""
    loops: list[Loop] = []
    while isinstance(statement, Loop):
        plain = statement.order_free and statement.is_counted and not statement.descending and not statement.rows
        if not plain or not is_const(statement.step, 1):
            return None
        loops.append(statement)
        if len(statement.body.statements) != 1 or not isinstance(statement.body.statements[0], Loop):
            break
        statement = statement.body.statements[0]
    allowed = (*_SIMPLE, Loop, Branch) if deep else _SIMPLE
    if not loops or not all(isinstance(s, allowed) for s in walk(loops[-1].body)):
        return None
    return _Nest(loops, loops[-1].body.statements)


class _Fuser:
    def __init__(self, program: Program, *, deep: bool) -> None:
        self.changed = False
        self._deep = deep
        self._aliases = Aliases(program)
        self._made_by = {s.out: s for s in walk(program.body) if isinstance(s, Compute)}
        self._own = {s.out for s in walk(program.body) if isinstance(s, Alloc)}
        self._accesses = Counter(s.array for s in walk(program.body) if isinstance(s, Access))
        self._mentions: Counter[Operand] = Counter(program.results)
        for statement in walk(program.body):
            if not isinstance(statement, Dim):
                self._mentions.update(own_reads(statement))

    def block(self, block: Block) -> Block:
        """A block with its loops fused, innermost blocks first."""
        done: list[Statement] = []
        equal: dict[Operand, Operand] = {}
        for statement in block:
            match statement:
                case Loop(body=body):
                    statement = replace(statement, body=self.block(body))
                    while (fused := self._fused_with_last(done, statement, equal)) is not None:
                        statement = fused
                case Branch(then=then, otherwise=otherwise):
                    statement = replace(statement, then=self.block(then), otherwise=self.block(otherwise))
                case Fail(condition=Var() as condition):
                    self._note_equal(condition, equal)
            done.append(statement)
        return Block(done)

    def _note_equal(self, condition: Var, equal: dict[Operand, Operand]) -> None:
        """Remember what holds after a check: numbers are equal whose difference would have raised."""
        made = self._made_by.get(condition)
        if made is not None and made.primitive is core.ne:
            a, b = (_representative(arg, equal) for arg in made.args)
            if a != b:
                equal[a] = b

    def _fused_with_last(self, done: list[Statement], loop: Loop, equal: dict[Operand, Operand]) -> Loop | None:
        """The loop with the last one of ``done`` in it, which is taken away there; None if they can't be one."""
        at = next((k for k in reversed(range(len(done))) if not isinstance(done[k], _MAY_BE_PASSED)), None)
        first, second = None if at is None else _nest(done[at], deep=self._deep), _nest(loop, deep=self._deep)
        if at is None or first is None or second is None or first.carries or not _same_ranges(first, second, equal):
            return None
        if first.is_deep or second.is_deep:
            is_better = self._saves_an_array(first, second)
        else:
            is_better = not self._deep and self._passes(first, second)
        if not is_better or not self._stay_in_place(first, second):
            return None
        self.changed = True
        del done[at]
        return self._joined(first, second)

    def _passes(self, first: _Nest, second: _Nest) -> bool:
        """True when an array goes from one nest to the other that is read and written in no other way.

        A nest that carries sums takes over only what nobody else uses: it may then be reversed as it runs.
        """
        stored = {s.array for s in first.accesses() if not isinstance(s, Load)}
        read = {s.array for s in second.accesses() if not isinstance(s, Store)}
        if second.carries and not all(self._is_private(array, (first, second)) for array in stored):
            return False
        return any(array in self._own and self._accesses[array] == self._mentions[array] for array in stored & read)

    def _saves_an_array(self, first: _Nest, second: _Nest) -> bool:
        """True when nothing else uses what goes from one nest to the other, and neither needs to run in vectors."""
        nests = (first, second)
        stored = {s.array for s in first.inner if isinstance(s, Store)}
        read = {s.array for s in second.inner if isinstance(s, Load)}
        own = [s for nest in nests for s in nest.inner if isinstance(s, Compute)]
        return any(self._is_private(array, nests) for array in stored & read) and all(
            core.cost(s) <= _MOST_COST for s in own
        )

    def _is_private(self, array: Var, nests: Sequence[_Nest]) -> bool:
        here = sum(access.array is array for nest in nests for access in nest.accesses())
        return array in self._own and here == self._mentions[array]

    def _stay_in_place(self, first: _Nest, second: _Nest) -> bool:
        """True when the nests meet in memory in the same iterations only."""
        places = {access: nest.place(access) for nest in (first, second) for access in nest.accesses()}
        return all(
            a.array is b.array and self._agree(a, b, places[a], places[b], len(first.loops))
            for a in first.accesses()
            for b in second.accesses()
            if self._aliases.root(a.array) is self._aliases.root(b.array)
            and not (isinstance(a, Load) and isinstance(b, Load))
        )

    def _agree(self, a: Access, b: Access, at: Place | None, other: Place | None, depth: int) -> bool:
        """True when two accesses are to one place, which no other iteration visits, or never to the same."""
        if at is None or other is None:
            return False
        if at == other and all(_Level(level) in at for level in range(depth)):
            return True
        fixed = [
            k for k, pair in enumerate(zip(at, other, strict=True)) if not any(isinstance(x, _Level) for x in pair)
        ]
        return any(never_equal(self._made_by.get, a.index[k], b.index[k]) for k in fixed)

    def _joined(self, first: _Nest, second: _Nest) -> Loop:
        """One nest, in the place of the second, whose loads find what the first has just stored."""
        body = Builder()
        here: dict[Var, Operand] = {
            one.index: other.index for one, other in zip(first.loops, second.loops, strict=True)
        }
        copier = Copier(lambda var: here.get(var, var))
        stored: dict[tuple[Var, Place], Operand] = {}
        for nest in (first, second):
            for statement in nest.inner:
                place = nest.place(statement) if isinstance(statement, Access) else None
                known = stored.get((statement.array, place)) if isinstance(statement, Access) and place else None
                if isinstance(statement, Load) and known is not None:
                    here[statement.out] = known
                    self._accesses[statement.array] -= 1
                    self._mentions[statement.array] -= 1
                    continue
                with body.at(statement.origin):
                    if isinstance(statement, Accumulate) and known is not None:
                        total = body.plus(known, copier(statement.value))
                        statement = Store(statement.array, statement.index, total)
                    copier.statement(statement, body)
                roots = {self._aliases.root(s.array) for s in walk(Block([statement])) if isinstance(s, _WRITE)}
                stored = {key: v for key, v in stored.items() if self._aliases.root(key[0]) not in roots}
                if isinstance(statement, Store) and place is not None:
                    stored[statement.array, place] = copier(statement.value)
        self._made_by.update({s.out: s for s in body.block if isinstance(s, Compute)})
        yields = [copier(new) for new in second.loops[-1].yields]
        return second.with_inner(body.block.statements, yields)


def _representative(operand: Operand, equal: dict[Operand, Operand]) -> Operand:
    while operand in equal:
        operand = equal[operand]
    return operand


def _same_ranges(first: _Nest, second: _Nest, equal: dict[Operand, Operand]) -> bool:
    """True when two nests visit the same indices, and threads are asked for the same loops."""
    if len(first.loops) != len(second.loops):
        return False
    pairs = zip(first.loops, second.loops, strict=True)
    return all(
        _same(a.start, b.start, equal) and _same(a.stop, b.stop, equal) and a.parallel == b.parallel for a, b in pairs
    )


def _same(a: Operand | None, b: Operand | None, equal: dict[Operand, Operand]) -> bool:
    assert a is not None and b is not None
    first, second = _representative(a, equal), _representative(b, equal)
    return _identity(first) == _identity(second)


def _identity(operand: Operand) -> object:
    return ("literal", operand.value) if isinstance(operand, Const) else operand
