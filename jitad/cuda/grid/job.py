"""One evaluation on CUDA: what the emitted Python runs on. It starts kernels and puts the parts of sums together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from jitad.api.running import converter
from jitad.cuda.grid.kernels import MOST_BLOCKS, MOST_FAILURES, MOST_TAPES, GridKernel, Shape
from jitad.cuda.grid.memory import DeviceMemory
from jitad.cuda.target import BLOCK, cuda, kernel_jit, launch, launch_shaped
from jitad.program.types import Scalar

START_ELEMENTS = 64
"""Elements of a thread's tape at first."""

COPIES_ELEMENTS = 1 << 24
"""Elements that the threads' copies of an array may have together, unless it has more itself."""

NOTHING_FAILED = -(1 << 62)


class ShortTapeError(Exception):
    """The tapes of a kernel's threads were too small; they are longer now, and the evaluation may run again."""


Capacity = dict[tuple[int, str], int]
"""Elements of the tapes of a kernel's threads, by the kernel's ``id`` and the dtype."""


@dataclass(frozen=True)
class _Copies:
    """Copies of an array for each thread, along a first axis, and the memory that was taken for them."""

    array: Any
    flat: Any


class Job(DeviceMemory):
    """The memory and the launches of one evaluation on a stream."""

    def __init__(self, stream: Any, capacity: Capacity) -> None:
        super().__init__(stream)
        self._capacity = capacity

    def run(
        self,
        kernel: GridKernel,
        trips: Sequence[int],
        given: Sequence[Any],
        private: Sequence[Any],
        inits: Sequence[Any],
    ) -> list[Any]:
        """Run so many iterations of each of a kernel's loops: what it carries, from ``inits`` on."""
        if min(trips) <= 0:
            return list(inits)
        wide = kernel.grid.reach + 1
        shape = kernel.shape([-(-trips[0] // wide), *trips[1:]], self._most_threads(kernel, private))
        copies = [self._copies(array, shape.thread_count) for array in private]
        columns = shape.thread_count
        lengths = [self._capacity.setdefault((id(kernel), dtype), START_ELEMENTS) for dtype in kernel.code.tapes]
        flat = [self.empty(t, length * columns) for t, length in zip(kernel.code.tapes, lengths, strict=True)]
        tapes = [self.reshaped(tape, (length, columns)) for tape, length in zip(flat, lengths, strict=True)]
        failed = [cuda.to_device(np.array([0, NOTHING_FAILED]), stream=self.stream)] if kernel.may_fail else []
        args = [*self._typed(kernel, given), *(copy.array for copy in copies)]
        results = list(inits)
        for phase in range(wide):
            parts = [self.empty(dtype, shape.block_count) for dtype in kernel.dtypes]
            phases = [phase] if kernel.grid.reach else []
            launch_shaped(
                kernel.function, shape.blocks, shape.block, self.stream, *args, *phases, *tapes, *parts, *failed
            )
            results = [self._joined(kernel, at, results[at], part, shape) for at, part in enumerate(parts)]
        for flag in failed:
            self._check(kernel, self.on_host(flag))
        for array, copy in zip(private, copies, strict=True):
            self._add_copies(array, copy)
        for tape in flat:
            self.give_back(tape)
        return results

    def first(self, kernel: GridKernel, storing: GridKernel, trips: Sequence[int], zeros: Sequence[Any]) -> GridKernel:
        """The kernel for a loop that is the first to touch arrays: one that stores, if it stores to all elements.

        Otherwise they are filled with zeros, and it is the one that adds.
        """
        if all(tuple(array.shape) == tuple(trips) for array in zeros):
            return storing
        for array in zeros:
            self.fill(array, 0)
        return kernel

    def _most_threads(self, kernel: GridKernel, private: Sequence[Any]) -> int:
        """Threads that a launch may have; it depends on nothing but shapes, as the order of sums does."""
        most = MOST_TAPES if kernel.code.tapes else MOST_BLOCKS * BLOCK
        for array in private:
            most = min(most, max(COPIES_ELEMENTS // max(self.elements(tuple(array.shape)), 1), 1))
        return most

    def _typed(self, kernel: GridKernel, given: Sequence[Any]) -> list[Any]:
        """Numbers as those of the types that the kernel was written for; arrays as they are."""
        params = kernel.thread.program.params
        return [
            converter(param.type.dtype)(value) if isinstance(param.type, Scalar) else value
            for param, value in zip(params[: len(given)], given, strict=True)
        ]

    def _copies(self, array: Any, threads: int) -> _Copies:
        """An array of zeros for each thread; a thread alone adds to the array itself."""
        shape = tuple(array.shape)
        if threads == 1:
            return _Copies(self.reshaped(array, (1, *shape)), None)
        flat = self.empty(np.dtype(array.dtype).name, threads * self.elements(shape))
        self.fill(flat, 0)
        return _Copies(self.reshaped(flat, (threads, *shape)), flat)

    def _add_copies(self, array: Any, copies: _Copies) -> None:
        """Add the threads' copies to an array, in their order."""
        if copies.flat is None:
            return
        threads, size = copies.array.shape[0], self.elements(tuple(array.shape))
        if size:
            flat, rows = self.reshaped(array, (size,)), self.reshaped(copies.flat, (threads, size))
            launch(_add_rows(), min(size, MOST_BLOCKS * BLOCK), self.stream, flat, rows)
        self.give_back(copies.flat)

    def _joined(self, kernel: GridKernel, at: int, total: Any, parts: Any, shape: Shape) -> Any:
        """A carried number after the loop: its value before and the parts of the blocks, in their order."""
        param = kernel.grid.loops[0].params[at]
        found = self.on_host(parts)[: shape.block_count]
        self.give_back(parts)
        join = kernel.joins[at]
        with np.errstate(all="ignore"):
            while len(found) > 1 and kernel.is_sum(at):
                half = len(found) // 2
                found = np.concatenate([found[:half] + found[half : 2 * half], found[2 * half :]])
            total = np.dtype(param.type.dtype).type(total)
            for part in found:
                total = join(total, part)
        return total

    def _check(self, kernel: GridKernel, failed: np.ndarray) -> None:
        """Raise what the first iteration that failed has raised, or ShortTapeError."""
        if failed[0] > 0:
            dtype = kernel.code.tapes[int(failed[0]) - 1]
            self._capacity[id(kernel), dtype] *= 4
            raise ShortTapeError
        if failed[1] > NOTHING_FAILED:
            exception, args = kernel.code.failures[int(-failed[1]) % MOST_FAILURES - 1]
            raise exception(*args)


def _added(array: Any, rows: Any) -> None:
    """Add the rows of a 2-d array to a 1-d one, one after the other."""
    for at in range(cuda.grid(1), array.shape[0], cuda.gridsize(1)):
        total = array[at]
        for row in range(rows.shape[0]):
            total += rows[row, at]
        array[at] = total


@cache
def _add_rows() -> Any:
    return kernel_jit(_added)
