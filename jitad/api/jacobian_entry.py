"""What is compiled for a Jacobian: the programs of both modes, when they are first used."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.api.derivative import Entry, GradientRequest, describe_all, describe_named
from jitad.api.jacobian_programs import CROSSING, EITHER, FORWARD, REVERSE, JacobianPrograms
from jitad.api.leaves import active_leaves
from jitad.api.mode import mode
from jitad.errors import MissingRuleError
from jitad.program.types import Array
from jitad.reading.results import SequenceResult
from jitad.reading.signature import ArgSpec

if TYPE_CHECKING:
    from jitad.api.running import Call

MOST_SHAPES = 1024
"""The number of outputs is remembered for so many combinations of input shapes and integers."""


@dataclass(frozen=True)
class JacobianRequest(GradientRequest):
    """Ask for the Jacobian (or the Hessian) by the arguments at ``argnums``, with the value for ``values``."""

    mode: str = EITHER
    values: bool = False

    def build(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> JacobianEntry:
        """Read a function for arguments of these types; each mode is compiled when it is first used."""
        return JacobianEntry(self.derive(function, describe_all(args), describe_named(kwargs)))

    def derive(  # type: ignore[override]
        self, function: Any, specs: Sequence[ArgSpec], named: Mapping[str, ArgSpec]
    ) -> JacobianPrograms:
        """Read a function for arguments so described."""
        from jitad.api.differentiate import read

        wrt, trees = active_leaves(function, specs, self.positions(function, len(specs)))
        reading = read(function, specs, named, bounds_checked=self.bounds_checked, parallel=self.parallel)
        by = SequenceResult(tuple, trees) if isinstance(self.argnums, tuple) else trees[0]
        return JacobianPrograms(
            reading, wrt, by, self.mode, has_aux=self.has_aux, values=self.values, storage=self.storage
        )


class JacobianEntry(Entry):
    """The compiled Jacobian of a kernel, for arguments of some types."""

    def __init__(self, programs: JacobianPrograms) -> None:
        from jitad.api.running import rebuilder

        super().__init__(programs.reading)
        self.programs = programs
        self.value = rebuilder(programs.value)
        self._rebuild = rebuilder(programs.blocks)
        self._taken_apart = programs.taken_apart()
        self._value_count = programs.value_count
        self._is_compiled = mode.compiled
        self._calls: dict[str, Call] = {}
        self._counter: Call | None = None
        self._outputs: dict[Any, int] = {}
        self._instead: dict[str, str] = {}
        self._lock = threading.RLock()

    def run(self, leaves: Sequence[Any]) -> tuple[Sequence[Any], Any]:
        """The results of the kernel (if they are asked for) and the Jacobian."""
        results, _ = self.ready(leaves)[1](leaves)
        return results[: self._value_count], self._rebuild(self._taken_apart(results[self._value_count :]))

    def ready(self, leaves: Sequence[Any]) -> tuple[str, Call]:
        """The mode for arguments of these shapes, compiled.

        Where a rule is missing in the mode that would be chosen, it is the other one.
        """
        chosen = self._chosen(leaves)
        try:
            return chosen, self.call(chosen)
        except MissingRuleError:
            if self.programs.mode != EITHER:
                raise
            other = REVERSE if chosen == FORWARD else FORWARD
            call = self.call(other)
            self._instead[chosen] = other
            return other, call

    def _chosen(self, leaves: Sequence[Any]) -> str:
        if self.programs.mode != EITHER:
            return self.programs.mode
        if self.programs.at_once() is not None:
            return FORWARD
        chosen = FORWARD if self.input_count(leaves) <= CROSSING * self.output_count(leaves) else REVERSE
        return self._instead.get(chosen, chosen)

    def why(self, leaves: Sequence[Any]) -> str:
        """Why that mode."""
        if self.programs.mode != EITHER:
            return "asked for"
        missing = "".join(f", no {mode} rule" for mode in self._instead)
        counts = _counted(self.input_count(leaves), "input"), _counted(self.output_count(leaves), "output")
        return f"{', '.join(counts)}{missing}"

    def input_count(self, leaves: Sequence[Any]) -> int:
        """How many numbers the Jacobian is by."""
        return sum([leaf.size if isinstance(leaf := leaves[at], np.ndarray) else 1 for at in self.programs.wrt])

    def output_count(self, leaves: Sequence[Any]) -> int:
        """How many numbers the Jacobian is of.

        It is found by a run of the kernel, and remembered for each set of shapes and of integers, which shapes may
        depend on.
        """
        results, dependents = self.reading.program.results, self.programs.dependents
        if not any(isinstance(results[at].type, Array) for at in dependents):
            return len(dependents)
        shapes = tuple([leaf.shape if isinstance(leaf, np.ndarray) else leaf for leaf in leaves if not _is_float(leaf)])
        found = self._outputs.get(shapes)
        if found is None:
            counter = self._count()
            (found,), _ = counter.replay(counter.kept_generators(), leaves)
            if len(self._outputs) >= MOST_SHAPES:
                self._outputs.clear()
            self._outputs[shapes] = found
        return found

    def call(self, chosen: str) -> Call:
        """The compiled Jacobian in forward or reverse mode, or the compiled Hessian."""
        from jitad.api.differentiate import make_sweeps
        from jitad.api.running import Call

        found = self._calls.get(chosen)
        if found is None:
            with self._lock:
                found = self._calls.get(chosen)
                if found is None:
                    program, _ = self.programs.program(chosen)
                    sweeps = make_sweeps(program, self.reading, compiled=self._is_compiled)
                    found = self._calls[chosen] = Call(self.reading, sweeps, ())
        return found

    def _count(self) -> Call:
        """What counts outputs, compiled only if there is work in it."""
        from jitad.api.differentiate import make_sweeps
        from jitad.api.running import Call
        from jitad.program.queries import walk
        from jitad.program.statements import Loop
        from jitad.transforms.jacobian import count_program

        with self._lock:
            if self._counter is None:
                program = count_program(self.reading.program, self.programs.dependents)
                works = any(isinstance(statement, Loop) for statement in walk(program.body))
                sweeps = make_sweeps(program, self.reading, compiled=self._is_compiled and works)
                self._counter = Call(self.reading, sweeps, ())
            return self._counter


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, float | np.floating)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
