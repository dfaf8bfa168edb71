"""Carry in registers what neighbouring iterations add to the same elements of an array.

``for i: A[i] += v(i); A[i + 1] += w(i)`` reads every element back that the iteration before has just written, and
waits for it. Iteration ``i`` is the last that adds to ``A[i]``, so the loop may carry what is pending for
``A[i + 1]``, and add to each element once, when its sum is complete: ``for i: A[i] += pending + v(i); pending = w(i)``.
What is left after the last iteration is added after the loop.

Postcondition: the same sums, in another order of addition. Only arrays that the loop neither reads nor overwrites
are concerned, so nothing can see an element in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.places import bound_in
from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.statements import (
    Accumulate,
    Block,
    Branch,
    Compute,
    Const,
    Loop,
    Operand,
    Program,
    Var,
    array_type,
)
from jitad.transforms.loop_sums import add_if_it_ran, touched
from jitad.transforms.scope import zero

MOST_PENDING = 4
"""Registers that the sums into one row of an array may take."""

MOST_IN_LOOP = 8
"""Registers that all pending sums of a loop may take."""


def rotate_sums(program: Program) -> Program:
    """The same program with the sums described above carried by their loops."""
    return replace(program, body=_Rotator(Aliases(program)).block(program.body))


@dataclass(frozen=True, eq=False)
class _Rotation:
    """Sums into one row of an array: ``members`` with their offsets from the loop's index along ``axis``.

    ``direction`` is 1 when the index grows from iteration to iteration, -1 when it falls.
    """

    array: Var
    axis: int
    members: dict[Accumulate, int]
    direction: int

    @property
    def base(self) -> int:
        """The offset of the element that is complete after an iteration."""
        return min(self.members.values()) if self.direction > 0 else max(self.members.values())

    def distance(self, member: Accumulate) -> int:
        """How many iterations later the element that a member adds to is complete."""
        return self.direction * (self.members[member] - self.base)

    @property
    def width(self) -> int:
        """How many elements are pending after an iteration."""
        return max(map(self.distance, self.members))

    def complete(self) -> tuple[Operand, ...]:
        """The index of the element that is complete after an iteration."""
        return next(member.index for member in self.members if self.distance(member) == 0)

    def left(self, loop: Loop, distance: int, builder: Builder) -> tuple[Operand, ...]:
        """The index of an element that is pending after the loop."""
        assert loop.start is not None and loop.stop is not None
        past, shift = (loop.start, self.direction) if loop.descending else (loop.stop, 0)
        index = list(self.complete())
        index[self.axis] = _shifted(builder, past, shift + self.base + self.direction * distance)
        return tuple(index)


class _Rotator:
    def __init__(self, aliases: Aliases) -> None:
        self._aliases = aliases

    def block(self, block: Block, *, on_thread: bool = False) -> Block:
        """A block with its loops' sums carried, unless a loop may be shared among threads itself."""
        builder = Builder()
        for statement in block:
            if isinstance(statement, Loop):
                shared = statement.parallel and (statement.order_free or statement.apart) and not on_thread
                inner = replace(statement, body=self.block(statement.body, on_thread=on_thread or shared))
                if shared:
                    builder.add(inner)
                else:
                    self._loop(inner, builder)
            elif isinstance(statement, Branch):
                then, otherwise = (self.block(b, on_thread=on_thread) for b in (statement.then, statement.otherwise))
                builder.add(replace(statement, then=then, otherwise=otherwise))
            else:
                builder.add(statement)
        return builder.block

    def _loop(self, loop: Loop, builder: Builder) -> None:
        """Append a loop, with its pending sums carried."""
        rotations = self._rotations(loop)
        if not rotations:
            builder.add(loop)
            return
        pending = [
            [Var(f"{r.array.name}_pending", array_type(r.array).element) for _ in range(r.width)] for r in rotations
        ]
        sums: list[list[Operand | None]] = [[*params, None] for params in pending]
        member_of = {member: at for at, r in enumerate(rotations) for member in r.members}
        body = Builder()
        for statement in loop.body:
            if isinstance(statement, Accumulate) and statement in member_of:
                at = member_of[statement]
                distance = rotations[at].distance(statement)
                so_far = sums[at][distance]
                sums[at][distance] = statement.value if so_far is None else body.plus(so_far, statement.value)
            else:
                body.add(statement)
        yields: list[Operand] = []
        for r, (complete, *rest) in zip(rotations, sums, strict=True):
            assert complete is not None
            body.accumulate(r.array, r.complete(), complete)
            yields += [total for total in rest if total is not None]
        params = [param for row in pending for param in row]
        results = [Var(param.name, param.type) for param in params]
        builder.add(
            replace(
                loop,
                params=[*loop.params, *params],
                inits=[*loop.inits, *(zero(param) for param in params)],
                body=body.block,
                yields=[*loop.yields, *yields],
                results=[*loop.results, *results],
                order_free=False,
            )
        )
        left = [(r.array, r.left(loop, distance, builder)) for r in rotations for distance in range(r.width)]
        add_if_it_ran(loop, [(*place, total) for place, total in zip(left, results, strict=True)], builder)

    def _rotations(self, loop: Loop) -> list[_Rotation]:
        """The rows of arrays to whose elements several iterations of a loop add, as many as there are registers for."""
        if not loop.is_counted or loop.rows or not isinstance(loop.step, Const) or abs(loop.step.value) != 1:
            return []
        inside, blocked = bound_in(loop), touched(loop, self._aliases)
        made_by = {s.out: s for s in loop.body if isinstance(s, Compute)}
        rows: dict[tuple[Var, int, tuple[Operand, ...]], dict[Accumulate, int]] = {}
        for statement in loop.body:
            if not isinstance(statement, Accumulate) or not array_type(statement.array).is_float:
                continue
            axes = [axis for axis, operand in enumerate(statement.index) if operand in inside]
            if len(axes) != 1 or statement.array in inside or self._aliases.root(statement.array) in blocked:
                continue
            (axis,) = axes
            offset = _offset(statement.index[axis], loop, made_by)
            if offset is not None:
                row = (statement.array, axis, (*statement.index[:axis], *statement.index[axis + 1 :]))
                rows.setdefault(row, {})[statement] = offset
        direction = int(loop.step.value) * (-1 if loop.descending else 1)
        found: list[_Rotation] = []
        for (array, axis, _), members in rows.items():
            rotation = _Rotation(array, axis, members, direction)
            room = min(MOST_PENDING, MOST_IN_LOOP - sum(r.width for r in found))
            if 0 < rotation.width <= room:
                found.append(rotation)
        return found


def _offset(operand: Operand, loop: Loop, made_by: dict[Var, Compute]) -> int | None:
    """``c`` when an operand is the loop's index plus a literal ``c``."""
    offset = 0
    while operand is not loop.index:
        made = made_by.get(operand) if isinstance(operand, Var) else None
        if made is None or made.primitive not in (core.add, core.sub) or not isinstance(made.args[1], Const):
            return None
        offset += int(made.args[1].value) * (1 if made.primitive is core.add else -1)
        operand = made.args[0]
    return offset


def _shifted(builder: Builder, operand: Operand, by: int) -> Operand:
    return builder.plus(operand, const_int(by)) if by >= 0 else builder.minus(operand, const_int(-by))
