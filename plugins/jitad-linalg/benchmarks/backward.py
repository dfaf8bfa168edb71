"""How long a gradient's reverse sweep takes beside the call itself: ``python backward.py [n]``.

Times are the least of several runs, compiled, on one thread when OPENBLAS_NUM_THREADS=1 is set. ``forward`` is the
kernel as NumPy runs it or as Numba compiles it, whichever is faster. ``backward`` is the gradient without that time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

import jitad


def solve(a: Any, b: Any) -> Any:
    return np.sum(np.linalg.solve(a, b))


def cholesky(a: Any) -> Any:
    return np.sum(np.linalg.cholesky(a))


def svd(a: Any) -> Any:
    u, s, vt = np.linalg.svd(a, False)
    return np.sum(u) + np.sum(s) + np.sum(vt)


def least(function: Callable[..., Any], *args: Any, runs: int = 9) -> float:
    """Seconds of the fastest of some runs, after one that isn't counted."""
    function(*args)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = np.random.default_rng(0)
    a = rng.standard_normal((n, n)) + 3 * np.eye(n)
    spd = a @ a.T / n + np.eye(n)
    for kernel, args in ((solve, (a, rng.standard_normal(n))), (cholesky, (spd,)), (svd, (a,))):
        forward = min(least(kernel, *args), least(njit(kernel), *args))
        derivative = jitad.value_and_grad(kernel, argnums=tuple(range(len(args))))
        both = least(derivative, *args)
        print(f"{kernel.__name__:10} forward {forward * 1e3:8.2f} ms  backward / forward {both / forward - 1:5.2f}")


if __name__ == "__main__":
    main()
