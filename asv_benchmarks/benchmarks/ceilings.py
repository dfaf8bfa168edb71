"""What a GPU can do at most, measured, and what a gradient asks of it: operations on numbers, and bytes of memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from .timing import by_turns

COPIED = 1 << 27
"""Bytes that are copied to measure the bandwidth of memory: many times the caches."""

CHAINS, LINKS = 4, 2048
"""Independent chains of fused multiply-adds in each thread, which hide each other's latency, and their lengths."""

THREADS = 1 << 20
BLOCK = 256


def bandwidth(cuda: Any, size: int = COPIED) -> float:
    """Bytes a second to and from the device's memory, by a copy of ``size`` bytes."""
    count = size // 8
    source, target = cuda.to_device(np.zeros(count)), cuda.device_array(count)

    @cuda.jit
    def copy(target, source):  # type: ignore[no-untyped-def]
        i = cuda.grid(1)
        if i < source.shape[0]:
            target[i] = source[i]

    return 2.0 * 8.0 * count / _seconds(cuda, lambda: copy[-(-count // BLOCK), BLOCK](target, source))


def operations_a_second(cuda: Any, dtype: Any, threads: int = THREADS) -> float:
    """Additions and multiplications a second, by fused multiply-adds, which are two each."""
    real = np.dtype(dtype).type
    out = cuda.device_array(threads, dtype)
    factor, shift = real(0.999), real(1e-3)

    @cuda.jit
    def chains(out, factor, shift):  # type: ignore[no-untyped-def]
        i = cuda.grid(1)
        a = b = c = d = factor
        for _ in range(LINKS):
            a = cuda.fma(a, factor, shift)
            b = cuda.fma(b, factor, shift)
            c = cuda.fma(c, factor, shift)
            d = cuda.fma(d, factor, shift)
        if i < out.shape[0]:
            out[i] = a + b + c + d

    return (
        2.0 * CHAINS * LINKS * threads / _seconds(cuda, lambda: chains[-(-threads // BLOCK), BLOCK](out, factor, shift))
    )


def _seconds(cuda: Any, launch: Callable[[], None]) -> float:
    def call() -> None:
        launch()
        cuda.synchronize()

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
