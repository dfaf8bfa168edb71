"""Forward and reverse mode for whole Jacobians, as the number of outputs grows.

``python -m asv_benchmarks.jacobian_crossing [--output PNG]`` prints a table and draws it. With n inputs and m outputs
forward mode runs n sweeps and reverse mode m: they cost the same where m is n times the ratio of the costs of a sweep.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from .benchmarks.case import compiled
from .benchmarks.kernels.matrix_vector import matrix_vector, matrix_vector_inputs
from .benchmarks.timing import fastest

INPUTS = 100
OUTPUTS = (10, 16, 25, 40, 63, 80, 100, 125, 160, 250, 400, 630, 1000)
FIGURE = Path(__file__).parent / "figures" / "jacobian_crossing.png"


@dataclass(frozen=True)
class Point:
    """Seconds of one kernel call and of one Jacobian in each mode; ``chosen`` is the mode that jitad chooses."""

    outputs: int
    kernel: float
    forward: float
    reverse: float
    chosen: str

    @property
    def sweeps(self) -> float:
        """What a column costs over what a row costs."""
        return self.forward / INPUTS / (self.reverse / self.outputs)


def measure(outputs: int, budget: float = 1.0) -> Point:
    """The kernel and both modes, timed by turns."""
    import jitad

    arguments = matrix_vector_inputs(outputs, INPUTS)
    forward, reverse = (partial(mode(matrix_vector), *arguments) for mode in (jitad.jacfwd, jitad.jacrev))
    for mode in (forward, reverse):
        np.testing.assert_allclose(mode(), arguments[1], rtol=1e-14)
    chosen = jitad.explain(jitad.jacobian(matrix_vector), *arguments).mode
    return Point(outputs, *fastest((partial(compiled(matrix_vector), *arguments), forward, reverse), budget), chosen)


def crossing(points: list[Point]) -> float:
    """The number of outputs at which both modes cost the same, between two measured ones (nan: they never do)."""
    logs = [np.log(point.reverse / point.forward) for point in points]
    for at in range(1, len(points)):
        if logs[at - 1] < 0.0 <= logs[at]:
            share = -logs[at - 1] / (logs[at] - logs[at - 1])
            ends = [np.log(points[at - 1].outputs), np.log(points[at].outputs)]
            return float(np.exp(ends[0] + share * (ends[1] - ends[0])))
    return float("nan")


def predicted(points: list[Point]) -> float:
    """Where they should cross: n times the ratio of the costs of a sweep, where there are many of both."""
    return INPUTS * float(np.median([point.sweeps for point in points if point.outputs >= INPUTS]))


def table(points: list[Point]) -> str:
    """A line for each number of outputs, and the crossing."""
    lines = [f"{'outputs':>7} {'kernel us':>10} {'forward us':>11} {'reverse us':>11} {'column / row':>13}  chosen"]
    for p in points:
        times = f"{1e6 * p.kernel:10.2f} {1e6 * p.forward:11.1f} {1e6 * p.reverse:11.1f}"
        lines.append(f"{p.outputs:7} {times} {p.sweeps:13.2f}  {p.chosen}")
    lines.append(f"crossing at {crossing(points):.0f} outputs, predicted at {predicted(points):.0f}")
    return "\n".join(lines)


def draw(points: list[Point], output: Path) -> None:
    """Times over the number of outputs, with the crossing, and which mode is chosen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    outputs = [point.outputs for point in points]
    chosen = [point.forward if point.chosen == "forward" else point.reverse for point in points]
    axes.plot(outputs, chosen, color="0.8", linewidth=9, solid_capstyle="round", label="jitad.jacobian chooses")
    axes.plot(outputs, [point.forward for point in points], "o-", markersize=5, label="jitad.jacfwd")
    axes.plot(outputs, [point.reverse for point in points], "s-", markersize=5, label="jitad.jacrev")
    axes.plot(outputs, [point.kernel for point in points], "k--", linewidth=1.3, label="the kernel itself")
    axes.axvline(crossing(points), color="0.4", linewidth=1.0, linestyle=":")
    axes.annotate(
        f"they cross at m = {crossing(points):.0f}",
        (crossing(points), 0.04),
        xycoords=("data", "axes fraction"),
        xytext=(6, 0),
        textcoords="offset points",
        color="0.3",
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("number of outputs m")
    axes.set_ylabel("seconds")
    axes.set_title(f"The Jacobian of A x with {INPUTS} inputs")
    axes.grid(alpha=0.3)
    axes.legend()
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(prog="python -m asv_benchmarks.jacobian_crossing", description=__doc__)
    parser.add_argument(
        "--output", type=Path, default=FIGURE, metavar="PNG", help="where to draw (default: %(default)s)"
    )
    chosen = parser.parse_args()
    points = [measure(outputs) for outputs in OUTPUTS]
    print(table(points))
    draw(points, chosen.output)
    print(f"figure: {chosen.output}")


if __name__ == "__main__":
    main()
