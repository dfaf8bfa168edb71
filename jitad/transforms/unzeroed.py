"""Leave out zeros to whose places a nest of loops adds next: the nest stores its sums there.

The reverse sweep of ``b[1:-1, 1:-1] = f(a)`` adds to all that is read of ``a``, and sets what was written of ``b`` to
zero; the statement before, ``a[1:-1, 1:-1] = g(b)``, adds to ``b`` again. What is added first to an element that was
set to zero is stored there instead, and zeros are left for the elements that no sum reaches. Where a loop ends with
the zeros and begins with the sums, the zeros move to where the next iteration begins.

Concerned are nests over boxes of elements, at the loops' indices plus literals.
Postcondition: the same values, but that a sum of nothing but -0.0 keeps its sign.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.places import Layouts, bound_in
from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.distances import shifted
from jitad.program.queries import free_variables, walk
from jitad.program.rewrite import Copier, with_bodies
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Compute,
    Const,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
    array_type,
    counted_loop,
)
from jitad.program.types import BOOL, INT64
from jitad.transforms.strips import either, ends_or_all

_Bound = tuple[Operand | None, int]
_Access = Load | Store | Accumulate


def leave_zeros_out(program: Program, adjoints: Iterable[Var]) -> Program:
    """The same program without the zeros described above; ``adjoints`` are the shadows."""
    return replace(program, body=_Pass(program, set(adjoints)).block(program.body))


@dataclass(frozen=True, eq=False)
class _Box:
    """What a nest stores (zeros) or adds, once, at each element of a box.

    ``axes`` has the loop that runs along each axis, and what is added to its index there.
    """

    nest: Loop
    access: Store | Accumulate
    axes: Sequence[tuple[Loop, int]]

    def ends(self, axis: int, builder: Builder) -> tuple[Operand, Operand]:
        """The first place along an axis, and the one after the last."""
        loop, shift = self.axes[axis]
        assert loop.start is not None and loop.stop is not None
        return builder.plus(loop.start, const_int(shift)), builder.plus(loop.stop, const_int(shift))


class _Pass:
    def __init__(self, program: Program, adjoints: Collection[Var]) -> None:
        self._aliases = Aliases(program)
        self._layouts = Layouts(program)
        self._roots = {self._aliases.root(array) for array in adjoints}
        self._made_by = {s.out: s for s in walk(program.body) if isinstance(s, Compute)}

    def block(self, block: Block) -> Block:
        """A block without zeros that sums follow, inner blocks first."""
        builder = Builder()
        for statement in block:
            moved: list[Statement] = []
            if isinstance(statement, Loop):
                statement, moved = self._rotated(statement, builder.block.statements)
            builder.add(with_bodies(statement, self.block))
            builder.block.statements += moved
        return Block(self._without_zeros(builder.block.statements))

    def _rotated(self, loop: Loop, before: Sequence[Statement]) -> tuple[Loop, list[Statement]]:
        """A loop with the zeros at its end where it begins, and copies of them for after the loop."""
        if not loop.is_counted or loop.order_free or loop.parallel or loop.apart:
            return loop, []
        moved = [statement for statement in loop.body if self._may_move(statement, loop, before)]
        rest = [statement for statement in loop.body if statement not in moved]
        after = Builder()
        Copier(lambda var: var).block(Block(list(moved)), after)
        return replace(loop, body=Block([*moved, *rest])), after.block.statements

    def _may_move(self, statement: Statement, loop: Loop, before: Sequence[Statement]) -> bool:
        """True for zeros that end a loop's use of an array which begins with sums there, and is zero before."""
        zeros = self._zeros(statement)
        if zeros is None or len(list(_accesses(statement))) > 1:
            return False
        array = zeros.access.array
        users = [s for s in loop.body if self._aliases.touches(s, array)]
        sums = self._sums(users[0], array)
        if users[-1] is not statement or sums is None or self._margins(zeros, sums) is None:
            return False
        last = next((s for s in reversed(before) if self._aliases.touches(s, array)), None)
        is_zero = isinstance(last, Alloc) and last.out is array and last.fill == 0
        return is_zero and bound_in(loop).isdisjoint(free_variables(Block([statement]), ()))

    def _without_zeros(self, statements: Sequence[Statement]) -> list[Statement]:
        """Statements in order, with sums stored where zeros were."""
        done: list[Statement] = []
        for statement in statements:
            added = [s.array for s in walk(Block([statement])) if isinstance(s, Accumulate)]
            for root in dict.fromkeys(map(self._aliases.root, added)):
                statement = self._stored(statement, root, done)
            done.append(statement)
        return done

    def _stored(self, statement: Statement, root: Var, before: list[Statement]) -> Statement:
        """A statement that stores its sums where they are among zeros of a statement before, which loses these."""
        at = next((k for k in reversed(range(len(before))) if self._aliases.touches(before[k], root)), None)
        sums = self._sums(statement, root)
        zeros = None if at is None else self._zeros(before[at])
        if at is None or sums is None or zeros is None or zeros.access.array is not sums.access.array:
            return statement
        margins = self._margins(zeros, sums)
        if margins is None:
            return statement
        left = _with(before[at], zeros.access, None)
        before[at : at + 1] = [left] if list(_accesses(left)) else []
        builder = Builder()
        with builder.at(zeros.nest.origin):
            _add_margins(builder, zeros, sums, margins)
        before += builder.block
        return _with(statement, sums.access, Store(sums.access.array, sums.access.index, sums.access.value))

    def _margins(self, zeros: _Box, sums: _Box) -> list[tuple[int, int]] | None:
        """How far sums are within zeros, unless they are none, at both ends of each axis; None if they aren't."""
        found = []
        for one, other in zip(self._bounds(zeros), self._bounds(sums), strict=True):
            (low, high), (start, stop) = one, other
            before, after = start[1] - low[1], high[1] - stop[1]
            if start[0] is not low[0] or stop[0] is not high[0] or before < 0 or after < 0:
                return None
            found.append((before, after))
        return found

    def _bounds(self, box: _Box) -> list[tuple[_Bound, _Bound]]:
        """The ends of a box along each axis, as values and the literals that are added to them."""
        found = []
        for loop, shift in box.axes:
            assert loop.start is not None and loop.stop is not None
            (start, low), (stop, high) = (shifted(self._made_by.get, o) for o in (loop.start, loop.stop))
            found.append(((start, low + shift), (stop, high + shift)))
        return found

    def _zeros(self, statement: Statement) -> _Box | None:
        """The zeros that a nest stores, if it touches their array in no other way than to read what they overwrite."""
        if not isinstance(statement, Loop):
            return None
        inner = _innermost(statement)
        for at, access in enumerate(inner):
            if isinstance(access, Store) and is_const(access.value, 0) and self._is_shadow(access.array):
                others = [s for s in self._accesses_to(access.array, statement) if s is not access]
                if all(s in inner[:at] and isinstance(s, Load) and _is_same(s, access) for s in others):
                    return self._box(statement, access)
        return None

    def _sums(self, statement: Statement, array: Var) -> _Box | None:
        """The sums of a nest to a box of an array, if nothing else of the nest touches the box."""
        if not isinstance(statement, Loop):
            return None
        accesses = self._accesses_to(array, statement)
        for access in _innermost(statement):
            if isinstance(access, Accumulate) and access in accesses:
                box = self._box(statement, access)
                if box is not None and all(s is access or self._is_beside(s, box) for s in accesses):
                    return box
        return None

    def _is_beside(self, access: _Access, box: _Box) -> bool:
        """True when an access is to the array of a box but to no element of it."""
        if access.array is not box.access.array:
            return False
        for operand, (low, high) in zip(access.index, self._bounds(box), strict=True):
            base, shift = shifted(self._made_by.get, operand)
            if (base is low[0] and shift < low[1]) or (base is high[0] and shift >= high[1]):
                return True
        return False

    def _box(self, nest: Loop, access: Store | Accumulate) -> _Box | None:
        """What an access in the innermost block of a nest reaches, if that is a box, and each element once."""
        if access.array not in self._layouts or len(access.index) != array_type(access.array).ndim:
            return None
        loops: dict[Operand | None, Loop] = {loop.index: loop for loop in _loops(nest)}
        axes = []
        for operand in access.index:
            base, shift = shifted(self._made_by.get, operand)
            loop = loops.pop(base, None)
            if loop is None or not _is_plain(loop):
                return None
            axes.append((loop, shift))
        return None if loops else _Box(nest, access, axes)

    def _accesses_to(self, array: Var, nest: Loop) -> list[_Access]:
        root = self._aliases.root(array)
        return [s for s in _accesses(nest) if self._aliases.root(s.array) is root]

    def _is_shadow(self, array: Var) -> bool:
        return self._aliases.root(array) in self._roots


