"""Arrays on the device for one evaluation: allocation, views, single elements, and the tape's arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from jitad.cuda.arrays import part_of
from jitad.cuda.target import cuda, kernel_jit, launch
from jitad.program.types import itemsize

MOST_THREADS = 1 << 19
"""Threads that keep a device busy with its memory."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where an array is on a tape: ``entries`` of the tape are left when what was put there since is given back."""

    array: Any
    entries: int


class DeviceMemory:
    """What emitted Python calls for arrays; the names are those of ``jitad.runtime.memory`` where it has them.

    Memory that is given back is used again, by what follows on the stream.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._idle: dict[tuple[str, int], list[Any]] = {}

    # Whole arrays

    def empty(self, dtype: str, size: int) -> Any:
        """A 1-d array of at least one element, with any contents."""
        idle = self._idle.get((dtype, max(size, 1)))
        return idle.pop() if idle else cuda.device_array(max(size, 1), np.dtype(dtype), stream=self.stream)

    def give_back(self, array: Any) -> None:
        """Let a 1-d array be used again."""
        self._idle.setdefault((np.dtype(array.dtype).name, int(array.shape[0])), []).append(array)

    def fill(self, array: Any, value: Any) -> None:
        """Set every element of an array in C order."""
        size = self.elements(tuple(array.shape))
        if size:
            flat = self.reshaped(array, (size,))
            launch(_filling(), min(size, MOST_THREADS), self.stream, flat, np.dtype(array.dtype).type(value))

    # The tape

    def allocated(self, tape: list[Any], dtype: str, shape: Sequence[int], *, at_end: bool) -> Place:
        """Put an array on a tape."""
        flat = self.empty(dtype, math.prod(shape))
        tape.append(flat)
        return Place(self.reshaped(flat, shape), len(tape) if at_end else len(tape) - 1)

    def release(self, tape: list[Any], place: Place) -> None:
        """Give back what was put on a tape since (at its far end: after) an array was."""
        assert place.entries >= 0, "only what was allocated is given back"
        for entry in tape[place.entries :]:
            if hasattr(entry, "copy_to_host"):
                self.give_back(entry)
        del tape[place.entries :]

    def found(self, place: Place, shape: Sequence[int]) -> Any:
        """The array at a place, in C order with a shape."""
        return self.reshaped(place.array, shape)

    def found_with(self, place: Place, shape: Sequence[int], strides: Sequence[int]) -> Any:
        """The array at a place with a shape and strides, in elements."""
        unit = np.dtype(place.array.dtype).itemsize
        return part_of(place.array, (0,) * place.array.ndim, shape, [stride * unit for stride in strides])

    def place_of(self, array: Any) -> Place:
        """Where an array is, for those who find it again; nothing is given back by it."""
        return Place(array, -1)

    def stride_of(self, array: Any, axis: int) -> int:
        """How many elements neighbours along an axis are apart."""
        return int(array.strides[axis]) // itemsize(np.dtype(array.dtype).name)

    # Views and shapes

    def view(
        self,
        base: Any,
        starts: Sequence[int],
        lengths: Sequence[int],
        steps: Sequence[int],
        axes: Sequence[int],
        _layout: str,
    ) -> Any:
        """As ``jitad.runtime.memory.view``."""
        strides = [0 if axis < 0 else base.strides[axis] * step for axis, step in zip(axes, steps, strict=True)]
        return part_of(base, starts, lengths, strides)

    def reshaped(self, base: Any, shape: Sequence[int]) -> Any:
        """The elements of an array in C order (as many as it takes) with another shape."""
        strides: list[int] = []
        unit = np.dtype(base.dtype).itemsize
        for length in reversed(shape):
            strides.insert(0, unit)
            unit *= max(length, 1)
        return part_of(base, (0,) * base.ndim, shape, strides)

    def elements(self, shape: Sequence[int]) -> int:
        """How many elements an array of a shape has."""
        return math.prod(map(int, shape))

    def trip_count(self, start: int, stop: int) -> int:
        """How often ``range(start, stop)`` runs."""
        return max(stop - start, 0)

    def unforeseen(self, number: int) -> int:
        """The number."""
        return number

    # Single elements: each access is a copy between the host and the device

    def load(self, array: Any, *index: int) -> Any:
        """An element."""
        return self.on_host(self._element(array, index))[0]

    def store(self, array: Any, *index_and_value: Any) -> None:
        """Overwrite an element by the value, which comes last."""
        *index, value = index_and_value
        element = self._element(array, index)
        element.copy_to_device(np.array([value], element.dtype), stream=self.stream)

    def accumulate(self, array: Any, *index_and_value: Any) -> None:
        """Add the value, which comes last, to an element."""
        *index, value = index_and_value
        self.store(array, *index, self.load(array, *index) + value)

    def _element(self, array: Any, index: Sequence[int]) -> Any:
        return part_of(array, index, (1,), (np.dtype(array.dtype).itemsize,))

    def on_host(self, array: Any) -> np.ndarray:
        """A copy on the host, complete; everything before it on the stream is done then."""
        made: np.ndarray = array.copy_to_host(stream=self.stream)
        if self.stream:
            self.stream.synchronize()
        return made


def _fill(array: Any, value: Any) -> None:
    """Set the elements of a 1-d array."""
    for at in range(cuda.grid(1), array.shape[0], cuda.gridsize(1)):
        array[at] = value


@cache
def _filling() -> Any:
    return kernel_jit(_fill)
