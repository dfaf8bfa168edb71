"""``jitad demo``: fit the Lotka-Volterra model to the Hudson's Bay Company's pelts."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jitad.demo import show
from jitad.demo.datasets import Pelts, load_pelts
from jitad.demo.predator_prey import DEVIATIONS, PARAMETERS, PUBLISHED, negative_log_posterior, trajectory

SUBSTEPS = 50
START = np.log([0.7, 0.02, 0.7, 0.02, 30.0, 4.0, 0.5, 0.5])


def fit(pelts: Pelts, substeps: int = SUBSTEPS) -> NDArray[np.float64]:
    """The most probable ``theta``, shape (8,), by L-BFGS-B with jitad's gradient.

    Raises RuntimeError when the optimiser doesn't converge.
    """
    from scipy.optimize import minimize

    import jitad

    gradient = jitad.value_and_grad(negative_log_posterior)

    def objective(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        return gradient(theta, pelts.hare, pelts.lynx, substeps)

    with show.Progress("fitting") as progress:
        result = minimize(
            objective,
            START,
            jac=True,
            method="L-BFGS-B",
            bounds=[(start - 2.5, start + 2.5) for start in START],
            callback=lambda intermediate_result: progress.advance(loss=intermediate_result.fun),
            options={"ftol": 1e-13, "gtol": 1e-7, "maxiter": 500},
        )
    if not result.success:
        raise RuntimeError(f"the fit did not converge: {result.message}")
    return result.x


def covariance(pelts: Pelts, theta: NDArray[np.float64], substeps: int = SUBSTEPS) -> NDArray[np.float64]:
    """The covariance of ``theta`` at the mode of the posterior, shape (8, 8), in Laplace's approximation.

    It is the inverse of the Hessian of the negative log posterior there (A. Gelman et al., *Bayesian Data Analysis*,
    3rd ed., section 4.1), symmetrised against rounding.
    """
    import jitad

    hessian = jitad.hessian(negative_log_posterior)(theta, pelts.hare, pelts.lynx, substeps)
    return np.linalg.inv(0.5 * (hessian + hessian.T))


def standard_errors(theta: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard errors of the parameters exp(theta), shape (8,), from the covariance ``spread`` of ``theta``."""
    return np.exp(theta) * np.sqrt(np.diag(spread))


def trajectory_errors(
    theta: NDArray[np.float64], spread: NDArray[np.float64], years: int, resolution: int
) -> NDArray[np.float64]:
    """Standard errors of the logarithms of ``trajectory``, in its shape, from the covariance of ``theta``.

    The change of the trajectory along each column of a square root of the covariance, added in squares.
    """
    total = np.zeros((years * resolution + 1, 2))
    for step in np.linalg.cholesky(spread).T:
        ratio = trajectory(theta + step, years, resolution) / trajectory(theta - step, years, resolution)
        total += np.square(0.5 * np.log(ratio))
    return np.sqrt(total)


def plot(pelts: Pelts, theta: NDArray[np.float64], spread: NDArray[np.float64], output: Path) -> None:
    """Write a picture of data and fit, both species, to ``output``, with a band of two standard errors of the fit."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    resolution = 50
    fitted = trajectory(theta, pelts.years.size - 1, resolution)
    factors = np.exp(2.0 * trajectory_errors(theta, spread, pelts.years.size - 1, resolution))
    times = pelts.years[0] + np.arange(fitted.shape[0]) / resolution
    figure = Figure(figsize=(9, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for name, data, curve, factor, colour in (
        ("hare", pelts.hare, fitted[:, 0], factors[:, 0], "tab:blue"),
        ("lynx", pelts.lynx, fitted[:, 1], factors[:, 1], "tab:orange"),
    ):
        axes.fill_between(times, curve / factor, curve * factor, color=colour, alpha=0.2, linewidth=0)
        axes.plot(times, curve, color=colour, label=f"{name}, fitted ± 2 s.e.")
        axes.plot(pelts.years, data, "o", color=colour, label=f"{name}, counted")
    axes.set_xlabel("year")
    axes.set_ylabel("pelts (thousands)")
    axes.set_xticks(pelts.years[::2])
    axes.set_ylim(0, 95)
    axes.set_title("Pelts of snowshoe hare and Canada lynx, and the Lotka-Volterra model fitted with jitad")
    axes.legend(ncols=4, loc="upper center")
    axes.grid(alpha=0.3)
    figure.savefig(output, dpi=120)


def run(output: Path) -> None:
    """Fit, check, time and plot; prints what it finds and writes the picture to ``output``."""
    import jitad
    from jitad.testing import finite_difference_gradient

    pelts = load_pelts()
    print("Hudson's Bay Company pelts of lynx and snowshoe hare, 1900 to 1920 (Hewitt 1921)")
    print("Model: Lotka-Volterra, RK4, log-normal errors.")
    print("The first run compiles the gradient; later runs find it in the cache.\n")
    began = time.perf_counter()
    theta = fit(pelts)
    print(f"fitted in {time.perf_counter() - began:.2f} s, compilation or cache look-up included\n")

    spread = covariance(pelts, theta)
    estimates = zip(PARAMETERS, np.exp(theta), standard_errors(theta, spread), PUBLISHED, DEVIATIONS, strict=True)
    print(
        show.table(
            ("parameter", "fitted (mode)", "standard error", "published (mean)", "standard deviation"),
            [
                (name, *(f"{number:.2g}" if at % 2 else f"{number:.4g}" for at, number in enumerate(numbers)))
                for name, *numbers in estimates
            ],
        )
    )
    print("standard errors: from the inverse of the Hessian of the negative log posterior at the mode")
    print("published: posterior means and deviations of B. Carpenter's Stan case study (2018)\n")

    gradient = jitad.value_and_grad(negative_log_posterior)
    print("the gradient of the negative log posterior at the start of the fit, by log parameter:")
    _, ours = gradient(START, pelts.hare, pelts.lynx, SUBSTEPS)
    differences = finite_difference_gradient(
        lambda point: negative_log_posterior(point, pelts.hare, pelts.lynx, SUBSTEPS), START, order=4
    )
    print(show.gradient_table(PARAMETERS, ours, differences))
    print()
    for substeps in (SUBSTEPS, 20 * SUBSTEPS):
        print(
            show.timing_line(
                f"{substeps * (pelts.years.size - 1)} RK4 steps",
                partial(negative_log_posterior, theta, pelts.hare, pelts.lynx, substeps),
                partial(gradient, theta, pelts.hare, pelts.lynx, substeps),
            )
        )
    plot(pelts, theta, spread, output)
    print(f"\nplot of data and fit: {output.resolve()}")
