"""Call compiled sweeps: borrow a tape, run again when it was too small, and put the results together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from jitad.api.differentiate import Reading, Sweeps
from jitad.errors import SharedMemoryError
from jitad.program.types import Array, itemsize
from jitad.reading.results import ArrayResult, DictResult, ResultTree, ScalarResult, SequenceResult
from jitad.runtime.generators import Restore, kept, replaying
from jitad.runtime.tape import Tape, borrow, borrowed_tape, give_back

Convert = Callable[[Any], Any]

_empty = np.empty
_zeros = np.zeros


def converter(dtype: str) -> Convert:
    """What turns a number that sweeps return into the user's kind of number: float, int, bool or NumPy's."""
    kinds: dict[str, Convert] = {"float64": float, "int64": int, "bool": bool}
    return kinds[dtype] if dtype in kinds else np.dtype(dtype).type


class Unpacker:
    """Takes apart the flat tuple that sweeps return."""

    def __init__(self, sweeps: Sweeps) -> None:
        self._parts: list[tuple[int, str, int, Convert]] = []
        at = 1
        for result, kind in zip(sweeps.program.results, sweeps.emitted.results, strict=True):
            dtype, ndim = kind if kind is not None else (result.type.dtype, -1)
            self._parts.append((at, dtype, ndim, converter(dtype)))
            at += ndim + 2 if ndim < 0 else ndim + 1
        self.end = at
        converts = [(at, convert) for at, _, ndim, convert in self._parts if ndim < 0]
        self._only_numbers = len(converts) == len(self._parts)
        if sweeps.compiled:  # which returns Python's own numbers
            converts = [(at, convert) for at, convert in converts if convert not in (float, int, bool)]
        self._converts = converts

    def __call__(self, flat: Sequence[Any], tape: Tape) -> Sequence[Any]:
        """The program's results, array results copied from the tape."""
        if self._only_numbers:
            return self.numbers(flat)
        return [
            convert(flat[at]) if ndim < 0 else tape.copy_out(dtype, flat[at], tuple(flat[at + 1 : at + 1 + ndim]))
            for at, dtype, ndim, convert in self._parts
        ]

    def numbers(self, flat: Sequence[Any]) -> Sequence[Any]:
        """The results of a program that has no array among them."""
        if not self._converts:
            return flat[1:]
        results = list(flat)
        for at, convert in self._converts:
            results[at] = convert(flat[at])
        return results[1:]


def gradient_makers(program_params: Sequence[Any], wrt: Sequence[int]) -> list[tuple[int, np.dtype, Any]]:
    """For each array in ``wrt``: its position, dtype and the order of axes of its gradient."""
    return [
        (at, np.dtype(type_.dtype), "F" if type_.layout == "F" else "C")
        for at in wrt
        if isinstance(type_ := program_params[at].type, Array)
    ]


