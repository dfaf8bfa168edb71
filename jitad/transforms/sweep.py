"""A derivative program as the body of a loop: one run of it for each group of unit vectors.

A sweep is a tangent or an adjoint program whose linear inputs (directions or seeds) have ``width`` lanes. A run sets
its linear inputs to unit vectors and its gradient arrays to zero, and gives its memory back at the end, so that the
tape doesn't grow with the number of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.queries import walk
from jitad.program.statements import (
    Alloc,
    Block,
    Const,
    Load,
    Operand,
    Program,
    Release,
    Statement,
    Var,
    View,
    ViewAxis,
    array_type,
    counted_loop,
)
from jitad.program.types import INT64, Array, Scalar
from jitad.transforms.bundles import Side
from jitad.transforms.deadarrays import remove_dead_arrays
from jitad.transforms.expand import expand
from jitad.transforms.give_back import give_back
from jitad.transforms.share import is_long
from jitad.transforms.units import Unit, only_read, with_units

Shape = Sequence[Operand]
"""The lengths of the axes of an array; empty for a number."""


@dataclass(frozen=True)
class Sweep:
    """A derivative program, made for a loop.

    ``sources`` are the parameters that a run sets to unit vectors, ``cleared`` the array parameters that it sets to
    zero, ``outputs`` (parameters or results) what it computes. With a ``width`` above 1, arrays among these have a
    trailing axis of that length, and a source that was a number is an array of ``width`` numbers; ``computed`` are then
    the sources that need no memory (see ``units``).
    """

    program: Program
    sources: list[Var]
    cleared: list[Var]
    outputs: list[Operand]
    width: int
    computed: frozenset[Var] = frozenset()

    def is_computed(self, side: Side) -> bool:
        """True when the unit vectors of a bundle need no memory."""
        return all(self.sources[member] in self.computed for member in side.bundle.members)

    @property
    def lanes(self) -> list[Operand]:
        """The lengths of the axes that lanes add to an array."""
        return [const_int(self.width)] if self.width > 1 else []


def make_sweep(program: Program, count: int, source_count: int, wrt: Sequence[int] | None, width: int) -> Sweep:
    """The sweep of a derivative program with ``count`` parameters of the primal, then ``source_count`` sources.

    Its outputs are its results, or, with ``wrt``, the gradients by the parameters at these positions: the remaining
    parameters for arrays, and results for numbers. Calls of programs are written out, unless that makes it long.
    Raises ``NotLaneable`` for a ``width`` above 1 when lanes would decide control flow or indices, or when calls stay.
    """
    kinds = [] if wrt is None else [isinstance(program.params[at].type, Array) for at in wrt]
    program = remove_dead_arrays(program)
    program = give_back(program) if wrt is None else program
    stays = is_long(program)
    program = program if stays else expand(program)
    if width > 1:
        from jitad.transforms.lanes import NotLaneable, lanes

        if stays:
            raise NotLaneable("its calls are functions of their own")
        program = lanes(program, range(count, len(program.params)), width)
    program = replace(program, body=Block([_on_the_stack(statement) for statement in program.body]))
    cleared = program.params[count + source_count :]
    outputs: list[Operand] = list(program.results)
    if wrt is not None:
        arrays, numbers = iter(cleared), iter(program.results)
        outputs = [next(arrays) if is_array else next(numbers) for is_array in kinds]
    sources = program.params[count : count + source_count]
    computed = only_read(program, sources) if width > 1 else ()
    return Sweep(program, sources, cleared, outputs, width, frozenset(computed))


def _on_the_stack(statement: Statement) -> Statement:
    """Allocations for results, which nothing gives back before a program ends, among the others."""
    return replace(statement, at_end=False) if isinstance(statement, Alloc) else statement


class Run:
    """One run of a sweep, written to ``builder``, and how to reach the results of its lanes.

    The elements of the sources are numbered through, and the lanes are the unit vectors of those from ``first`` on.
    ``memory`` are the sources' arrays, as ``allocate`` made them.
    """

    def __init__(
        self, sweep: Sweep, builder: Builder, memory: Sequence[Var | None], sources: Sequence[Side], first: Operand
    ) -> None:
        self._sweep = sweep
        self._builder = builder
        self._memory = memory
        self._sources = sources
        self._first = first
        self._spans: list[tuple[Operand, Operand, Operand]] = []
        start: Operand = const_int(0)
        end = builder.plus(first, const_int(sweep.width))
        for source in sources:
            stop = builder.plus(start, extent(builder, source.shape))
            low = first if is_const(start, 0) else builder.select(builder.compute(core.lt, start, first), first, start)
            high = builder.select(builder.compute(core.lt, stop, end), stop, end)
            self._spans.append((start, low, high))
            start = stop

    def begin(self, cleared: Sequence[Shape]) -> None:
        """Append the run; ``cleared`` are the shapes of its gradient arrays, without lanes."""
        sweep, builder = self._sweep, self._builder
        arrays = [s.out for s in walk(sweep.program.body) if isinstance(s, Alloc)]
        dtypes = sorted({array_type(array).dtype for array in (*arrays, *sweep.cleared)})
        self._marks = {dtype: Var(f"{dtype}_at", INT64) for dtype in dtypes}
        for dtype, mark in self._marks.items():
            builder.add(Alloc(Var("mark", Array(dtype, 1, "C")), mark, (const_int(0),), None))
        for array, shape in zip(sweep.cleared, cleared, strict=True):
            zeros(builder, array, shape, sweep.lanes)
        self._write_units(1.0)
        for source, memory in zip(self._sources, self._memory, strict=True):
            for place, member in enumerate(source.bundle.members):
                if isinstance(sweep.sources[member].type, Scalar):
                    assert memory is not None
                    builder.add(Load(sweep.sources[member], memory, (const_int(place),)))
        with_units(sweep.program.body, self._units(), sweep.width, builder)

    def _units(self) -> dict[Var, Unit]:
        """The sources that need no memory."""
        found = {}
        for source, (start, _, _), memory in zip(self._sources, self._spans, self._memory, strict=True):
            shift = self._builder.minus(start, self._first)
            for place, member in enumerate(source.bundle.members if memory is None else ()):
                shape = source.shape if source.bundle.is_array else []
                own = self._builder.plus(shift, const_int(0 if source.bundle.is_array else place))
                found[self._sweep.sources[member]] = Unit(shape, own)
        return found

    def finish(self, *, again: bool) -> None:
        """Append what puts the tape back as it was, and, to run ``again``, the sources' arrays."""
        if again:
            self._write_units(0.0)
        for dtype, mark in self._marks.items():
            self._builder.add(Release(dtype, mark))

    def each(self, source: int, builder: Builder, body: Callable[[Builder, Operand, list[Operand]], None]) -> None:
        """A loop over the run's unit vectors of one source.

        ``body(builder, element, lane)`` fills it: the element's number in its source, and the lane's index, which is
        empty in a sweep of width 1.
        """
        start, low, high = self._spans[source]
        number, inner = Var("number", INT64), builder.nested()
        lane = [inner.minus(number, self._first)] if self._sweep.width > 1 else []
        body(inner, inner.minus(number, start), lane)
        loop = counted_loop(number, (low, high, const_int(1)), inner.block)
        builder.add(replace(loop, order_free=True))

    def _write_units(self, value: float) -> None:
        for at, (array, source) in enumerate(zip(self._memory, self._sources, strict=True)):
            if array is not None:
                self.each(at, self._builder, partial(_store_unit, array, source.shape, value))


