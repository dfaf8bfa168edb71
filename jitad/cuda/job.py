"""One call of a batch on CUDA: its buffers, its chunks, and what comes of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from traceback import clear_frames
from typing import Any

import numpy as np

from jitad.api.running import converter
from jitad.batching.work import Gradient, Results, Work
from jitad.cuda.arrays import on_device
from jitad.cuda.copies import launched
from jitad.cuda.launch import Launch, clear, copy_rows, fold, take_sums
from jitad.cuda.target import cuda, finish, is_out_of_memory, is_refused, memory_for, release_memory
from jitad.cuda.target import launch as run
from jitad.errors import ShapeMismatchError, TapeOverflowError, UnsupportedOnCudaError

SUM_BLOCK = 256
"""So many samples are added up first, then the sums of blocks, by halves. If fewer fit the memory at once, a block is
the sum of its chunks' sums; otherwise the order depends on nothing else."""

MOST_SAMPLES = 1 << 18
"""More threads than fit on a device at once."""

SHARE = 0.5
"""The part of the free memory that a chunk may take."""


class Job:
    """Runs all samples; the results are on the device if the job ``stays`` there.

    ``capacity`` says how long tapes are at first, and afterwards how long they had to be.
    """

    def __init__(
        self,
        launch: Launch,
        work: Work,
        values: Sequence[Any],
        count: int,
        *,
        stream: Any,
        stays: bool,
        capacity: dict[str, int],
    ) -> None:
        self._launch = launch
        self._work = work
        self._values = list(values)
        self._count = count
        self._stream = stream
        self._stays = stays
        self.capacity = capacity
        self._results: list[Any] = [None] * len(launch.results)
        self._each: list[Any] = [None] * len(launch.gradients)
        self._sums: list[Any] = [None] * len(launch.gradients)
        self._buffers: dict[Any, Any] = {}
        self._most = MOST_SAMPLES

    def run(self) -> Results:
        """The results for all samples: a chunk at a time; a chunk whose tape was too small again, with a longer one.

        A chunk for which the device has no memory after all, as other programs use it too, runs again in halves.

        Whatever goes wrong, nothing holds memory on the device afterwards, not even the exception's traceback.
        """
        try:
            with memory_for(f"a batch of {self._count} samples"):
                self._take_shared()
                self._run_chunks()
                results = self._results, self._gradients()
                finish(self._stream)
                return results
        except Exception as error:
            for one in filter(None, (error, error.__cause__)):
                clear_frames(one.__traceback__)
            vars(self).update(_values=[], _results=[], _each=[], _sums=[], _buffers={})
            release_memory()
            if is_refused(error):
                program = self._work.reading.program
                raise UnsupportedOnCudaError(
                    f"numba-cuda can't compile {program.name!r}: {error}", "use the CPU.", program.origin
                ) from error
            raise

    def _take_shared(self) -> None:
        """Bring what all samples share to the device; samples on the host are copied with their chunk."""
        params: Any = self._work.reading.program.params
        for at, (value, param) in enumerate(zip(self._values, params, strict=True)):
            if self._work.batched[at]:
                continue
            is_number = not hasattr(value, "ndim") or isinstance(value, np.generic)
            dtype = np.dtype(param.type.dtype)
            self._values[at] = dtype.type(value) if is_number else on_device(value, self._stream)

    def _run_chunks(self) -> None:
        done = 0
        while done < self._count:
            size = min(self._chunk(first=done == 0), self._count - done)
            bars = self._retried(done, size)
            if bars is not None:
                for at, gradient in enumerate(self._launch.gradients):
                    self._keep_gradient(at, gradient, bars[at], done, size)
                done += size

    def _retried(self, first: int, size: int) -> list[Any] | None:
        """As ``_run_chunk``; None also where there was no memory, and chunks are half as long from now on.

        Raises what the driver says about a chunk of one sample.
        """
        try:
            return self._run_chunk(first, size)
        except Exception as error:
            if size == 1 or not is_out_of_memory(error):
                raise
            clear_frames(error.__traceback__)
        self._most = size // 2
        self._buffers.clear()
        release_memory()
        return None

    def _chunk(self, *, first: bool) -> int:
        """How many samples run at a time. The first chunk is small: it finds out how long tapes must be."""
        per_sample = self._bytes_of_a_sample()
        free, _ = cuda.current_context().get_memory_info()
        taken = sum(buffer.nbytes for buffer in self._buffers.values())
        fit = min(SHARE * (free + taken) / max(per_sample, 1), self._most)
        if fit < 1:
            raise TapeOverflowError(
                f"a sample needs more than {per_sample:,} bytes, which is more than the device gives.",
                "differentiate a shorter loop, or split the kernel.",
            )
        if fit < SUM_BLOCK:
            return int(fit)
        return SUM_BLOCK if first and self._launch.code.tapes else int(fit) // SUM_BLOCK * SUM_BLOCK

    def _bytes_of_a_sample(self) -> int:
        """What a sample of a chunk takes: its tapes, its part of what is added up, what is copied there and back."""
        found = sum(self.capacity[dtype] * np.dtype(dtype).itemsize for dtype in self._launch.code.tapes)
        for gradient in self._launch.gradients:
            if gradient.is_summed or not self._stays:
                found += self._size(gradient) * np.dtype(gradient.dtype).itemsize
        for value, is_batched in zip(self._values, self._work.batched, strict=True):
            if is_batched and isinstance(value, np.ndarray):
                found += value.nbytes // self._count
        return found

    def _run_chunk(self, first: int, size: int) -> list[Any] | None:
        """Run samples from ``first`` on; their gradients. None when a tape was too small, which is longer then.

        Nothing is added up yet, so a chunk that fails may run again.
        """
        launch = self._launch
        width = -(-size // SUM_BLOCK) * SUM_BLOCK if any(self._work.summed) else size
        status = self._buffer("status", (width,), "int64")
        leaves = [self._leaf(at, first, size) for at in range(len(self._values))]
        outputs = [self._output(at, first, size) for at in range(len(launch.results))]
        gradients = [self._bars(at, first, size, width) for at in range(len(launch.gradients))]
        for at, gradient in enumerate(launch.gradients):
            if gradient.is_summed and self._sums[at] is None:
                self._sums[at] = self._sum(gradient)
        tapes = [self._buffer(f"tape {dtype}", (self.capacity[dtype], size), dtype) for dtype in launch.code.tapes]
        run(self._launch.kernel, width, self._stream, size, status, *leaves, *outputs, *gradients, *tapes)
        found = self._host(status)[:size]
        if not self._check(found, first):
            return None
        for at in range(len(launch.results)):
            self._keep_result(at, outputs[at], first, size)
        return gradients

    # Memory

    def _buffer(self, name: Any, shape: tuple[int, ...], dtype: str) -> Any:
        """Memory of this job on the device, used again by the next chunk of the same size."""
        found = self._buffers.get(name)
        if found is None or tuple(found.shape) != shape:
            self._buffers.pop(name, None)
            found = self._buffers[name] = cuda.device_array(shape, np.dtype(dtype), stream=self._stream)
        return found

    def _leaf(self, at: int, first: int, size: int) -> Any:
        value = self._values[at]
        if not self._work.batched[at]:
            return value
        rows = value[first : first + size]
        return (
            cuda.to_device(np.ascontiguousarray(rows), stream=self._stream) if isinstance(value, np.ndarray) else rows
        )

    def _output(self, at: int, first: int, size: int) -> Any:
        result = self._launch.results[at]
        if result.ndim is not None:
            return self._buffer(f"places {at}", (1 + result.ndim, size), "int64")
        return self._rows(self._results, at, (), result.dtype, first, size)

    def _bars(self, at: int, first: int, size: int, width: int) -> Any:
        gradient = self._launch.gradients[at]
        if gradient.is_summed:
            return self._buffer(f"parts {at}", (self._size(gradient), width), gradient.dtype)
        return self._rows(self._each, at, self._shape(gradient), gradient.dtype, first, size)

    def _rows(self, arrays: list[Any], at: int, shape: tuple[int, ...], dtype: str, first: int, size: int) -> Any:
        """The rows of a chunk in an array with a row for each sample."""
        if arrays[at] is None:
            whole = (self._count, *shape)
            arrays[at] = cuda.device_array(whole, dtype) if self._stays else np.empty(whole, dtype)
        if self._stays:
            return arrays[at][first : first + size]
        return self._buffer(("rows", id(arrays), at), (size, *shape), dtype)

    def _shape(self, gradient: Gradient) -> tuple[int, ...]:
        """The shape of a sample's gradient."""
        return tuple(np.shape(self._values[gradient.leaf]))[int(self._work.batched[gradient.leaf]) :]

    def _size(self, gradient: Gradient) -> int:
        return math.prod(self._shape(gradient))

    def _host(self, array: Any) -> np.ndarray:
        """A copy on the host, complete; everything before it on the stream is done then."""
        made: np.ndarray = array.copy_to_host(stream=self._stream)
        if self._stream:
            self._stream.synchronize()
        return made

    # What comes of a chunk

    def _check(self, status: np.ndarray, first: int) -> bool:
        """True when all samples ran. Raises what the first one that failed has raised."""
        failed = np.flatnonzero(status < 0)
        short = np.unique(status[status > 0])
        if len(failed) and not len(short):
            exception, args = self._launch.code.failures[-1 - int(status[failed[0]])]
            error = exception(*args)
            error.add_note(f"This is sample {first + int(failed[0])} of a batch of {self._count}.")
            raise error
        for number in short:
            dtype = self._launch.code.tapes[int(number) - 1]
            self.capacity[dtype] *= 2
            self._buffers.pop(f"tape {dtype}", None)
        return not len(short)

    def _keep_result(self, at: int, output: Any, first: int, size: int) -> None:
        result = self._launch.results[at]
        if result.ndim is None:
            self._fetch(self._results[at], output, first, size)
            return
        shape = self._common_shape(at, output, first)
        rows = self._rows(self._results, at, shape, result.dtype, first, size)
        if math.prod(shape):
            flat = rows.reshape(size, math.prod(shape))
            launched(copy_rows, size, self._stream, flat, self._buffers[f"tape {result.dtype}"], output, size)
        self._fetch(self._results[at], rows, first, size)

    def _common_shape(self, at: int, places: Any, first: int) -> tuple[int, ...]:
        """The shape that an array result has for every sample. Raises ShapeMismatchError when it differs."""
        shapes = self._host(places)[1:].T
        known = self._results[at]
        expected = shapes[0] if known is None else np.array(known.shape[1:], np.int64)
        differing = np.flatnonzero((shapes != expected).any(axis=1))
        if len(differing):
            program = self._work.reading.program
            sample = int(differing[0])
            raise ShapeMismatchError(
                f"{program.name!r} returns an array of shape {tuple(shapes[sample].tolist())} for sample "
                f"{first + sample}, and of shape {tuple(expected.tolist())} for sample 0: the results of a batch are "
                "one array.",
                "return arrays of one shape, or call the function for one sample after the other.",
                program.origin,
            )
        return tuple(int(length) for length in expected)

    def _keep_gradient(self, at: int, gradient: Gradient, bars: Any, first: int, size: int) -> None:
        if not gradient.is_summed:
            self._fetch(self._each[at], bars, first, size)
            return
        _add_up(bars, SUM_BLOCK, self._stream)
        count = bars.shape[0] * (bars.shape[1] // SUM_BLOCK)
        launched(take_sums, count, self._stream, self._sums[at], first // SUM_BLOCK, bars, SUM_BLOCK)

    def _sum(self, gradient: Gradient) -> Any:
        """Zeros, with a column for each block of samples (a power of 2 of them)."""
        blocks = max(-(-self._count // SUM_BLOCK), 1)
        width = 1 << (blocks - 1).bit_length()
        made = cuda.device_array((self._size(gradient), width), gradient.dtype, stream=self._stream)
        launched(clear, self._size(gradient) * width, self._stream, made)
        return made

    def _fetch(self, whole: Any, rows: Any, first: int, size: int) -> None:
        """Copy the rows of a chunk to the host, unless they are where they stay."""
        if not self._stays and rows.size:
            whole[first : first + size] = self._host(rows)

    def _gradients(self) -> list[Any]:
        """The gradients for each sample, and the sums over all samples."""
        found: list[Any] = []
        for at, gradient in enumerate(self._launch.gradients):
            if not gradient.is_summed:
                found.append(self._each[at])
                continue
            sums = self._sums[at]
            _add_up(sums, sums.shape[1], self._stream)
            found.append(self._total(gradient, sums))
        return found

    def _total(self, gradient: Gradient, sums: Any) -> Any:
        """The first column: a number, or an array where the job's results are."""
        total = np.ascontiguousarray(self._host(sums)[:, 0]).reshape(self._shape(gradient))
        if not gradient.is_array:
            return converter(gradient.dtype)(total[()])
        return cuda.to_device(total, stream=self._stream) if self._stays else total


def _add_up(parts: Any, block: int, stream: Any) -> None:
    """Add up the columns of each block of columns by halves, in place; the sums are in its first column."""
    half = block // 2
    while half:
        launched(fold, parts.shape[0] * (parts.shape[1] // block) * half, stream, parts, block, half)
        half //= 2
