"""Gradients on threads over the same gradients without, in the time that passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .timing import by_turns

THREADS = 2
ELEMENTS = 10**6


def terms(x):
    """A sum of independent terms."""
    return np.sum(np.tanh(x) * np.exp(-x * x))


def log_sum_exp(x):
    """A maximum, then a sum."""
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def cross_entropy(logits, labels):
    """Softmax cross-entropy, a row for each label."""
    total = 0.0
    for i in range(logits.shape[0]):
        largest = np.max(logits[i])
        total += largest + np.log(np.sum(np.exp(logits[i] - largest))) - logits[i, labels[i]]
    return total / logits.shape[0]


def differences(x):
    """Neighbouring iterations add to the same elements."""
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def gathered(x, places):
    """Any iteration may add to any element."""
    total = 0.0
    for i in range(places.shape[0]):
        total += np.sin(x[places[i]] * i)
    return total


def _cases() -> dict[Callable[..., Any], tuple[Any, ...]]:
    rng = np.random.default_rng(5)
    x = rng.normal(size=ELEMENTS)
    return {
        terms: (x,),
        log_sum_exp: (x,),
        cross_entropy: (x.reshape(-1, 10), rng.integers(0, 10, ELEMENTS // 10)),
        differences: (x,),
        gathered: (x[:1000], rng.integers(0, 1000, ELEMENTS)),
    }


class Threads:
    """asv's parameter is the kernel's name. The ratio is of the least times: other work only makes them longer."""

    params = [kernel.__name__ for kernel in _cases()]  # noqa: RUF012 - asv's own declaration
    param_names = ("kernel",)
    timeout = 600.0

    def setup(self, name: str) -> None:
        import numba

        import jitad

        kernel, self.arguments = next((k, a) for k, a in _cases().items() if k.__name__ == name)
        numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
        self.serial = jitad.value_and_grad(kernel)
        self.on_threads = jitad.value_and_grad(kernel, parallel=True)

    def time_on_threads(self, name: str) -> None:
        self.on_threads(*self.arguments)

    def track_ratio(self, name: str) -> float:
        serial, shared = (lambda f=f: f(*self.arguments) for f in (self.serial, self.on_threads))
        samples = by_turns((serial, shared), budget=2.0, rounds=15, clock=time.perf_counter)
        return min(samples[1]) / min(samples[0])

    track_ratio.unit = "x"  # type: ignore[attr-defined]
