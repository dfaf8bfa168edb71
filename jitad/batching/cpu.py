"""Batches on the CPU: threads that take blocks of samples, each with a tape of its own.

The threads are Python's, and run compiled code without its lock. Numba's ``prange`` would do less: what a kernel
raises is lost in it, a tape that is too small can't grow, and two callers at once end the process under some of its
threading layers.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from jitad.api.mode import mode
from jitad.api.running import converter
from jitad.batching.axes import Leaf
from jitad.batching.driver import END, PLACES, Driver
from jitad.batching.laned import MOST_ELEMENTS, laned_driver
from jitad.batching.work import Gradient, Results, Work
from jitad.batching.workers import NOBODY, run_on, thread_count
from jitad.errors import ShapeMismatchError
from jitad.runtime.tape import Tape, borrowed_tape
from jitad.runtime.turns import NEXT, work_words

MOST_BLOCKS = 256
LEAST_BLOCKS = 16
SUM_BYTES = 1 << 28
"""Sums are kept for each block of samples: of at most 256 blocks, of 16 if they need more memory than this."""

SHORT = 1e-4
"""Seconds of work that are worth another thread."""

PIECE = 1e-5
"""Seconds of work that threads take at once: all come to an end together, and seldom meet."""

MOST_SHAPES = 1024
_LINE = 128

Shapes = tuple[tuple[int, ...] | None, ...]


class _MisshapenError(Exception):
    """An array result of a sample has another shape than expected: which result, and the shape."""

    def __init__(self, result: int, shape: tuple[int, ...]) -> None:
        super().__init__(result, shape)
        self.result = result
        self.shape = shape


class CpuRunner:
    """Runs a ``Work`` on the CPU's cores (in plain Python where nothing is compiled)."""

    has_lanes: ClassVar[bool] = True

    def __init__(self, work: Work) -> None:
        self.work = work
        self._is_compiled = mode.compiled
        self._laned = laned_driver(work, compiled=self._is_compiled)
        self._lock = threading.Lock()
        self._driver: Driver | None = None
        self._known: dict[Any, tuple[Shapes, float]] = {}

    def driver(self, leaves: Sequence[Leaf], count: int) -> Driver:
        """The loop over samples of this shape: in lanes where they are small and take one way through the program."""
        from jitad.api.differentiate import make_sweeps

        size = sum(leaf.value.size for leaf in leaves if leaf.is_batched) // count
        if self._laned is not None and size <= MOST_ELEMENTS:
            return self._laned
        with self._lock:
            if self._driver is None:
                sweeps = make_sweeps(self.work.program, self.work.reading, compiled=self._is_compiled)
                self._driver = Driver(self.work, sweeps)
            return self._driver

    def __call__(self, leaves: Sequence[Leaf], count: int, workers: int | None) -> Results:
        """The results for ``count`` samples."""
        key = tuple([np.shape(leaf.value) for leaf in leaves])
        shapes, seconds = self._known.get(key, (None, math.inf))
        driver = self.driver(leaves, count)
        job = Job(self.work, driver, leaves, count, shapes)
        if shapes is None:
            job.first()
        most = (thread_count() if workers is None else workers) if self._is_compiled else 1
        start = time.perf_counter()
        used = job.rest(most, seconds)
        elapsed = time.perf_counter() - start
        if job.errors:
            at, error = min(job.errors, key=lambda found: found[0])
            if isinstance(error, _MisshapenError):
                if at > 0:
                    raise self._differs(at, error, job.shapes[error.result])
                self._known.pop(key, None)  # the shapes that an earlier call had
                return self(leaves, count, workers)
            raise error
        if len(self._known) >= MOST_SHAPES:
            self._known.clear()
        self._known[key] = job.shapes, elapsed * used / count
        return job.results, job.gradients()

    def _differs(self, at: int, error: _MisshapenError, first: Any) -> ShapeMismatchError:
        program = self.work.reading.program
        return ShapeMismatchError(
            f"{program.name!r} returns an array of shape {error.shape} for sample {at}, and of shape {first} for "
            "sample 0: the results of a batch are one array.",
            "return arrays of one shape, or call the function for one sample after the other.",
            program.origin,
        )


