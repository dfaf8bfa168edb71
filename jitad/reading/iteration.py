"""What a ``for`` loop runs over: ranges, arrays, ``enumerate`` and ``zip``, and sequences of known length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitad.errors import KernelTypeError
from jitad.primitives import core
from jitad.program.builder import const_int
from jitad.program.statements import Const, Operand
from jitad.program.types import INT64
from jitad.reading import arrays, complexes, lists
from jitad.reading.arrays.facts import note_at_least, smaller
from jitad.reading.arrays.maps import shifted
from jitad.reading.merging import describe
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    DictValue,
    GeneratorValue,
    GridValue,
    ItemType,
    LazyValue,
    ListValue,
    PlacesValue,
    RangeValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
    ZippedValue,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


@dataclass(frozen=True)
class Iteration:
    """A counted loop: ``item`` gives the loop's target for a value of the counter; ``parallel`` is for ``prange``."""

    start: Operand
    stop: Operand
    step: Operand
    item: Callable[[Reader, Operand], Value]
    parallel: bool = False

    def trips(self, reader: Reader) -> Operand:
        """How many iterations there are (not above zero when there are none)."""
        return range_length(reader, RangeValue(self.start, self.stop, self.step))

    def at(self, reader: Reader, number: Operand) -> Operand:
        """The counter's value in iteration ``number``."""
        builder = reader.builder
        shift = number if _is(self.step, 1) else builder.times(number, self.step)
        value = shift if _is(self.start, 0) else builder.plus(self.start, shift)
        if isinstance(self.start, Const) and self.start.value >= 0 and _is(self.step, 1):
            note_at_least(reader, value, int(self.start.value))
        return value


def _is(operand: Operand, value: int) -> bool:
    return isinstance(operand, Const) and operand.value == value


def range_length(reader: Reader, value: RangeValue) -> Operand:
    """``len`` of a range, or a number below zero when it is empty."""
    builder = reader.builder
    extent = builder.minus(value.stop, value.start)
    if _is(value.step, 1):
        return extent
    if isinstance(value.step, Const):
        towards = 1 if value.step.value > 0 else -1
    else:
        sign = builder.compute(core.gt, value.step, const_int(0))
        rounded = builder.minus(value.step, builder.select(sign, const_int(1), const_int(-1)))
        return builder.compute(core.floordiv, builder.plus(extent, rounded), value.step)
    rounded = const_int(int(value.step.value) - towards)
    return builder.compute(core.floordiv, builder.plus(extent, rounded), value.step)


def known_items(reader: Reader, value: Value) -> list[Value] | None:
    """The items of something of known length that is unrolled; None for what becomes a loop."""
    match value:
        case SequenceValue(items):
            return list(items)
        case DictValue(entries):
            return [reader.captures.lift(reader, key, None, repr(key)) for key in entries]
        case GridValue(shape) if all(isinstance(length, Const) for length in shape):
            return _grid_items(reader, value)
        case ZippedValue(parts):
            listed = [known_items(reader, part) for part in parts]
            if all(items is None for items in listed):
                return None
            return _zipped_items(reader, parts, listed)
    return None


MOST_LISTED = 64
"""A grid of so many places and of known shape is unrolled."""


def _grid_items(reader: Reader, grid: GridValue) -> list[Value] | None:
    steps = _grid(reader, grid)
    count = int(steps.stop.value) if isinstance(steps.stop, Const) else MOST_LISTED + 1
    return [steps.item(reader, const_int(i)) for i in range(count)] if count <= MOST_LISTED else None


def _zipped_items(reader: Reader, parts: tuple[Value, ...], listed: list[list[Value] | None]) -> list[Value] | None:
    """Items of a zip of which some parts have a known length: counters fit in, arrays and the like don't."""
    length = min(len(items) for items in listed if items is not None)
    columns: list[list[Value]] = []
    for part, items in zip(parts, listed, strict=True):
        if items is not None:
            columns.append(items[:length])
        elif isinstance(part, RangeValue) and _is(part.step, 1) and isinstance(part.start, Const):
            first = int(part.start.value)
            known = isinstance(part.stop, Const)
            if not known:
                _refuse_mixture(reader)
            count = min(length, max(int(part.stop.value) - first, 0))  # type: ignore[union-attr]
            columns.append([ScalarValue(const_int(first + i)) for i in range(count)])
        elif isinstance(part, ArrayValue | ComplexArrayValue) and isinstance(part.shape[0], Const):
            count = min(length, int(part.shape[0].value))
            columns.append([row_of(reader, part, const_int(i)) for i in range(count)])
        else:
            _refuse_mixture(reader)
    return [SequenceValue(row) for row in zip(*columns, strict=False)]


