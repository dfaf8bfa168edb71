"""The memory that a batch on the CPU works with: it depends on nothing but the shapes of the arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jitad.batching.axes import Leaf
from jitad.batching.driver import PLACES, Driver
from jitad.batching.work import Gradient, Work

MOST_BLOCKS = 256
LEAST_BLOCKS = 16
SUM_BYTES = 1 << 28
"""Sums are kept for each block of samples: of at most 256 blocks, of 16 if they need more memory than this."""

KEEP_BYTES = 1 << 20
"""What threads work with is kept for the next call if it has at most so many bytes."""

_LINE = 128

Shapes = tuple[tuple[int, ...] | None, ...]
"""The shapes of the results of a sample, None for numbers."""


class Layout:
    """What calls with arguments of some shapes have in common.

    ``block`` samples are added up one after the other: a multiple of the number of lanes, where there are any.
    ``shapes`` are zeros until a sample has told the shapes of its results; it takes ``seconds``, as far as is known.
    """

    def __init__(self, work: Work, driver: Driver, leaves: Sequence[Leaf], count: int) -> None:
        self.driver = driver
        self.count = count
        self.seconds = math.inf
        self.is_known = False
        self.shapes: Shapes = tuple(None if result.ndim is None else (0,) * result.ndim for result in driver.results)
        self.gradient_shapes = [np.shape(leaves[g.leaf].value)[int(work.batched[g.leaf]) :] for g in driver.gradients]
        self.block = self._block_size(leaves)
        self._totals = [self._total(*of) for of in zip(driver.gradients, self.gradient_shapes, strict=True)]
        self._parts = [driver.part(*of) for of in zip(driver.gradients, self.gradient_shapes, strict=True)]
        self._scratch = driver.scratch([leaf.value for leaf in leaves])
        self._idle: list[Worker] = []

    def _block_size(self, leaves: Sequence[Leaf]) -> int:
        summed = [gradient for gradient in self.driver.gradients if gradient.is_summed]
        size = sum(np.size(leaves[gradient.leaf].value) * np.dtype(gradient.dtype).itemsize for gradient in summed)
        blocks = min(MOST_BLOCKS, max(LEAST_BLOCKS, SUM_BYTES // max(size, 1)))
        width = self.driver.width
        return -(-self.count // (blocks * width)) * width

    def _total(self, gradient: Gradient, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One gradient for each sample, or a row for each block (in cache lines of its own)."""
        if not gradient.is_summed:
            return (self.count, *shape)
        words = _LINE // np.dtype(gradient.dtype).itemsize
        return -(-self.count // self.block), -(-math.prod(shape) // words) * words + words

    def result(self, at: int, shape: tuple[int, ...] | None) -> np.ndarray:
        """Memory for one result of all samples, each of this shape."""
        return np.empty((self.count, *(shape or ())), self.driver.results[at].dtype)

    def totals(self) -> list[np.ndarray]:
        """Zeros for the gradients of all samples, or of all blocks."""
        return [np.zeros(shape, g.dtype) for shape, g in zip(self._totals, self.driver.gradients, strict=True)]

    def worker(self) -> Worker:
        """What a thread works with: some that is idle, or made now."""
        try:
            return self._idle.pop()
        except IndexError:
            return Worker(
                [
                    None if shape is None else np.zeros(shape, gradient.dtype)
                    for gradient, shape in zip(self.driver.gradients, self._parts, strict=True)
                ],
                [np.empty(shape, dtype) for shape, dtype in self._scratch],
            )

    def give_back(self, worker: Worker) -> None:
        """Keep what a thread has worked with, if it is small; its parts must be zeros."""
        if worker.nbytes <= KEEP_BYTES:
            self._idle.append(worker)

    def forget_workers(self) -> None:
        """Free what threads have worked with."""
        self._idle.clear()


class Worker:
    """What a thread works with, apart from its tape."""

    def __init__(self, parts: list[Any], scratch: list[np.ndarray]) -> None:
        self.place = np.empty(PLACES, np.int64)
        self.parts = parts
        self.scratch = scratch
        self.nbytes = sum(array.nbytes for array in (*parts, *scratch) if array is not None)


def tree_sum(rows: np.ndarray) -> np.ndarray:
    """The sum of rows, by halves; it is left in the first."""
    count = len(rows)
    while count > 1:
        half = (count + 1) // 2
        rows[: count - half] += rows[half:count]
        count = half
    return rows[0]
