"""One large evaluation on CUDA, with arrays that are on the device; skipped where there is none."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .kernels.nbody import nbody_energy
from .on_cuda import cuda_or_skip
from .timing import by_turns

ELEMENTS = 100_000_000
BODIES = 65_536


def weighted_waves(x, w):
    """A chain of elementwise functions and a sum; shapes (n,)."""
    return np.sum(np.tanh(np.sin(x) * w + x * x) * x)


class ElementwiseOnCuda:
    """Value and gradient of a chain by two arrays of 10⁸ doubles."""

    timeout = 600.0

    def setup(self) -> None:
        cuda = cuda_or_skip()
        import jitad

        rng = np.random.default_rng(4)
        self._x, self._w = (cuda.to_device(rng.normal(size=ELEMENTS)) for _ in range(2))
        self._other = cuda.device_array(ELEMENTS)
        self._synchronize = cuda.synchronize
        self._gradient = jitad.value_and_grad(weighted_waves, argnums=(0, 1), target="cuda")
        self._run()

    def _run(self) -> None:
        self._gradient(self._x, self._w)
        self._synchronize()

    def _copy(self) -> None:
        self._other.copy_to_device(self._x)
        self._synchronize()

    def time_value_and_gradient(self) -> None:
        self._run()

    def track_part_of_bandwidth(self) -> float:
        """What moving both arguments and both gradients once takes, as fast as a copy does, over the time taken."""
        copies, gradients = by_turns((self._copy, self._run), 4.0, 5, time.perf_counter)
        return 2.0 * min(copies) / min(gradients)

    track_part_of_bandwidth.unit = "of the bandwidth"  # type: ignore[attr-defined]


class PairsOnCuda:
    """Value and gradient of the energy of 65 536 bodies by their positions."""

    timeout = 600.0

    def setup(self) -> None:
        cuda = cuda_or_skip()
        import jitad

        rng = np.random.default_rng(5)
        self._args: tuple[Any, ...] = (
            cuda.to_device(rng.normal(size=(BODIES, 3))),
            cuda.to_device(rng.uniform(1.0, 2.0, size=BODIES)),
        )
        self._gradient = jitad.value_and_grad(nbody_energy, target="cuda")
        self._gradient(*self._args)

    def time_value_and_gradient(self) -> None:
        self._gradient(*self._args)

    def track_pairs_per_second(self) -> float:
        """Pairs of bodies in a second."""
        (times,) = by_turns((self.time_value_and_gradient,), 4.0, 5, time.perf_counter)
        return BODIES * (BODIES - 1) / 2 / min(times)

    track_pairs_per_second.unit = "pairs/s"  # type: ignore[attr-defined]