def _loops(nest: Loop) -> list[Loop]:
    """A loop, the only one in it, and so on."""
    found = [nest]
    while len(inner := [s for s in found[-1].body if isinstance(s, Loop)]) == 1:
        found += inner
    return found


def _innermost(nest: Loop) -> list[Statement]:
    return _loops(nest)[-1].body.statements


def _accesses(statement: Statement) -> Iterator[_Access]:
    return (s for s in walk(Block([statement])) if isinstance(s, _Access))


def _is_plain(loop: Loop) -> bool:
    return loop.is_counted and is_const(loop.step, 1) and not loop.descending and not loop.rows


def _is_same(a: _Access, b: _Access) -> bool:
    return a.array is b.array and _place(a) == _place(b)


def _place(access: _Access) -> tuple[object, ...]:
    return tuple(o.value if isinstance(o, Const) else o for o in access.index)


def _with(statement: Statement, old: Statement, new: Statement | None) -> Statement:
    """A statement with ``new`` (or nothing) in the place of ``old``, which is in loops of its."""
    if not isinstance(statement, Loop):
        return statement
    body: list[Statement] = []
    for inner in statement.body:
        if inner is not old:
            body.append(_with(inner, old, new))
        elif new is not None:
            body.append(new)
    return replace(statement, body=Block(body))


