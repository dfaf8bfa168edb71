"""What a call costs beyond its work, and whether calls leave anything behind."""

from __future__ import annotations

import gc
import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .case import compiled
from .kernels.small import small_inputs, sum_of_squares, sum_of_squares_by_hand
from .timing import paired, seconds

CALLS = 20_000


class Calls:
    """A gradient of a kernel on ten numbers."""

    timeout = 300.0

    def setup(self) -> None:
        import jitad

        (self.x,) = small_inputs()
        self.gradient = jitad.grad(sum_of_squares)
        self.value_and_gradient = jitad.value_and_grad(sum_of_squares)
        self.primal = compiled(sum_of_squares)
        self.gradient(self.x)
        self.value_and_gradient(self.x)
        self.primal(self.x)

    def time_gradient(self) -> None:
        self.gradient(self.x)

    def time_value_and_gradient(self) -> None:
        self.value_and_gradient(self.x)

    def time_compiled_primal(self) -> None:
        self.primal(self.x)

    def track_overhead(self) -> float:
        """Microseconds of a gradient call, less the compiled work of an adjoint written by hand."""
        call = seconds(partial(self.gradient, self.x))
        return (call - work_seconds(self.x)) * 1e6

    track_overhead.unit = "us"  # type: ignore[attr-defined]

    def track_overhead_ratio(self) -> float:
        """A gradient call over a call of the compiled kernel, which pays for Numba's own dispatch."""
        return paired(partial(self.primal, self.x), partial(self.gradient, self.x)).ratio

    track_overhead_ratio.unit = "x"  # type: ignore[attr-defined]


def work_seconds(x: Any) -> float:
    """The time that the compiled work of one gradient takes, measured inside of compiled code."""
    from numba import njit

    by_hand = compiled(sum_of_squares_by_hand)

    @njit
    def repeat(x: Any, times: int) -> float:
        total = 0.0
        for i in range(times):
            value, (gradient,) = by_hand(x)
            total += value + gradient[i % x.shape[0]]
        return total

    return seconds(partial(repeat, x, 1000)) / 1000.0


class Growth:
    """What repeated calls leave behind, in bytes a call."""

    params = ("ten numbers", "a thousand numbers", "a loop's tape")
    param_names = ("call",)
    timeout = 300.0

    def setup(self, call: str) -> None:
        import jitad

        from .kernels.lorenz import lorenz, lorenz_inputs

        if call == "ten numbers":
            self.call = partial(jitad.grad(sum_of_squares), *small_inputs())
        elif call == "a thousand numbers":
            self.call = partial(jitad.grad(sum_of_squares), np.ones(1000))
        else:
            self.call = partial(jitad.grad(lorenz, argnums=(0, 1, 2)), *lorenz_inputs(steps=100))
        for _ in range(CALLS // 10):
            self.call()

    def track_python_bytes(self, call: str) -> float:
        """Growth of what Python's allocators hold."""
        gc.collect()
        tracemalloc.start()
        try:
            self.call()
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(CALLS):
                self.call()
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return (after - before) / CALLS

    track_python_bytes.unit = "bytes/call"  # type: ignore[attr-defined]

    def track_numba_allocations(self, call: str) -> float:
        """Growth of the number of arrays that Numba's runtime holds."""
        from numba.core.runtime import _nrt_python, rtsys

        _nrt_python.memsys_enable_stats()
        before = rtsys.get_allocation_stats()
        for _ in range(CALLS):
            self.call()
        after = rtsys.get_allocation_stats()
        return ((after.alloc - after.free) - (before.alloc - before.free)) / CALLS

    track_numba_allocations.unit = "arrays/call"  # type: ignore[attr-defined]

    def track_resident_bytes(self, call: str) -> float:
        """Growth of the process's resident memory (0 where the system doesn't tell)."""
        before = _resident_bytes()
        for _ in range(CALLS):
            self.call()
        return (_resident_bytes() - before) / CALLS

    track_resident_bytes.unit = "bytes/call"  # type: ignore[attr-defined]


def _resident_bytes() -> int:
    import resource

    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else 0
