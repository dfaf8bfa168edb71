"""What a batch of a function is compiled for: the function's program, or that of its derivative, and its results."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jitad.api.derivative import Derivative, Entry, GradientRequest, describe_all, describe_named
from jitad.api.jacobian_entry import JacobianEntry, JacobianRequest
from jitad.api.mode import bounds_checked
from jitad.batching.work import Runner, Work
from jitad.errors import ArgumentError, UnsupportedCallError

if TYPE_CHECKING:
    from jitad.api.derived import Derived
    from jitad.api.differentiate import Reading
    from jitad.program.statements import Program
    from jitad.reading.results import ResultTree

Parts = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True)
class Asked:
    """What is asked of a kernel: itself (``request`` is None), or a derivative; hashable."""

    request: GradientRequest | None
    with_value: bool
    has_aux: bool
    bounds_checked: bool


def asked_of(function: Any) -> tuple[Any, Asked]:
    """The kernel of a derivative function, or a kernel itself, and what is asked of it."""
    if isinstance(function, Derivative):
        request: GradientRequest = function.request
        with_value = bool(function.form.with_value)
        return function.kernel, Asked(request, with_value, request.has_aux, request.bounds_checked)
    return function, Asked(None, False, False, bounds_checked())


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A runner, and how its results make up the function's: ``parts`` of them, in the structure of ``tree``.

    Leaves of ``tree`` count the parts of the results, and then the gradients.
    """

    run: Runner
    work: Work
    tree: ResultTree
    parts: Parts


@dataclass(frozen=True)
class BatchRequest:
    """Ask for a batch: ``batched`` leaves differ between samples; ``runner`` makes what runs it."""

    asked: Asked
    batched: tuple[bool, ...]
    each: bool
    runner: type[Runner]

    def build(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Entry:
        """Read and differentiate a function for samples of these types."""
        request = self.asked.request
        specs, named = describe_all(args), describe_named(kwargs)
        if isinstance(request, JacobianRequest):
            programs = request.derive(function, specs, named)
            if not self.runner.has_lanes:
                programs.widest = 1
            return JacobianBatch(self, JacobianEntry(programs))
        if request is None:
            derived = _primal(function, specs, named, bounds_checked=self.asked.bounds_checked)
        else:
            made = request.derive(function, specs, named)
            derived = made.derived(with_value=self.asked.with_value, has_aux=self.asked.has_aux)
        return BatchEntry(self, derived)

    def evaluation(
        self, reading: Reading, program: Program, wrt: Sequence[int], tree: ResultTree, parts: Parts
    ) -> Evaluation:
        """What runs a program for each sample. Raises UnsupportedCallError for one that draws random numbers."""
        from jitad.analysis.randomness import generators

        if generators(program.body):
            raise UnsupportedCallError(
                f"{reading.program.name!r} draws random numbers, and a batch runs its samples in no fixed order.",
                "draw the numbers first, and pass each sample's as an argument.",
                reading.program.origin,
            )
        shared = (False,) * (len(reading.program.params) - len(self.batched))
        work = Work(reading, program, tuple(wrt), (*self.batched, *shared), self.each)
        return Evaluation(self.runner(work), work, tree, parts)


class Batched(Entry, ABC):
    """The compiled batch of a function, for samples of some types."""

    @abstractmethod
    def evaluation(self, leaves: Sequence[Any]) -> Evaluation:
        """What runs samples of this shape; ``leaves`` are those of the first."""


class BatchEntry(Batched):
    """The compiled batch of a kernel or of its gradient, for samples of some types."""

    def __init__(self, request: BatchRequest, derived: Derived) -> None:
        super().__init__(derived.reading)
        self._evaluation = request.evaluation(derived.reading, derived.program, derived.wrt, derived.output, _as_is)

    def evaluation(self, leaves: Sequence[Any]) -> Evaluation:
        """What runs samples of this shape; ``leaves`` are those of the first."""
        return self._evaluation


class JacobianBatch(Batched):
    """The compiled batch of a Jacobian; each mode when it is first used."""

    def __init__(self, request: BatchRequest, entry: JacobianEntry) -> None:
        super().__init__(entry.reading)
        self._request = request
        self._entry = entry
        self._evaluations: dict[str, Evaluation] = {}

    def evaluation(self, leaves: Sequence[Any]) -> Evaluation:
        """What runs samples of this shape, in the mode for this shape."""
        mode, _ = self._entry.ready(leaves)
        found = self._evaluations.get(mode)
        if found is None:
            programs, asked = self._entry.programs, self._request.asked
            count, take_apart = programs.value_count, programs.taken_apart(in_batches=True)

            def parts(results: Sequence[Any]) -> Sequence[Any]:
                return [*results[:count], *take_apart(results[count:])]

            tree = programs.output(with_value=asked.with_value, has_aux=asked.has_aux)
            program, _ = programs.program(mode)
            found = self._request.evaluation(self.reading, program, (), tree, parts)
            self._evaluations[mode] = found
        return found


def _as_is(results: Sequence[Any]) -> Sequence[Any]:
    return results


def _primal(function: Any, specs: Sequence[Any], named: Mapping[str, Any], *, bounds_checked: bool) -> Derived:
    """A kernel's own program. Raises ArgumentError for one without a result."""
    from jitad.api.derived import Derived
    from jitad.api.differentiate import forward_only, read

    reading = read(function, specs, named, bounds_checked=bounds_checked)
    if not reading.program.results:
        raise ArgumentError(
            f"{reading.program.name!r} returns no number and no array, and a batch never changes its arguments.",
            "return what it computes.",
            reading.program.origin,
        )
    return Derived(reading, forward_only(reading), (), reading.kernel.result)
