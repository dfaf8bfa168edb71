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
from jitad.batching.driver import END, Driver
from jitad.batching.laned import MOST_ELEMENTS, laned_driver
from jitad.batching.layout import Layout, Worker, tree_sum
from jitad.batching.work import Results, Work
from jitad.batching.workers import NOBODY, core_count, run_on, thread_count
from jitad.errors import ShapeMismatchError
from jitad.runtime.tape import Tape, borrow, borrowed_tape, give_back
from jitad.runtime.turns import NEXT, work_words

SHORT = 1e-4
"""Seconds of work that are worth another thread."""

PIECE = 1e-5
"""Seconds of work that threads take at once: all come to an end together, and seldom meet."""

MOST_SHAPES = 1024


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
        self._layouts: dict[Any, Layout] = {}
        self._latest: Layout | None = None

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
        layout = self._layout(leaves, count)
        job = Job(layout, [leaf.value for leaf in leaves])
        if not layout.is_known:
            job.first()
        wanted = thread_count() if workers is None else workers
        job.rest(min(wanted, core_count()) if self._is_compiled else 1)
        if job.errors:
            at, error = min(job.errors, key=lambda found: found[0])
            if isinstance(error, _MisshapenError):
                if at > 0:
                    raise self._differs(at, error, job.shapes[error.result])
                layout.is_known = False  # the shapes are those of an earlier call
                return self(leaves, count, workers)
            raise error
        return job.results, job.gradients()

    def _layout(self, leaves: Sequence[Leaf], count: int) -> Layout:
        """The layout for arguments of these shapes. What threads work with is kept for the latest one alone."""
        key = tuple([np.shape(leaf.value) for leaf in leaves])
        layout = self._layouts.get(key)
        if layout is None:
            if len(self._layouts) >= MOST_SHAPES:
                self._layouts.clear()
            layout = Layout(self.work, self.driver(leaves, count), leaves, count)
            self._layouts[key] = layout
        latest, self._latest = self._latest, layout
        if latest is not None and latest is not layout:
            latest.forget_workers()
        return layout

    def _differs(self, at: int, error: _MisshapenError, first: Any) -> ShapeMismatchError:
        program = self.work.reading.program
        return ShapeMismatchError(
            f"{program.name!r} returns an array of shape {error.shape} for sample {at}, and of shape {first} for "
            "sample 0: the results of a batch are one array.",
            "return arrays of one shape, or call the function for one sample after the other.",
            program.origin,
        )


class Job:
    """One call: its outputs, and the pieces that are still to be taken."""

    def __init__(self, layout: Layout, values: list[Any]) -> None:
        self._layout = layout
        self._driver = layout.driver
        self._values = values
        self._done = 0
        self.shapes = list(layout.shapes)
        self.results = [layout.result(at, shape) for at, shape in enumerate(self.shapes)]
        self._totals = layout.totals()
        self._todo = work_words(0, 0, 0)
        self.errors: list[tuple[int, BaseException]] = []

    def first(self) -> None:
        """Run the first samples, which tell the shapes of the results. Raises what they raise."""
        layout = self._layout
        last = min(self._driver.width, layout.count)
        while self._done == 0:
            with borrowed_tape() as tape:
                try:
                    self._samples(0, last, layout.worker(), tape, NOBODY)
                    self._done = last
                except _MisshapenError as found:
                    self.shapes[found.result] = found.shape
                    self.results[found.result] = layout.result(found.result, found.shape)
        layout.shapes, layout.is_known = tuple(self.shapes), True

    def rest(self, most: int) -> None:
        """Run the other samples, on at most so many threads, and note how long a sample takes."""
        layout, count = self._layout, self._layout.count
        left = count - self._done
        if left == 0:
            return
        blocks = -(-left // layout.block)
        threads = int(max(1, min(most, blocks, left * layout.seconds / SHORT)))
        pieces = max(1, min(int(PIECE / (layout.block * layout.seconds + 1e-12)), blocks // (8 * threads)))
        piece = layout.block * (pieces if threads > 1 else blocks + 1)
        end = min(count, (self._done // piece + 1) * piece)
        self._begun = self._done, end
        self._todo = work_words(end, piece, count)
        start = time.perf_counter()
        run_on(threads, self._take)
        if not self.errors:
            layout.seconds = (time.perf_counter() - start) * threads / left

    def _take(self, gate: np.ndarray) -> None:
        """Take pieces until none is left or one has failed, whose error is noted with its sample.

        The thread that calls has a piece to begin with, before it lets others in.
        """
        begun, self._begun = self._begun, (0, 0)
        tape = borrow()
        try:
            worker = self._layout.worker()
            try:
                self._samples(*begun, worker, tape, gate)
            except BaseException as error:  # noqa: BLE001 - raised again when all threads have come back
                self.errors.append((int(worker.place[0]), error))
                self._todo[NEXT] = self._layout.count
            else:
                self._layout.give_back(worker)
        finally:
            give_back(tape)

    def _samples(self, first: int, last: int, worker: Worker, tape: Tape, gate: np.ndarray) -> None:
        """Run samples, and then what is to do; one that found its tape too small again, with a larger one."""
        driver, place = self._driver, worker.place
        place[0] = -1
        for dtype, elements in list(driver.needed.items()):
            tape.reserve(dtype, elements)
        outputs = list(self.results)
        for total, part in zip(self._totals, worker.parts, strict=True):
            outputs += [total] if part is None else [total, part]
        given = [self._layout.block, place, *self._values, *outputs, *worker.scratch]
        while True:
            try:
                status = driver.run(gate, self._todo, first, last, *given, *tape.arrays(driver.tapes))
            except Exception as error:
                if place[0] >= 0:
                    error.add_note(f"This is sample {place[0]} of a batch of {self._layout.count}.")
                raise
            if status == 0:
                return
            first, last = int(place[0]), int(place[END])
            self._clear(first, worker)
            if status < 0:
                raise _MisshapenError(result := -1 - status, tuple(place[1 : 1 + driver.results[result].ndim].tolist()))
            tape.grow(driver.tapes[status - 1])
            driver.needed = {dtype: tape.capacity(dtype) for dtype in driver.tapes}

    def _clear(self, at: int, worker: Worker) -> None:
        """Set a sample's gradients back to zeros."""
        for gradient, total, part in zip(self._driver.gradients, self._totals, worker.parts, strict=True):
            if part is not None:
                part.fill(0)
            elif gradient.is_array:
                total[at] = 0

    def gradients(self) -> list[Any]:
        """The gradients for the samples, and the sums over all blocks."""
        found: list[Any] = []
        for gradient, total, shape in zip(
            self._driver.gradients, self._totals, self._layout.gradient_shapes, strict=True
        ):
            if not gradient.is_summed:
                found.append(total)
                continue
            whole = tree_sum(total)[: math.prod(shape)].reshape(shape)
            found.append(whole.copy() if gradient.is_array else converter(gradient.dtype)(whole[()]))
        return found