def _add_margins(builder: Builder, zeros: _Box, sums: _Box, margins: Sequence[tuple[int, int]]) -> None:
    """Append zeros for the elements of one box that aren't in the other, which is so far within."""
    if not any(map(any, margins)):
        return
    depth = {loop.index: at for at, loop in enumerate(_loops(zeros.nest))}
    order = sorted(range(len(margins)), key=lambda axis: depth[zeros.axes[axis][0].index])
    near: Operand = Const(False, BOOL)
    places: dict[int, Operand] = {}
    builders, opened = [builder], []
    for axis in order:
        outer = builders[-1]
        inner = outer.nested()
        turn = Var(zeros.axes[axis][0].index.name, INT64)
        (low, high), (before, after) = zeros.ends(axis, outer), margins[axis]
        if axis != order[-1]:
            start, stop = sums.ends(axis, outer)
            places[axis] = turn
            opened.append((turn, (low, high)))
            if before:
                near = either(inner, near, inner.compute(core.lt, turn, start))
            if after:
                near = either(inner, near, inner.compute(core.ge, turn, stop))
        else:
            past, visited = ends_or_all(outer, inner, near, turn, outer.minus(high, low), before, after)
            places[axis] = inner.plus(low, past)
            opened.append((turn, (const_int(0), visited)))
        builders.append(inner)
    array = zeros.access.array
    builders[-1].store(array, [places[axis] for axis in range(len(order))], Const(0.0, array_type(array).element))
    for axis, (turn, bounds), outer, inner in reversed(list(zip(order, opened, builders, builders[1:], strict=False))):
        loop = counted_loop(turn, (*bounds, const_int(1)), inner.block)
        outer.add(replace(loop, order_free=True, parallel=zeros.axes[axis][0].parallel))
