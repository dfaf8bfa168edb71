"""Batches on CUDA, with arrays that are on the device; skipped where there is none.

asv takes a NotImplementedError in ``setup`` for "not here".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from jitad.demo.datasets import load_pelts
from jitad.demo.lynx import START

from .kernels.asian_option import asian_option
from .kernels.predator_prey import predator_prey
from .timing import by_turns

PARAMETER_SETS = 1_000_000
SUBSTEPS = 4

PATHS = 10_000_000
STEPS = 8

ON_THE_CPU = 2_000
"""Samples that the CPU runs for a comparison."""


def cuda_or_skip() -> Any:
    """numba-cuda, where it has a GPU."""
    from jitad.errors import CudaUnavailableError

    try:
        from jitad.cuda.target import cuda, is_simulated, require_device

        require_device()
    except CudaUnavailableError as error:
        raise NotImplementedError(str(error)) from None
    if is_simulated():
        raise NotImplementedError("the simulator's times say nothing")
    return cuda


class _OnCuda:
    """A batch of gradients (a call returns when it is done) beside the batch of values, and beside the CPU."""

    timeout = 900.0
    samples: int
    gradient: Callable[[], Any]
    value: Callable[[], Any]
    cpu: Callable[[], Any]

    def time_gradients(self) -> None:
        self.gradient()

    def track_over_values(self) -> float:
        """The time of the gradients over that of the values alone."""
        values, gradients = by_turns((self.value, self.gradient), 4.0, 5, time.perf_counter)
        return min(gradients) / min(values)

    track_over_values.unit = "x"  # type: ignore[attr-defined]

    def track_over_cpu(self) -> float:
        """The time of a gradient on one thread of the CPU over that of one on the device."""
        cpu, gradients = by_turns((self.cpu, self.gradient), 4.0, 5, time.perf_counter)
        return (min(cpu) / ON_THE_CPU) / (min(gradients) / self.samples)

    track_over_cpu.unit = "x"  # type: ignore[attr-defined]


class PredatorPreyOnCuda(_OnCuda):
    """The likelihood of a million sets of parameters, and its gradients."""

    samples = PARAMETER_SETS

    def setup(self) -> None:
        cuda = cuda_or_skip()
        import jitad

        pelts = load_pelts()
        given = (pelts.hare, pelts.lynx, SUBSTEPS)
        rng = np.random.default_rng(3)
        thetas = START + 0.05 * rng.normal(size=(PARAMETER_SETS, np.size(START)))
        on_device = cuda.to_device(np.ascontiguousarray(thetas.T))
        gradient = jitad.value_and_grad(predator_prey)
        axes = (1, None, None, None)
        self.gradient = partial(jitad.batch(gradient, axes, 1, target="cuda"), on_device, *given)
        self.value = partial(jitad.batch(predator_prey, axes, target="cuda"), on_device, *given)
        self.cpu = partial(jitad.batch(gradient, (0, None, None, None), threads=1), thetas[:ON_THE_CPU], *given)
        for call in (self.gradient, self.value, self.cpu):
            call()


class MonteCarloOnCuda(_OnCuda):
    """The price of an Asian option over ten million paths, and its derivatives by spot, strike, rate and volatility."""

    samples = PATHS

    def setup(self) -> None:
        cuda = cuda_or_skip()
        import jitad

        normals = np.random.default_rng(5).normal(size=(1, STEPS, PATHS))
        on_device = cuda.to_device(normals)
        market = (100.0, 100.0, 0.05, 0.2, 1.0)
        gradient = jitad.value_and_grad(asian_option, argnums=(0, 1, 2, 3))
        axes = (*[None] * 5, 2)
        self.gradient = partial(jitad.batch(gradient, axes, target="cuda"), *market, on_device)
        self.value = partial(jitad.batch(asian_option, axes, target="cuda"), *market, on_device)
        some = np.ascontiguousarray(normals[:, :, :ON_THE_CPU])
        self.cpu = partial(jitad.batch(gradient, axes, threads=1), *market, some)
        for call in (self.gradient, self.value, self.cpu):
            call()