class Call:
    """One compiled derivative: sweeps, the arrays that they capture, the gradients that they fill.

    The sweeps write every element of the gradients by the parameters at the positions ``stored``, and add to zeros in
    the others.
    """

    def __init__(
        self, reading: Reading, sweeps: Sweeps, wrt: Sequence[int], stored: Collection[int] = frozenset()
    ) -> None:
        params = reading.program.params
        self.reading = reading
        self.sweeps = sweeps
        self.unpack = Unpacker(sweeps)
        self._run = sweeps.run
        self._needed: dict[str, int] = {}
        self._tapes = sweeps.emitted.tapes
        self._generators = sweeps.generators
        self._makers = [
            (_empty if at in stored else _zeros, at, dtype, order) for at, dtype, order in gradient_makers(params, wrt)
        ]
        self._outputs = [_output(params[at].type, i, wrt, params) for i, at in enumerate(wrt)]
        self._by_arrays = len(self._makers) == len(wrt)
        self._result_count = len(sweeps.program.results) - sum(is_scalar for is_scalar, _, _ in self._outputs)
        self._conflicts = conflicts(reading)

    def __call__(self, leaves: Sequence[Any], seeds: Sequence[Any] = ()) -> tuple[Sequence[Any], list[Any]]:
        """The program's results, and the gradients in the order of ``wrt``.

        ``leaves`` are all parameters of the primal, captured arrays included.
        """
        if self._conflicts:
            self._check_memory(leaves)
        gradients = []
        for make, at, dtype, order in self._makers:
            gradients.append(make(leaves[at].shape, dtype, order))
        if self._tapes:
            tape = borrow()
            try:
                results = self.unpack(self._flat(tape, leaves, seeds, gradients), tape)
            finally:
                give_back(tape)
        else:
            results = self.unpack.numbers(self._run(*leaves, *seeds, *gradients))
        if self._by_arrays:
            return results, gradients
        count = self._result_count
        return results, [
            convert(results[count + at]) if is_scalar else gradients[at] for is_scalar, at, convert in self._outputs
        ]

    def kept_generators(self) -> Restore | None:
        """What puts the random generators that this draws from back to where they are now; None when it draws none."""
        return kept(self._generators, compiled=self.sweeps.compiled) if self._generators else None

    def replay(
        self, restore: Restore | None, leaves: Sequence[Any], seeds: Sequence[Any] = ()
    ) -> tuple[Sequence[Any], list[Any]]:
        """The same as a call, with the random numbers that were drawn after ``restore`` was made.

        The generators go on from where they are now.
        """
        if restore is None:
            return self(leaves, seeds)
        with replaying(restore, self._generators, compiled=self.sweeps.compiled):
            return self(leaves, seeds)

    def peaks(self, leaves: Sequence[Any]) -> dict[str, int]:
        """The most bytes of each dtype that a run puts on the tape; the sweeps must have been made to measure it."""
        gradients = [make(leaves[at].shape, dtype, order) for make, at, dtype, order in self._makers]
        restore = self.kept_generators()
        with borrowed_tape() as tape:
            flat = self._flat(tape, leaves, (), gradients)
        if restore is not None:
            restore()
        counts = flat[self.unpack.end :]
        return {dtype: int(n) * itemsize(dtype) for dtype, n in zip(self._tapes, counts, strict=True)}

    def _flat(self, tape: Tape, leaves: Sequence[Any], seeds: Sequence[Any], gradients: list[np.ndarray]) -> Any:
        for dtype, elements in self._needed.items():
            tape.reserve(dtype, elements)
        restore = self.kept_generators() if self._generators else None
        flat = self._run(*leaves, *seeds, *gradients, *tape.arrays(self._tapes))
        return self._again(tape, flat[0], [*leaves, *seeds], gradients, restore) if flat[0] else flat

    def _again(
        self, tape: Tape, status: int, args: list[Any], gradients: list[np.ndarray], restore: Restore | None
    ) -> Any:
        flat: Any = (status,)
        while flat[0]:
            if restore is not None:
                restore()
            tape.grow(self._tapes[flat[0] - 1])
            for gradient in gradients:
                gradient.fill(0)
            flat = self._run(*args, *gradients, *tape.arrays(self._tapes))
        self._needed = {dtype: tape.capacity(dtype) for dtype in self._tapes}  # asked for at once next time
        return flat

    def _check_memory(self, leaves: Sequence[Any]) -> None:
        for written, other in self._conflicts:
            a, b = leaves[written], leaves[other]
            if np.may_share_memory(a, b) and np.shares_memory(a, b):
                raise shared_memory(self.reading, written, other)


def conflicts(reading: Reading) -> list[tuple[int, int]]:
    """The pairs of array parameters that mustn't share memory; the first of each is written to."""
    written = set(reading.written)
    arrays = [at for at, p in enumerate(reading.program.params) if isinstance(p.type, Array)]
    return [(w, a) for w in arrays if w in written for a in arrays if a != w and not (a in written and a < w)]


def shared_memory(reading: Reading, written: int, other: int) -> SharedMemoryError:
    """The error about two parameters that share memory."""
    program = reading.program
    name, second = program.params[written].name, program.params[other].name
    return SharedMemoryError(
        f"The arrays {name!r} and {second!r} share memory, and {program.name!r} writes to {name!r}.",
        f"pass a copy of one of them: {second}.copy().",
        program.origin,
    )


def _output(type_: Any, i: int, wrt: Sequence[int], params: Sequence[Any]) -> tuple[bool, int, Convert]:
    """Where the gradient of entry ``i`` of ``wrt`` is: among the scalar results or the arrays."""
    is_scalar = not isinstance(type_, Array)
    at = sum(isinstance(params[w].type, Array) != is_scalar for w in wrt[:i])
    return is_scalar, at, converter(type_.dtype)


def rebuilder(tree: ResultTree) -> Callable[[Sequence[Any]], Any]:
    """A function that puts a value together from a program's results."""
    match tree:
        case ScalarResult(index) | ArrayResult(index):
            return lambda values: values[index]
        case SequenceResult(kind, items) if hasattr(kind, "_fields"):
            parts = [rebuilder(item) for item in items]
            return lambda values: kind(*[part(values) for part in parts])
        case SequenceResult(kind, items):
            parts = [rebuilder(item) for item in items]
            return lambda values: kind([part(values) for part in parts])
        case DictResult(pairs):
            named = [(name, rebuilder(item)) for name, item in pairs]
            return lambda values: {name: part(values) for name, part in named}
    return lambda values: tree.obj  # type: ignore[attr-defined]
