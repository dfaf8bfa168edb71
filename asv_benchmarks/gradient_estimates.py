"""Cost and error of gradients estimated from values, beside ``grad``, as the number of inputs grows.

``python -m asv_benchmarks.gradient_estimates [--output PNG]`` prints a table and draws the figure of the README.
"""

from __future__ import annotations

import argparse
import timeit
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .benchmarks.kernels.rosenbrock import rosenbrock, rosenbrock_by_hand, rosenbrock_inputs

SIZES = (10, 30, 100, 300, 1_000, 3_000, 10_000)
FIGURE = Path(__file__).parent / "figures" / "gradient_estimates.png"


@dataclass(frozen=True)
class Point:
    """A method at one number of inputs: times of one gradient and of one kernel call, kernel calls, relative error."""

    size: int
    seconds: float
    kernel_seconds: float
    calls: int | None
    error: float


def methods(kernel: Callable[[Any], float]) -> dict[str, tuple[Callable[[Any], Any], Callable[[int], int | None]]]:
    """For each method a function from a point to a gradient, and from a number of inputs to the calls it takes."""
    import jitad
    from jitad.testing import finite_difference_gradient, zero_order_gradient

    return {
        "jitad.grad": (jitad.grad(kernel), lambda n: None),
        "forward differences": (partial(finite_difference_gradient, kernel, order=1), lambda n: n + 1),
        "central differences": (partial(finite_difference_gradient, kernel, order=2), lambda n: 2 * n),
        "zero order, 1 sample": (partial(zero_order_gradient, kernel), lambda n: 2),
        "zero order, n samples": (lambda x: zero_order_gradient(kernel, x, x.size), lambda n: n + 1),
    }


def measure(sizes: Sequence[int]) -> dict[str, list[Point]]:
    """Every method at every number of inputs, with Rosenbrock's function."""
    from numba import njit

    kernel = njit(error_model="numpy")(rosenbrock)
    found: dict[str, list[Point]] = {}
    for size in sizes:
        (x,) = rosenbrock_inputs(size)
        _, (exact,) = rosenbrock_by_hand(x)
        primal = _least_seconds(partial(kernel, x))
        for name, (method, calls) in methods(kernel).items():
            error = float(np.linalg.norm(method(x) - exact) / np.linalg.norm(exact))
            found.setdefault(name, []).append(
                Point(size, _least_seconds(partial(method, x)), primal, calls(size), error)
            )
    return found


def _least_seconds(function: Callable[[], object]) -> float:
    """The least time of one call in about half a second: what it takes when nothing else runs."""
    timer = timeit.Timer(function)
    timer.timeit(1)
    once = timer.timeit(1)
    calls = max(1, round(0.01 / once))
    return min(timer.repeat(max(1, min(50, round(0.5 / (once * calls)))), calls)) / calls


def table(found: dict[str, list[Point]]) -> str:
    """A line for each method and number of inputs."""
    lines = [f"{'method':22} {'inputs':>7} {'calls':>7} {'time / kernel':>14} {'relative error':>15}"]
    for name, points in found.items():
        for point in points:
            calls = "" if point.calls is None else str(point.calls)
            lines.append(
                f"{name:22} {point.size:7} {calls:>7} {point.seconds / point.kernel_seconds:14.3g} {point.error:15.1e}"
            )
    return "\n".join(lines)


def draw(found: dict[str, list[Point]], output: Path) -> None:
    """Two panels: time and error over the number of inputs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    cost, error = figure.subplots(1, 2)
    for (name, points), marker in zip(found.items(), "osD^v", strict=True):
        sizes = [point.size for point in points]
        width = 2.5 if name == "jitad.grad" else 1.3
        error.plot(sizes, [point.error for point in points], marker=marker, markersize=5, linewidth=width)
        cost.plot(sizes, [point.seconds for point in points], marker=marker, markersize=5, linewidth=width, label=name)
    cost.plot(sizes, [point.kernel_seconds for point in points], "k--", linewidth=1.3, label="the kernel itself")
    cost.set_ylabel("seconds")
    error.set_ylabel("relative error")
    for axes, title in ((cost, "time of one gradient"), (error, "error of the gradient")):
        axes.set_title(title)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("number of inputs")
        axes.grid(alpha=0.3)
    figure.suptitle("Gradients of Rosenbrock's function: by jitad, and estimated from values")
    figure.legend(loc="outside lower center", ncols=3)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(prog="python -m asv_benchmarks.gradient_estimates", description=__doc__)
    parser.add_argument(
        "--output", type=Path, default=FIGURE, metavar="PNG", help="where to draw (default: %(default)s)"
    )
    parser.add_argument("--most", type=int, default=SIZES[-1], help="the largest number of inputs")
    chosen = parser.parse_args()
    found = measure([size for size in SIZES if size <= chosen.most])
    print(table(found))
    draw(found, chosen.output)
    print(f"figure: {chosen.output}")


if __name__ == "__main__":
    main()
