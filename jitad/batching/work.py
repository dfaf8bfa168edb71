"""What a batch computes for each sample, apart from where it runs: the boundary to the runners of CPU and GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from jitad.api.running import conflicts
from jitad.batching.axes import Leaf
from jitad.program.types import Array

if TYPE_CHECKING:
    from jitad.api.differentiate import Reading
    from jitad.program.statements import Program


@dataclass(frozen=True)
class Result:
    """A result of a program that isn't a gradient: of so many axes, or (None) a number."""

    dtype: str
    ndim: int | None


@dataclass(frozen=True)
class Gradient:
    """A gradient: by the leaf at a place, an array or a number, a sum over the samples or not."""

    leaf: int
    dtype: str
    is_array: bool
    is_summed: bool


@dataclass(frozen=True, eq=False)
class Work:
    """A program that is run for each sample.

    ``program`` takes ``leaf_count`` numbers and arrays, then an array of zeros for each array in ``wrt`` (positions of
    leaves), in which it leaves that gradient; its last results are the gradients by the numbers in ``wrt``. ``batched``
    says for each leaf whether it has a value for each sample. The gradients by the others are added up over the
    samples, or are given for ``each`` sample.
    """

    reading: Reading
    program: Program
    wrt: tuple[int, ...]
    batched: tuple[bool, ...]
    each: bool

    @property
    def leaf_count(self) -> int:
        """How many numbers and arrays a sample has; those after the batch's arguments are shared."""
        return len(self.batched)

    @cached_property
    def summed(self) -> tuple[bool, ...]:
        """For each gradient whether it is a sum over the samples."""
        return tuple(not self.each and not self.batched[at] for at in self.wrt)

    @cached_property
    def conflicts(self) -> list[tuple[int, int]]:
        """The pairs of leaves that mustn't share memory; the first of each is written to."""
        return conflicts(self.reading)

    @cached_property
    def gradients(self) -> tuple[Gradient, ...]:
        """The gradients in the order of ``wrt``."""
        types = [self.reading.program.params[at].type for at in self.wrt]
        return tuple(
            Gradient(at, type_.dtype, isinstance(type_, Array), summed)
            for at, type_, summed in zip(self.wrt, types, self.summed, strict=True)
        )

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """The program's results that aren't gradients."""
        numbers = sum(not gradient.is_array for gradient in self.gradients)
        types = [result.type for result in self.program.results]
        return tuple(
            Result(type_.dtype, type_.ndim if isinstance(type_, Array) else None)
            for type_ in types[: len(types) - numbers]
        )


Results = tuple[list[Any], list[Any]]
"""The program's results, but for gradients, with the samples along the first axis; and the gradients in the order of
``wrt``, with the samples along the first axis or as sums."""


class Runner(Protocol):
    """Runs a ``Work`` on one kind of machine; made once for each, it keeps what it compiles."""

    has_lanes: ClassVar[bool]
    """True where programs may hold numbers with lanes."""

    def __init__(self, work: Work) -> None: ...

    def __call__(self, leaves: Sequence[Leaf], count: int, workers: Any) -> Results:
        """The results for ``count`` samples of these leaves, where the leaves are.

        ``workers`` are at most so many threads of the CPU (None: as many as Numba's parallel loops), or the stream of a
        GPU (None: the default one).
        The samples' arrays are distinct memory, or are only read. Raises what the kernel raises, with a note that
        names the sample; ShapeMismatchError for array results whose shape differs between samples; and
        TapeOverflowError when a sample needs more memory than there is.
        """
        ...