def _store_unit(array: Var, shape: Shape, value: float, builder: Builder, number: Operand, lane: list[Operand]) -> None:
    index = [*_unravelled(builder, number, shape), *lane]
    builder.store(array, index, Const(value, array_type(array).element))


def allocate(sweep: Sweep, builder: Builder, sources: Sequence[Side]) -> list[Var | None]:
    """An array for each bundle of sources, filled with zeros, before the loop; numbers with lanes are its rows.

    None for bundles that need no memory.
    """
    memory: list[Var | None] = []
    for side in sources:
        if sweep.is_computed(side):
            memory.append(None)
            continue
        first = sweep.sources[side.bundle.members[0]]
        array = first if side.bundle.is_array else Var(first.name, Array(side.bundle.dtype, 1 + len(sweep.lanes), "C"))
        zeros(builder, array, side.shape, sweep.lanes)
        memory.append(array)
        if not side.bundle.is_array and sweep.lanes:
            for place, member in enumerate(side.bundle.members):
                row = (const_int(place), const_int(0))
                axes = (ViewAxis(sweep.lanes[0], 1, const_int(1)),)
                builder.add(View(sweep.sources[member], array, row, axes))
                builder.know_shape(sweep.sources[member], sweep.lanes)
    return memory


def zeros(builder: Builder, array: Var, shape: Shape, lanes: Shape) -> None:
    """Bind ``array`` to memory of its own, filled with zeros, in the layout of its type (see ``laned_type``)."""
    type_ = array_type(array)
    offset = Var(f"{array.name}_at", INT64)
    if type_.layout == "C":
        builder.add(Alloc(array, offset, (*shape, *lanes), 0))
    else:
        memory = Var(array.name, Array(type_.dtype, type_.ndim, "C"))
        builder.add(Alloc(memory, offset, (*shape[::-1], *lanes), 0))
        order = [*range(len(shape) - 1, -1, -1), *range(len(shape), type_.ndim)]
        lengths = zip((*shape, *lanes), order, strict=True)
        axes = [ViewAxis(length, base_axis, const_int(1)) for length, base_axis in lengths]
        builder.add(View(array, memory, (const_int(0),) * type_.ndim, tuple(axes)))
    builder.know_shape(array, (*shape, *lanes))


def extent(builder: Builder, shape: Shape) -> Operand:
    """The number of elements of an array of this shape."""
    product: Operand = const_int(1)
    for length in shape:
        product = length if is_const(product, 1) else builder.times(product, length)
    return product


def _unravelled(builder: Builder, number: Operand, shape: Shape) -> list[Operand]:
    """The index of an element, from its number in the order of C."""
    index: list[Operand] = []
    for length in shape[:0:-1]:
        index.insert(0, builder.compute(core.mod, number, length))
        number = builder.compute(core.floordiv, number, length)
    return [number, *index] if shape else []
