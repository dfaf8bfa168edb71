"""Elements of arrays of derivatives as values: where every place that is written is known while the program is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jitad.program.builder import Builder
from jitad.program.statements import Const, Operand, Var, ViewAxis
from jitad.program.types import Array
from jitad.transforms.elimination import Node

Index = tuple[Operand, ...]


class NotAccumulable(Exception):
    """Derivatives flow through more than single operations, branches, and loops with few turns."""


@dataclass(frozen=True)
class Source:
    """An element of a direction, or a direction that is a number."""

    direction: Var
    index: Index = ()

    @property
    def is_fixed(self) -> bool:
        """True when it is the same element in every run."""
        return all(isinstance(at, Const) for at in self.index)


def are_units(nodes: Collection[Node]) -> bool:
    """True for elements of directions of which no two can be the same."""
    sources = [node for node in nodes if isinstance(node, Source)]
    alike = Counter(source.direction for source in sources)
    is_apart = all(source.is_fixed or alike[source.direction] == 1 for source in sources)
    return is_apart and len(sources) == len(nodes)


class Elements:
    """What the elements of directions, and of the program's own arrays, hold.

    Indices are operands of the program that is made. Its methods raise ``NotAccumulable`` for other arrays, and
    for own arrays where the index isn't known.
    """

    def __init__(self, directions: Sequence[Var]) -> None:
        self._directions = frozenset(d for d in directions if isinstance(d.type, Array))
        self._own: dict[Var, dict[Index, Node | None]] = {}
        self._views: dict[Var, tuple[Var, Index, tuple[ViewAxis, ...]]] = {}

    def allocate(self, array: Var) -> None:
        """Bind an array of zeros."""
        self._own[array] = {}

    def view(self, out: Var, base: Var, starts: Index, axes: tuple[ViewAxis, ...]) -> None:
        """Bind a view, with operands as in ``View``."""
        self._views[out] = base, starts, axes

    def of(self, array: Var) -> dict[Index, Node | None]:
        """The elements of an own array that have been written."""
        if array not in self._own:
            raise NotAccumulable
        return self._own[array]

    def read(self, array: Var, index: Index, builder: Builder) -> Node | None:
        """An element; None for a zero."""
        root, place = self._resolved(array, index, builder)
        if root in self._directions:
            return Source(root, place)
        return self.of(root).get(_known(place))

    def write(self, array: Var, index: Index, node: Node | None, builder: Builder) -> None:
        """Overwrite an element of an own array."""
        root, place = self._resolved(array, index, builder)
        self.of(root)[_known(place)] = node

    def _resolved(self, array: Var, index: Index, builder: Builder) -> tuple[Var, Index]:
        """The array that a view is of, and the index there."""
        while array in self._views:
            base, place, axes = self._views[array]
            found = list(place)
            for at, axis in zip(index, axes, strict=True):
                if axis.base_axis is not None:
                    step = builder.times(axis.step, at)
                    found[axis.base_axis] = builder.plus(found[axis.base_axis], step)
            array, index = base, tuple(found)
        return array, index


def _known(index: Index) -> Index:
    if not all(isinstance(at, Const) for at in index):
        raise NotAccumulable
    return index
