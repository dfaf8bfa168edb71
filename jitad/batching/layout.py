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
        self._parts = [driver.part(*of) for of in zip(driver.gradients, self.gradient_shapes, strict=True)]
        self._totals = [
            self._total(*of) for of in zip(driver.gradients, self.gradient_shapes, self._parts, strict=True)
        ]
        self._scratch = driver.scratch([leaf.value for leaf in leaves])
        self._idle: list[Worker] = []

    def _block_size(self, leaves: Sequence[Leaf]) -> int:
        summed = [gradient for gradient in self.driver.gradients if gradient.is_summed]
        size = sum(np.size(leaves[gradient.leaf].value) * np.dtype(gradient.dtype).itemsize for gradient in summed)
        blocks = min(MOST_BLOCKS, max(LEAST_BLOCKS, SUM_BYTES // max(size, 1)))
        width = self.driver.width
        return -(-self.count // (blocks * width)) * width

    def _total(self, gradient: Gradient, shape: tuple[int, ...], part: Any) -> tuple[Any, tuple[int, ...], Any]:
        """What makes the memory of a gradient, its shape, and its dtype.

        It has one gradient for each sample, or a row for each block (in cache lines of its own). A gradient that comes
        from elsewhere (a number, or from a thread's ``part``) is stored there once, and needs no zeros.
        """
        dtype = np.dtype(gradient.dtype)
        if not gradient.is_summed:
            is_stored = part is not None or not gradient.is_array
            return np.empty if is_stored else np.zeros, (self.count, *shape), dtype
        words = _LINE // dtype.itemsize
        return np.zeros, (-(-self.count // self.block), -(-math.prod(shape) // words) * words + words), dtype

    def result(self, at: int, shape: tuple[int, ...] | None) -> np.ndarray:
        """Memory for one result of all samples, each of this shape."""
        return np.empty((self.count, *(shape or ())), self.driver.results[at].dtype)

    def totals(self) -> list[np.ndarray]:
        """Memory for the gradients of all samples, or of all blocks; zeros for what is added to."""
        return [make(shape, dtype) for make, shape, dtype in self._totals]

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
