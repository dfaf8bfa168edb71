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

from . import ceilings, gpu_engines
from .kernels import single_precision
from .kernels.asian_option import asian_option
from .kernels.predator_prey import predator_prey
from .timing import by_turns

PARAMETER_SETS = 1_000_000
SUBSTEPS = 4

PATHS = 10_000_000
STEPS = 8

ON_THE_CPU = 2_000
"""Samples that the CPU runs for a comparison."""

DTYPES = ("float64", "float32")


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
    """A batch of gradients (a call returns when it is done) beside the batch of values, the CPU, and the ceilings.

    ``prepare`` makes the calls for so many samples: ``gradient`` and ``value`` on the device, ``cpu`` for
    ``ON_THE_CPU`` of them at most on one thread; ``kernel`` and ``sample`` are the kernel and one sample's arguments.
    """

    param_names: tuple[str, ...] = ("dtype",)
    params: Any = DTYPES
    timeout = 1800.0
    samples: int
    argnums: tuple[int, ...]
    varying: tuple[int, ...]
    kernel: Callable[..., Any]
    sample: tuple[Any, ...]
    gradient: Callable[[], Any]
    value: Callable[[], Any]
    cpu: Callable[[], Any]

    def prepare(self, cuda: Any, dtype: str, samples: int) -> None:
        raise NotImplementedError

    def setup(self, dtype: str) -> None:
        self.prepare(cuda_or_skip(), dtype, self.samples)
        for call in (self.gradient, self.value, self.cpu):
            call()

    def seconds(self) -> float:
        """The least time of the gradients."""
        (samples,) = by_turns((self.gradient,), 4.0, 5, time.perf_counter)
        return min(samples)

    def time_gradients(self, dtype: str) -> None:
        self.gradient()

    def track_over_values(self, dtype: str) -> float:
        """The time of the gradients over that of the values alone."""
        values, gradients = by_turns((self.value, self.gradient), 4.0, 5, time.perf_counter)
        return min(gradients) / min(values)

    track_over_values.unit = "x"  # type: ignore[attr-defined]

    def track_over_cpu(self, dtype: str) -> float:
        """The time of a gradient on one thread of the CPU over that of one on the device."""
        cpu, gradients = by_turns((self.cpu, self.gradient), 4.0, 5, time.perf_counter)
        return (min(cpu) / ON_THE_CPU) / (min(gradients) / self.samples)

    track_over_cpu.unit = "x"  # type: ignore[attr-defined]

    def track_of_operations(self, dtype: str) -> float:
        """Floating-point operations a second, over those that the device does in fused multiply-adds."""
        count = ceilings.operations(self.kernel, self.sample, self.argnums) * self.samples
        return count / self.seconds() / ceilings.operations_a_second(dtype)

    track_of_operations.unit = "of the ceiling"  # type: ignore[attr-defined]

    def track_of_bandwidth(self, dtype: str) -> float:
        """Bytes a second, over those of a copy."""
        count = ceilings.traffic(self.kernel, self.sample, self.argnums, self.varying) * self.samples
        return count / self.seconds() / ceilings.bandwidth()

    track_of_bandwidth.unit = "of the ceiling"  # type: ignore[attr-defined]


class PredatorPreyOnCuda(_OnCuda):
    """The likelihood of a million sets of parameters, and its gradients."""

    samples = PARAMETER_SETS
    argnums = (0,)
    varying = (0,)

    def prepare(self, cuda: Any, dtype: str, samples: int) -> None:
        import jitad

        self.kernel = predator_prey if dtype == "float64" else single_precision.predator_prey
        pelts = load_pelts()
        counts = [np.asarray(of, dtype) for of in (pelts.hare, pelts.lynx)]
        rng = np.random.default_rng(3)
        self.thetas = (START + 0.05 * rng.normal(size=(samples, np.size(START)))).astype(dtype)
        self.given = (*counts, SUBSTEPS)
        self.sample = (self.thetas[0], *self.given)
        on_device = cuda.to_device(np.ascontiguousarray(self.thetas.T))
        gradient = jitad.value_and_grad(self.kernel)
        axes = (1, None, None, None)
        self.gradient = partial(jitad.batch(gradient, axes, target="cuda"), on_device, *self.given)
        self.value = partial(jitad.batch(self.kernel, axes, target="cuda"), on_device, *self.given)
        some = self.thetas[:ON_THE_CPU]
        self.cpu = partial(jitad.batch(gradient, (0, None, None, None), threads=1), some, *self.given)

    def beside(self, engine: str) -> Callable[[], Any]:
        """The values and the gradients by another engine."""
        return gpu_engines.PREDATOR_PREY[engine](self.thetas, *self.given)


class MonteCarloOnCuda(_OnCuda):
    """The price of an Asian option over ten million paths, and its derivatives by spot, strike, rate and volatility."""

    samples = PATHS
    argnums = (0, 1, 2, 3)
    varying = (5,)

    def prepare(self, cuda: Any, dtype: str, samples: int) -> None:
        import jitad

        real = np.dtype(dtype).type
        self.kernel = asian_option if dtype == "float64" else single_precision.asian_option
        self.normals = np.random.default_rng(5).normal(size=(1, STEPS, samples)).astype(dtype)
        self.market = tuple(map(real, (100.0, 100.0, 0.05, 0.2, 1.0)))
        self.sample = (*self.market, np.ascontiguousarray(self.normals[:, :, 0]))
        on_device = cuda.to_device(self.normals)
        gradient = jitad.value_and_grad(self.kernel, argnums=self.argnums)
        axes = (*[None] * 5, 2)
        self.gradient = partial(jitad.batch(gradient, axes, target="cuda"), *self.market, on_device)
        self.value = partial(jitad.batch(self.kernel, axes, target="cuda"), *self.market, on_device)
        some = np.ascontiguousarray(self.normals[:, :, :ON_THE_CPU])
        self.cpu = partial(jitad.batch(gradient, axes, threads=1), *self.market, some)

    def beside(self, engine: str) -> Callable[[], Any]:
        """The mean value and its gradients by another engine."""
        return gpu_engines.ASIAN_OPTION[engine](*self.market, np.ascontiguousarray(self.normals[0].T))


class OtherEnginesOnCuda:
    """JAX's and PyTorch's time on the same device over jitad's, in the same process; above 1, jitad is faster."""

    params: Any = (("predator-prey", "Monte Carlo"), gpu_engines.ENGINES, DTYPES)
    param_names = ("what", "engine", "dtype")
    timeout = 1800.0

    def setup(self, what: str, engine: str, dtype: str) -> None:
        cuda = cuda_or_skip()
        gpu_engines.require(engine)
        self.own = PredatorPreyOnCuda() if what == "predator-prey" else MonteCarloOnCuda()
        self.own.prepare(cuda, dtype, self.own.samples)
        self.other = self.own.beside(engine)
        for call in (self.own.gradient, self.other):
            call()

    def track_ratio_to_jitad(self, what: str, engine: str, dtype: str) -> float:
        own, other = by_turns((self.own.gradient, self.other), 4.0, 5, time.perf_counter)
        return min(other) / min(own)

    track_ratio_to_jitad.unit = "x"  # type: ignore[attr-defined]
