"""Reading ``z[...]`` of complex arrays."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.program.builder import Builder
from jitad.program.statements import Operand
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.indexing import Gather, keeps_array, places_in, select
from jitad.reading.arrays.maps import anywhere, load_element, shifted
from jitad.reading.complexes.parts import in_memory
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, ComplexArrayLike, ComplexArrayValue, ComplexLazy, ComplexValue, Value


def getitem(ctx: Context, value: ComplexArrayLike, index: Value) -> Value:
    """``value[index]``: a number for a full integer index, else a view or a gather."""
    for length in value.shape:
        note_at_least(ctx, length)
    if isinstance(value, ComplexLazy):
        at = places_in(ctx, value.shape, index)
        if at is not None:
            return ComplexValue(*value.element(ctx.builder, at))
    array = in_memory(ctx, value)
    selected = select(ctx, array.re, index)
    if isinstance(selected, Gather):
        return gathered(ctx, array, selected)
    found = array.moved(selected)
    return found if found.ndim or keeps_array(index) else number_at(ctx.builder, found)


def number_at(builder: Builder, array: ComplexArrayValue, index: Sequence[Operand] = ()) -> ComplexValue:
    """The number at an index."""
    return ComplexValue(load_element(builder, array.re, index), load_element(builder, array.im, index))


def gathered(ctx: Context, array: ComplexArrayValue, gather: Gather) -> ComplexLazy:
    """The numbers at the places of a gather from the real parts of an array."""
    source = array.moved(gather.source)

    def element(builder: Builder, index: Sequence[Operand]) -> tuple[Operand, Operand]:
        at = gather.position(ctx, builder, index)
        return load_element(builder, source.re, at), load_element(builder, source.im, at)

    read = [source.pair, *(read for indices in gather.indices for read in indices.reads)]
    return ComplexLazy(array.dtype, gather.shape, element, anywhere(read), 1)


def element(ctx: Context, array: ComplexArrayValue, i: Operand) -> Value:
    """``array[i]`` for an ``i`` inside the first axis (as iteration gives it): a number or a view."""
    first, *rest = array.re.axes
    starts = list(array.re.starts)
    if first.base_axis is not None:
        starts[first.base_axis] = shifted(ctx.builder, starts[first.base_axis], i, first.step)
    found = array.moved(ArrayValue(array.pair.base, tuple(starts), tuple(rest)))
    return found if rest else number_at(ctx.builder, found)
