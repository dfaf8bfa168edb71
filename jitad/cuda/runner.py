"""Batches on CUDA: one thread a sample, in chunks of samples whose tapes fit the device's memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from jitad.batching.axes import Leaf
from jitad.batching.work import Results, Work
from jitad.cuda.arrays import is_on_device
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
        stays = any(is_on_device(leaf.given) for leaf in leaves if leaf.given is not None)
        values = [leaf.value for leaf in leaves]
        job = Job(self.launch, self.work, values, count, stream=workers or 0, stays=stays, capacity=dict(self._needed))
        results = job.run()
        self._needed = job.capacity
        return results
