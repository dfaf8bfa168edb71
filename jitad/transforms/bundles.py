"""Numbers side by side: what a Jacobian is of and by, with all numbers of one dtype taken together as an array.

A Jacobian of ten numbers by ten numbers is one array of ten by ten on the tape, not a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jitad.program.builder import Builder, const_int
from jitad.program.statements import Operand, Var, View, ViewAxis
from jitad.program.types import Array, Scalar, Type


@dataclass(frozen=True)
class Bundle:
    """One array among some parameters or results, or all numbers of one dtype; ``members`` are their positions."""

    dtype: str
    members: tuple[int, ...]
    is_array: bool


def bundled(types: Sequence[Type]) -> list[Bundle]:
    """The arrays in order, and the numbers of each dtype where the first of them is."""
    found: list[Bundle] = []
    for at, type_ in enumerate(types):
        if isinstance(type_, Array):
            found.append(Bundle(type_.dtype, (at,), is_array=True))
        elif not any(at in bundle.members for bundle in found):
            alike = [other for other, t in enumerate(types) if isinstance(t, Scalar) and t.dtype == type_.dtype]
            found.append(Bundle(type_.dtype, tuple(alike), is_array=False))
    return found


@dataclass(frozen=True)
class Side:
    """A bundle and its shape in a program; that of numbers is their count."""

    bundle: Bundle
    shape: Sequence[Operand]


def sides(types: Sequence[Type], shapes: Sequence[Sequence[Operand]]) -> list[Side]:
    """The bundles of parameters or results of these types and shapes."""
    return [
        Side(bundle, shapes[bundle.members[0]] if bundle.is_array else [const_int(len(bundle.members))])
        for bundle in bundled(types)
    ]


@dataclass(frozen=True)
class Part:
    """A part of a Jacobian: of result ``row`` by parameter ``column``, at ``index`` in a block of bundles."""

    row: int
    column: int
    index: tuple[int, ...]


def parts(of: Bundle, by: Bundle) -> Iterator[Part]:
    """The parts of the block of one bundle by another.

    The block has an axis for the numbers of a bundle and the axes of an array; where only ``by`` is of numbers, their
    axis comes first, so that every part is contiguous.
    """
    for i, row in enumerate(of.members):
        for j, column in enumerate(by.members):
            yield Part(row, column, (*([] if of.is_array else [i]), *([] if by.is_array else [j])))


def block_index(of: Bundle, by: Bundle, row: Sequence[Operand], column: Sequence[Operand]) -> list[Operand]:
    """An index (or a shape) of a block, from those of the two bundles."""
    return [*column, *row] if of.is_array and not by.is_array else [*row, *column]


def part_of(builder: Builder, block: Var, part: Part, shape: Sequence[Operand]) -> Operand:
    """A part of a block by itself: a number, or a C-contiguous array of this shape."""
    index = [const_int(at) for at in part.index]
    if not index:
        return block
    if not shape and len(index) == 2:
        return builder.load(block, index)
    assert isinstance(block.type, Array)
    starts = [*index, *(const_int(0) for _ in shape)]
    axes = [ViewAxis(length, len(index) + axis, const_int(1)) for axis, length in enumerate(shape)]
    out = Var("part", Array(block.type.dtype, len(shape), "C"))
    builder.add(View(out, block, tuple(starts), tuple(axes)))
    return out


def taken_apart(builder: Builder, blocks: Sequence[tuple[Var, Side, Side]]) -> list[Operand]:
    """The parts of blocks of these sides, by row and then by column."""
    found = {}
    for block, of, by in blocks:
        shape = [*(of.shape if of.bundle.is_array else ()), *(by.shape if by.bundle.is_array else ())]
        for part in parts(of.bundle, by.bundle):
            found[part.row, part.column] = part_of(builder, block, part, shape)
    return [found[place] for place in sorted(found)]
