"""Ratios of two functions' times that hold still on a busy machine."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SAMPLE_SECONDS = 2e-3
"""A sample repeats a call until it takes at least this long."""

FINE_SECONDS = 1e-5

CLOCK = time.process_time if time.get_clock_info("process_time").resolution < FINE_SECONDS else time.perf_counter
"""Processor time of all threads, so that other work on the machine counts for nothing; where that is told too coarsely
(on Windows), the time that passes."""


@dataclass(frozen=True)
class Paired:
    """Median seconds of one call of each function, and the median of the ratios of neighbouring samples."""

    base: float
    other: float
    ratio: float


def paired(base: Callable[[], object], other: Callable[[], object], budget: float = 1.0, rounds: int = 9) -> Paired:
    """Time two functions by turns, so that a slow spell of the machine meets both.

    Takes about ``budget`` seconds, and at least ``rounds`` samples of each.
    """
    bases, others = by_turns((base, other), budget, rounds)
    return Paired(statistics.median(bases), statistics.median(others), ratio(bases, others))


def ratio(bases: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of neighbouring samples."""
    return statistics.median(other / base for base, other in zip(bases, others, strict=True))


def seconds(function: Callable[[], object], budget: float = 0.5, rounds: int = 9) -> float:
    """The median time of one call."""
    return paired(function, function, budget, rounds).base


def fastest(
    functions: Sequence[Callable[[], object]],
    budget: float = 1.0,
    rounds: int = 9,
    clock: Callable[[], float] = CLOCK,
    sample_seconds: float = SAMPLE_SECONDS,
) -> list[float]:
    """The least time of one call of each function, timed by turns: what it takes when nothing else runs."""
    return [min(samples) for samples in by_turns(functions, budget, rounds, clock, sample_seconds)]


def by_turns(
    functions: Sequence[Callable[[], object]],
    budget: float,
    rounds: int,
    clock: Callable[[], float] = CLOCK,
    sample_seconds: float = SAMPLE_SECONDS,
) -> list[list[float]]:
    """Samples of the time of one call of each function, one of each by turns.

    Takes about ``budget`` seconds, and at least ``rounds`` samples. All are called once before, and the garbage
    collector is off meanwhile.
    """
    calls = [_calls(function, sample_seconds) for function in functions]
    samples: list[list[float]] = [[] for _ in functions]
    collecting = gc.isenabled()
    gc.disable()
    try:
        until = time.perf_counter() + budget
        while len(samples[0]) < rounds or time.perf_counter() < until:
            for function, count, found in zip(functions, calls, samples, strict=True):
                found.append(_sample(function, count, clock))
    finally:
        if collecting:
            gc.enable()
    return samples


def _calls(function: Callable[[], object], sample_seconds: float) -> int:
    function()
    calls = 1
    while (taken := _sample(function, calls) * calls) < sample_seconds:
        calls = max(2 * calls, int(calls * sample_seconds / max(taken, 1e-9)))
    return calls


def _sample(function: Callable[[], object], calls: int, clock: Callable[[], float] = CLOCK) -> float:
    start = clock()
    for _ in range(calls):
        function()
    return (clock() - start) / calls
