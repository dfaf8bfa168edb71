"""What a GPU can do at most, measured, and what a gradient asks of it: operations on numbers, and bytes of memory."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from .timing import by_turns

COPIED = 1 << 27
"""Bytes that are copied to measure the bandwidth of memory: many times the caches."""

LINKS = 2048
"""Fused multiply-adds in each of a thread's chains."""

THREADS = 1 << 20
BLOCK = 256


def bandwidth(size: int = COPIED) -> float:
    """Bytes a second to and from the device's memory, by a copy of ``size`` bytes."""
    made = _kernels()
    count = size // 8
    source, target = made.cuda.to_device(np.zeros(count)), made.cuda.device_array(count)
    seconds = _seconds(lambda: made.copy[-(-count // BLOCK), BLOCK](target, source))
    return 2.0 * 8.0 * count / seconds


def operations_a_second(dtype: Any, threads: int = THREADS, links: int = LINKS) -> float:
    """Additions and multiplications a second, by fused multiply-adds, which are two each."""
    made, real = _kernels(), np.dtype(dtype).type
    out = made.cuda.device_array(threads, dtype)
    numbers = real(0.999), real(1e-3)
    seconds = _seconds(lambda: made.chains[-(-threads // BLOCK), BLOCK](out, *numbers, links))
    return 2.0 * made.CHAINS * links * threads / seconds


def _kernels() -> Any:
    return importlib.import_module(f"{__package__}.peers.numba_cuda.ceilings")


def _seconds(launch: Callable[[], None]) -> float:
    def call() -> None:
        launch()
        _kernels().cuda.synchronize()

    (samples,) = by_turns((call,), 1.0, 5, time.perf_counter)
    return min(samples)


def operations(kernel: Callable[..., Any], arguments: tuple[Any, ...], argnums: tuple[int, ...]) -> int:
    """What a value and gradient computes for one sample, in floating-point additions; an ``exp`` counts as many."""
    from jitad.api.derivative import GradientRequest, describe_all
    from jitad.api.structure import flatten
    from jitad.program import evaluator
    from jitad.transforms.expand import expand

    derived = GradientRequest(argnums).derive(kernel, describe_all(arguments), {})
    leaves: list[Any] = []
    flatten(arguments, leaves)
    bars = [np.zeros_like(leaves[at]) for at in derived.wrt if isinstance(leaves[at], np.ndarray)]
    found = evaluator.operation
    total = 0

    def counted(primitive: Any) -> Callable[..., Any]:
        function = found(primitive)

        def run(*numbers: Any) -> Any:
            nonlocal total
            result = function(*numbers)
            total += primitive.cost if isinstance(result, float | np.floating) else 0
            return result

        return run

    with mock.patch.object(evaluator, "operation", counted):
        evaluator.evaluate(expand(derived.program), [*leaves, *bars])
    return total


def traffic(
    kernel: Callable[..., Any], arguments: tuple[Any, ...], argnums: tuple[int, ...], varying: tuple[int, ...]
) -> int:
    """Bytes that a sample moves: its arguments in, their gradients out, and the tape, written once and read once."""
    import jitad

    own = sum(np.asarray(arguments[at]).nbytes for at in varying)
    out = sum(np.asarray(arguments[at]).nbytes for at in argnums if at in varying)
    return own + out + 2 * int(jitad.explain(kernel, *arguments, argnums=argnums).total_bytes)
