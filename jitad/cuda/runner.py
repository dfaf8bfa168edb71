"""Batches on CUDA: one thread a sample, in chunks of samples whose tapes fit the device's memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from jitad.batching.axes import Leaf
from jitad.batching.work import Results, Work
from jitad.cuda.arrays import is_on_device, on_device
from jitad.cuda.job import Job
from jitad.cuda.launch import Launch

START_ELEMENTS = 256
"""Elements of a thread's tape at first; later calls start with what was needed."""


class CudaRunner:
    """Runs a ``Work`` on the current CUDA device."""

    has_lanes: ClassVar[bool] = False

    def __init__(self, work: Work) -> None:
        self.work = work
        self.launch = Launch(work)
        self._needed = dict.fromkeys(self.launch.code.tapes, START_ELEMENTS)

    def __call__(self, leaves: Sequence[Leaf], count: int, workers: Any) -> Results:
        """The results for ``count`` samples: NumPy arrays, unless a leaf is on the device.

        Work is queued on the stream ``workers`` (None: the default one) and is done when the call returns.
        """
        stream = workers or 0
        stays = any(is_on_device(leaf.given) for leaf in leaves if leaf.given is not None)
        job = Job(self.launch, self.work, self._values(leaves, stream), count, stream=stream, stays=stays)
        job.capacity = dict(self._needed)
        job.run()
        self._needed = dict(job.capacity)
        return job.results, job.gradients()

    def _values(self, leaves: Sequence[Leaf], stream: Any) -> list[Any]:
        """The leaves' values: what is shared on the device, host arrays of samples where they are."""
        params = self.work.reading.program.params
        found = []
        for leaf, param, is_batched in zip(leaves, params, self.work.batched, strict=True):
            value = leaf.value
            if not is_batched:
                is_number = not hasattr(value, "ndim") or isinstance(value, np.generic)
                dtype = np.dtype(param.type.dtype)
                value = dtype.type(value) if is_number else on_device(value, stream)
            found.append(value)
        return found
