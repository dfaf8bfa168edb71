"""Batches: a thousand gradients of the predator-prey likelihood, on one thread and on several, and one by one."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

from jitad.demo.datasets import load_pelts
from jitad.demo.lynx import START

from .kernels.predator_prey import predator_prey
from .timing import fastest

SAMPLES = 1000
SUBSTEPS = 4

LONG_SECONDS = 5e-2
"""A sample of calls on several threads: systems add up the processor time of threads on other cores every few
milliseconds, and in a loop of calls the threads stay awake."""

SCALING_BAR = 1.8
"""Two threads on two cores that have nothing else to do should be so many times as fast as one."""


class Batches:
    """Values and gradients for parameters around the start of the fit."""

    param_names = ("threads",)
    params = (1, 2, 4)
    timeout = 600.0

    def setup(self, threads: int) -> None:
        import jitad

        pelts = load_pelts()
        given = (pelts.hare, pelts.lynx, SUBSTEPS)
        rng = np.random.default_rng(3)
        thetas = START + 0.05 * rng.normal(size=(SAMPLES, np.size(START)))
        gradient = jitad.value_and_grad(predator_prey)
        self.alone = partial(_one_by_one, gradient, thetas, given)
        batched = {n: jitad.batch(gradient, (0, None, None, None), threads=n) for n in {1, threads}}
        self.one = partial(batched[1], thetas, *given)
        self.batch = partial(batched[threads], thetas, *given)
        for call in (self.one, self.batch):
            call()
            call()

    def time_batch(self, threads: int) -> None:
        self.batch()

    def track_scaling(self, threads: int) -> float:
        """The time on one thread over the time on several, as it passes on the clock, each at its best."""
        one, several = fastest((self.one, self.batch), 3.0, 9, time.perf_counter, LONG_SECONDS)
        return one / several

    track_scaling.unit = "x"  # type: ignore[attr-defined]

    def track_work(self, threads: int) -> float:
        """The processor time of all threads over that of one thread: what sharing the work costs."""
        one, several = fastest((self.one, self.batch), 2.0, sample_seconds=LONG_SECONDS)
        return several / one

    track_work.unit = "x"  # type: ignore[attr-defined]

    def track_one_by_one(self, threads: int) -> float:
        """The processor time of one call for each sample, over that of the batch."""
        alone, batch = fastest((self.alone, self.batch), 2.0, sample_seconds=LONG_SECONDS)
        return alone / batch

    track_one_by_one.unit = "x"  # type: ignore[attr-defined]


def _one_by_one(gradient: Any, thetas: Any, given: tuple[Any, ...]) -> None:
    for theta in thetas:
        gradient(theta, *given)