def row_of(reader: Reader, array: ArrayValue | ComplexArrayValue, i: Operand) -> Value:
    """``array[i]`` for an ``i`` inside the first axis, real or complex."""
    if isinstance(array, ComplexArrayValue):
        return complexes.element(reader, array, i)
    return arrays.element(reader, array, i)


def _refuse_mixture(reader: Reader) -> None:
    reader.refuse(
        KernelTypeError,
        "zip of a tuple or list with something whose length is known only at run time",
        "loop over the tuple with enumerate, and index the other",
    )


def iteration(reader: Reader, value: Value) -> Iteration:
    """The loop over a range, an array, or a zip of them. Refuses what can't be iterated over."""
    match value:
        case RangeValue(start, stop, step, parallel):
            _refuse_zero_step(reader, step)
            return Iteration(start, stop, step, _number, parallel)
        case ArrayValue() | ComplexArrayValue() if value.ndim:

            def row(reader: Reader, i: Operand) -> Value:
                return row_of(reader, value, i)

            return Iteration(const_int(0), value.shape[0], const_int(1), row)
        case LazyValue() | ComplexLazy() if value.ndim:
            return iteration(reader, reader.settle(value))
        case ListValue(type=ItemType(kind=None)):
            return iteration(reader, lists.elements(value)[0])
        case ListValue(count=count):

            def item(reader: Reader, i: Operand) -> Value:
                return lists.item_at(reader, value, ScalarValue(i))

            return Iteration(const_int(0), count, const_int(1), item)
        case ZippedValue(parts):
            return _zipped(reader, [iteration(reader, part) for part in parts])
        case GridValue():
            return _grid(reader, value)
        case PlacesValue(vector):

            def place(reader: Reader, i: Operand) -> Value:
                (axis,), (start,) = vector.axes, vector.starts
                return ArrayValue(vector.base, (shifted(reader.builder, start, i, axis.step),), ())

            return Iteration(const_int(0), vector.shape[0], const_int(1), place)
    reader.refuse(
        KernelTypeError,
        f"A kernel can't loop over {describe(value)}.",
        "make a list of it: [... for ...]"
        if isinstance(value, GeneratorValue)
        else "loop over range(...), an array, a tuple or list, enumerate(...) or zip(...)",
    )


ENDLESS = 2**62
"""The end of the counter in ``enumerate``."""


def _zipped(reader: Reader, parts: list[Iteration]) -> Iteration:
    length: Operand | None = None
    for part in parts:
        if _is(part.stop, ENDLESS):
            continue
        trips = part.trips(reader)
        length = trips if length is None else smaller(reader.builder, length, trips)

    def items(reader: Reader, i: Operand) -> Value:
        return SequenceValue(tuple(part.item(reader, part.at(reader, i)) for part in parts))

    return Iteration(const_int(0), length if length is not None else const_int(0), const_int(1), items)


def _grid(reader: Reader, grid: GridValue) -> Iteration:
    """The loop over all indices of a shape, the last axis fastest."""
    size: Operand = const_int(1)
    for length in grid.shape:
        size = reader.builder.times(size, length)

    def item(reader: Reader, i: Operand) -> Value:
        builder, index = reader.builder, []
        for length in grid.shape[:0:-1]:
            index.append(note_at_least(reader, builder.compute(core.mod, i, length)))
            i = note_at_least(reader, builder.compute(core.floordiv, i, length))
        place = SequenceValue(tuple(map(ScalarValue, [i, *index[::-1]] if grid.shape else [])))
        if grid.array is None:
            return place
        if isinstance(grid.array, ComplexArrayValue):
            return SequenceValue((place, complexes.getitem(reader, grid.array, place)))
        return SequenceValue((place, arrays.getitem(reader, grid.array, place)))

    return Iteration(const_int(0), size, const_int(1), item)


def _number(reader: Reader, i: Operand) -> Value:
    return ScalarValue(i)


def _refuse_zero_step(reader: Reader, step: Operand) -> None:
    from jitad.errors import KernelValueError

    zero = reader.builder.equal(step, const_int(0))
    reader.fail_if(zero, KernelValueError, "range() with a step of zero", "give a step that isn't zero")


def make_range(reader: Reader, args: list[Value]) -> RangeValue:
    """``range`` of one, two or three integers."""
    if not 1 <= len(args) <= 3:
        reader.no_call("range takes one to three integers", "write range(stop) or range(start, stop, step)")
    for arg in args:
        if isinstance(arg, StaticValue):
            reader.no_call(f"range of {describe(arg)}", "pass integers")
    numbers = [reader.integer(arg, "an argument of range") for arg in args]
    assert all(number.type == INT64 for number in numbers)
    if len(numbers) == 1:
        return RangeValue(const_int(0), numbers[0], const_int(1))
    return RangeValue(numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else const_int(1))
