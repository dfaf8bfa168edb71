"""A loop that becomes a kernel, as the program of one of its threads.

Along each axis of the grid a thread has a number and a number of threads: it runs iterations ``number``,
``number + count``, … What it carries starts from zero if it is a sum, and from what the loop starts with if it is the
result of a search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jitad.cuda.grid.plan import Grid
from jitad.emission.parts import is_sum
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.queries import free_variables
from jitad.program.statements import Block, Const, Loop, Operand, Program, Var, View, ViewAxis, array_type
from jitad.program.types import INT64, Array, Scalar


@dataclass(frozen=True, eq=False)
class Axis:
    """What a thread knows of an axis of the grid: its first iteration there, and the distance to the next."""

    first: Var
    apart: Var


@dataclass(frozen=True, eq=False)
class ThreadProgram:
    """The program of a thread.

    ``program`` takes ``given`` (names of the program that the loop is in), then a copy for all threads of each of the
    loop's private arrays, then the ``axes`` (outermost loop first), and the thread's ``number`` where there are copies.
    Its results are the thread's parts of the loop's. ``position`` counts iterations of the outermost loop from its
    start, if its step is 1.
    """

    program: Program
    given: list[Var]
    copies: list[Var]
    axes: list[Axis]
    number: Var
    position: Operand


def thread_program(name: str, grid: Grid) -> ThreadProgram:
    """The program of a thread of a kernel with this name."""
    return _Maker(name, grid).made()


class _Maker:
    def __init__(self, name: str, grid: Grid) -> None:
        self._name = name
        self._grid = grid
        self._loop = grid.loops[0]
        self._axes = [Axis(Var("first", INT64), Var("apart", INT64)) for _ in grid.loops]
        self._number = Var("number", INT64)
        self._copies = [_of_all_threads(array) for array in grid.private]

    def made(self) -> ThreadProgram:
        """The whole program."""
        builder = Builder()
        for array, copies in zip(self._grid.private, self._copies, strict=True):
            builder.add(self._own_copy(builder, array, copies))
        body, position = self._body()
        loop = self._shared_out(builder, body)
        builder.add(loop)
        own = {*self._copies, self._number}
        own |= {var for axis in self._axes for var in (axis.first, axis.apart)}
        given = [var for var in free_variables(builder.block, []) if var not in own]
        params = [*given, *self._copies]
        params += [var for axis in self._axes for var in (axis.first, axis.apart)]
        if self._copies:
            params.append(self._number)
        program = Program(self._name, params, builder.block, list(loop.results), loop.origin)
        return ThreadProgram(program, given, self._copies, self._axes, self._number, position)

    def _own_copy(self, builder: Builder, array: Var, copies: Var) -> View:
        """The array as the thread's own part of what holds all copies."""
        count = array_type(array).ndim
        starts: tuple[Operand, ...] = (self._number, *[const_int(0)] * count)
        lengths = [builder.dim(copies, axis + 1) for axis in range(count)]
        axes = tuple(ViewAxis(length, at + 1, const_int(1)) for at, length in enumerate(lengths))
        return View(array, copies, starts, axes)

    def _body(self) -> tuple[Block, Operand]:
        """The outermost loop's body, and the position of the iteration."""
        builder = Builder()
        start = self._loop.start
        assert start is not None
        position: Operand = self._loop.index
        if not is_const(self._loop.step, 1):
            position = const_int(0)
        elif not is_const(start, 0):
            position = builder.minus(self._loop.index, start)
        return Block([*builder.block.statements, *self._loop.body.statements]), position

    def _shared_out(self, builder: Builder, body: Block) -> Loop:
        """The nest with each thread's iterations of each of its loops."""
        bounds = [self._bounds(builder, *pair) for pair in zip(self._grid.loops, self._axes, strict=True)]
        made = self._loop
        for level in reversed(range(len(self._grid.loops))):
            loop = self._grid.loops[level]
            inner = body if level == 0 else loop.body
            if level < len(self._grid.loops) - 1:
                inner = Block([*inner.statements[:-1], made])
            start, step = bounds[level]
            inits = self._starts(loop) if level == 0 else loop.inits
            made = replace(loop, start=start, step=step, inits=inits, body=inner, descending=False, threads=None)
        return made

    def _bounds(self, builder: Builder, loop: Loop, axis: Axis) -> tuple[Operand, Operand]:
        """The first iteration of a thread, and the distance to the next."""
        assert loop.start is not None and loop.step is not None
        if is_const(loop.step, 1):
            first: Operand = axis.first
            step: Operand = axis.apart
        else:
            first, step = builder.times(axis.first, loop.step), builder.times(axis.apart, loop.step)
        if not is_const(loop.start, 0):
            first = builder.plus(loop.start, first)
        return first, step

    def _starts(self, loop: Loop) -> list[Operand]:
        """What a thread's part starts from."""
        return [_zero(param) if is_sum(loop, at) else loop.inits[at] for at, param in enumerate(loop.params)]


def _of_all_threads(array: Var) -> Var:
    type_ = array_type(array)
    return Var(f"{array.name}_copies", Array(type_.dtype, type_.ndim + 1, "C"))


def _zero(param: Var) -> Const:
    assert isinstance(param.type, Scalar)
    return Const(0.0 if param.type.is_float else 0, param.type)
