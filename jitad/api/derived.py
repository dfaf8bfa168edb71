"""What a derivative function computes for arguments of some types, before it is emitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitad.reading.results import ArrayResult, ComplexResult, DictResult, ResultTree, ScalarResult, SequenceResult

if TYPE_CHECKING:
    from jitad.api.differentiate import Reading
    from jitad.program.statements import Program


@dataclass(frozen=True, eq=False)
class Derived:
    """A program that computes a derivative of a kernel, and the structure of what the caller gets.

    ``program`` takes the parameters of the primal, then an array of zeros for each array in ``wrt`` (positions of
    primal parameters), in which it leaves that gradient; the last results of ``program`` are the gradients by the
    numbers in ``wrt``. Leaves of ``output`` count the other results, and then the gradients in the order of ``wrt``.
    """

    reading: Reading
    program: Program
    wrt: Sequence[int]
    output: ResultTree


def shifted(tree: ResultTree, first: int) -> ResultTree:
    """The tree whose leaves count from ``first`` on."""
    match tree:
        case ScalarResult(index):
            return ScalarResult(first + index)
        case ArrayResult(index):
            return ArrayResult(first + index)
        case ComplexResult(kind, items):
            return ComplexResult(kind, tuple(shifted(item, first) for item in items))
        case SequenceResult(kind, items):
            return SequenceResult(kind, tuple(shifted(item, first) for item in items))
        case DictResult(pairs):
            return DictResult(tuple((name, shifted(item, first)) for name, item in pairs))
    return tree


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of a kernel: as in ``Derived``, with the structures of the value and of the gradient.

    Leaves of ``value`` count in the program's results, leaves of ``gradient`` in the gradients in the order of ``wrt``.
    """

    reading: Reading
    program: Program
    wrt: Sequence[int]
    value: ResultTree
    gradient: ResultTree

    def derived(self, *, with_value: bool, has_aux: bool) -> Derived:
        """The gradient, after the value or before the aux, where these are asked for."""
        gradient = shifted(self.gradient, len(self.reading.program.results))
        if with_value:
            gradient = SequenceResult(tuple, (self.value, gradient))
        elif has_aux:
            assert isinstance(self.value, SequenceResult)
            gradient = SequenceResult(tuple, (gradient, self.value.items[1]))
        return Derived(self.reading, self.program, self.wrt, gradient)