class Job:
    """One call: its outputs, and the blocks of samples that are still to be taken."""

    def __init__(self, work: Work, driver: Driver, leaves: Sequence[Leaf], count: int, shapes: Shapes | None) -> None:
        self._work = work
        self._driver = driver
        self._values = [leaf.value for leaf in leaves]
        self._count = count
        self._done = 0
        none: Shapes = tuple(None if result.ndim is None else (0,) * result.ndim for result in driver.results)
        self.shapes = none if shapes is None else shapes
        self.results = [self._result(at) for at in range(len(driver.results))]
        self._block = self._block_size()
        self._gradients = [self._gradient(gradient) for gradient in driver.gradients]
        self._parts = [driver.part(gradient, self._shape(gradient)) for gradient in driver.gradients]
        self._todo = work_words(0, 0, 0)
        self.errors: list[tuple[int, BaseException]] = []

    def _result(self, at: int) -> np.ndarray:
        return np.empty((self._count, *(self.shapes[at] or ())), self._driver.results[at].dtype)

    def _block_size(self) -> int:
        """How many samples are added up one after the other; it depends on nothing but the arguments' shapes.

        It is a multiple of the number of lanes, where there are any.
        """
        summed = [gradient for gradient in self._driver.gradients if gradient.is_summed]
        size = sum(np.size(self._values[gradient.leaf]) * np.dtype(gradient.dtype).itemsize for gradient in summed)
        blocks = min(MOST_BLOCKS, max(LEAST_BLOCKS, SUM_BYTES // max(size, 1)))
        width = self._driver.width
        return -(-self._count // (blocks * width)) * width

    def _gradient(self, gradient: Gradient) -> np.ndarray:
        """Zeros: one for each sample, or a row for each block (in cache lines of its own)."""
        shape, dtype = self._shape(gradient), np.dtype(gradient.dtype)
        if not gradient.is_summed:
            return np.zeros((self._count, *shape), dtype)
        words = _LINE // dtype.itemsize
        return np.zeros((-(-self._count // self._block), -(-math.prod(shape) // words) * words + words), dtype)

    def _shape(self, gradient: Gradient) -> tuple[int, ...]:
        """The shape of a sample's gradient."""
        return np.shape(self._values[gradient.leaf])[int(self._work.batched[gradient.leaf]) :]

    def first(self) -> None:
        """Run the first samples, which tell the shapes of the results. Raises what they raise."""
        last = min(self._driver.width, self._count)
        while self._done == 0:
            with borrowed_tape() as tape:
                try:
                    self._samples(0, last, self._worker(tape), NOBODY)
                    self._done = last
                except _MisshapenError as found:
                    self.shapes = tuple(found.shape if at == found.result else s for at, s in enumerate(self.shapes))
                    self.results[found.result] = self._result(found.result)

    def rest(self, most: int, seconds: float) -> int:
        """Run the other samples, which took so many ``seconds`` each in an earlier call; how many threads took part."""
        left = self._count - self._done
        if left == 0:
            return 1
        blocks = -(-left // self._block)
        threads = int(max(1, min(most, blocks, left * seconds / SHORT)))
        pieces = max(1, min(int(PIECE / (self._block * seconds + 1e-12)), blocks // (8 * threads)))
        piece = self._block * (pieces if threads > 1 else blocks + 1)
        end = min(self._count, (self._done // piece + 1) * piece)
        self._begun = self._done, end
        self._todo = work_words(end, piece, self._count)
        run_on(threads, self._take)
        return threads

    def _take(self, gate: np.ndarray) -> None:
        """Take pieces until none is left or one has failed, whose error is noted with its sample.

        The thread that calls has a piece to begin with, before it lets others in.
        """
        begun, self._begun = self._begun, (0, 0)
        with borrowed_tape() as tape:
            worker = self._worker(tape)
            try:
                self._samples(*begun, worker, gate)
            except BaseException as error:  # noqa: BLE001 - raised again when all threads have come back
                self.errors.append((int(worker.place[0]), error))
                self._todo[NEXT] = self._count

    def _worker(self, tape: Tape) -> _Worker:
        """What a thread works with."""
        driver = self._driver
        parts = [
            None if shape is None else np.zeros(shape, gradient.dtype)
            for gradient, shape in zip(driver.gradients, self._parts, strict=True)
        ]
        for dtype, elements in list(driver.needed.items()):
            tape.reserve(dtype, elements)
        return _Worker(parts, driver.scratch(self._values), tape)

    def _samples(self, first: int, last: int, worker: _Worker, gate: np.ndarray) -> None:
        """Run samples, and then what is to do; one that found its tape too small again, with a larger one."""
        driver, tape, place = self._driver, worker.tape, worker.place
        outputs = list(self.results)
        for total, part in zip(self._gradients, worker.parts, strict=True):
            outputs += [total] if part is None else [total, part]
        given = [self._block, place, *self._values, *outputs, *worker.scratch]
        while True:
            place[0] = -1
            try:
                status = driver.run(gate, self._todo, first, last, *given, *tape.arrays(driver.tapes))
            except Exception as error:
                if place[0] >= 0:
                    error.add_note(f"This is sample {place[0]} of a batch of {self._count}.")
                raise
            if status == 0:
                return
            first, last = int(place[0]), int(place[END])
            self._clear(first, worker)
            if status < 0:
                raise _MisshapenError(result := -1 - status, tuple(place[1 : 1 + driver.results[result].ndim].tolist()))
            tape.grow(driver.tapes[status - 1])
            driver.needed = {dtype: tape.capacity(dtype) for dtype in driver.tapes}

    def _clear(self, at: int, worker: _Worker) -> None:
        """Set a sample's gradients back to zeros."""
        for gradient, total, part in zip(self._driver.gradients, self._gradients, worker.parts, strict=True):
            if part is not None:
                part.fill(0)
            elif gradient.is_array:
                total[at] = 0

    def gradients(self) -> list[Any]:
        """The gradients for the samples, and the sums over all blocks."""
        found: list[Any] = []
        for gradient, total in zip(self._driver.gradients, self._gradients, strict=True):
            if not gradient.is_summed:
                found.append(total)
                continue
            shape = self._shape(gradient)
            whole = tree_sum(total)[: math.prod(shape)].reshape(shape)
            found.append(whole.copy() if gradient.is_array else converter(gradient.dtype)(whole[()]))
        return found


class _Worker:
    """What a thread works with."""

    def __init__(self, parts: list[np.ndarray | None], scratch: list[np.ndarray], tape: Tape) -> None:
        self.place = np.full(PLACES, -1, np.int64)
        self.parts = parts
        self.scratch = scratch
        self.tape = tape


def tree_sum(rows: np.ndarray) -> np.ndarray:
    """The sum of rows, by halves; it is left in the first."""
    count = len(rows)
    while count > 1:
        half = (count + 1) // 2
        rows[: count - half] += rows[half:count]
        count = half
    return rows[0]
