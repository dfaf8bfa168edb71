"""``jitad demo cities``: recover a map of Europe from road distances alone."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jitad.demo import show
from jitad.demo.city_map import map_distances, stress, with_north_up
from jitad.demo.datasets import RoadDistances, load_road_distances

RESTARTS = 10
UNIT = 1000.0  # kilometres; keeps the numbers near one for the optimiser

# Distances can't tell where north is, nor a map from its mirror image: two cities' bearing and one city's side do.
SOUTH, NORTH, EASTERN = "Gibraltar", "Stockholm", "Athens"
SOUTH_LATITUDE, SOUTH_LONGITUDE = math.radians(36.14), math.radians(-5.35)
NORTH_LATITUDE, NORTH_LONGITUDE = math.radians(59.33), math.radians(18.07)


class Map(NamedTuple):
    """Positions in kilometres (east, north), shape (n, 2); the stress in km^4; starts that ended there."""

    positions: NDArray[np.float64]
    stress: float
    agreeing: int


def _bearing() -> float:
    """The bearing of Stockholm from Gibraltar on a flat map whose scale is right midway between them."""
    east = (NORTH_LONGITUDE - SOUTH_LONGITUDE) * math.cos(0.5 * (NORTH_LATITUDE + SOUTH_LATITUDE))
    return math.atan2(east, NORTH_LATITUDE - SOUTH_LATITUDE)


def recover(roads: RoadDistances, restarts: int = RESTARTS, seed: int = 0) -> Map:
    """The map with the least stress of ``restarts`` random starts, by L-BFGS-B with jitad's gradient."""
    from scipy.optimize import minimize

    import jitad

    count = len(roads.cities)
    distances = roads.kilometres / UNIT
    gradient = jitad.value_and_grad(stress)

    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = gradient(flat.reshape(count, 2), distances)
        return value, slope.ravel()

    generator = np.random.default_rng(seed)
    results = []
    with show.Progress(f"placing {count} cities, {restarts} starts") as progress:
        for _ in range(restarts):
            results.append(
                minimize(
                    objective,
                    generator.normal(size=2 * count),
                    jac=True,
                    method="L-BFGS-B",
                    callback=lambda intermediate_result: progress.advance(loss=intermediate_result.fun),
                    options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 2000},
                )
            )
    best = min(results, key=lambda result: result.fun)
    agreeing = sum(result.fun < best.fun * (1 + 1e-6) for result in results)
    south, north, eastern = (roads.cities.index(city) for city in (SOUTH, NORTH, EASTERN))
    positions = with_north_up(best.x.reshape(count, 2) * UNIT, south, north, _bearing(), eastern)
    return Map(positions, best.fun * UNIT**4, agreeing)


def label_sides(names: Sequence[str], positions: NDArray[np.float64]) -> list[tuple[int, int]]:
    """For each place the side of its label, (1 right or -1 left, 1 above or -1 below), so that few labels collide."""
    letter, height, gap = 46.0, 130.0, 40.0  # kilometres on the plot
    boxes = [(x - gap, y - gap, x + gap, y + gap) for x, y in positions]
    sides = []
    for own, (name, (x, y)) in enumerate(zip(names, positions, strict=True)):
        candidates: list[tuple[int, int, tuple[int, int], tuple[float, float, float, float]]] = []
        for right, above in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            xs = sorted((x + right * gap, x + right * (gap + letter * len(name))))
            ys = sorted((y, y + above * height))
            box = (xs[0], ys[0], xs[1], ys[1])
            hits = sum(
                box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
                for k, other in enumerate(boxes)
                if k != own
            )
            candidates.append((hits, len(candidates), (right, above), box))
        _, _, side, box = min(candidates)
        sides.append(side)
        boxes.append(box)
    return sides


def plot(roads: RoadDistances, recovered: Map, output: Path) -> None:
    """Write the recovered map, with names, to ``output``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    east, north = recovered.positions.T
    axes.plot(east, north, "o", color="tab:red")
    sides = label_sides(roads.cities, recovered.positions)
    for city, x, y, (right, above) in zip(roads.cities, east, north, sides, strict=True):
        axes.annotate(
            city,
            (x, y),
            xytext=(5 * right, 4 * above),
            textcoords="offset points",
            ha="left" if right > 0 else "right",
            va="bottom" if above > 0 else "top",
        )
    axes.set_aspect("equal")
    axes.margins(0.12)
    axes.grid(alpha=0.3)
    axes.set_xlabel("east (road km)")
    axes.set_ylabel("north (road km)")
    axes.set_title("European cities placed by their road distances alone, with jitad's gradients")
    figure.savefig(output, dpi=120)


def run(output: Path) -> None:
    """Recover, check, time and plot; prints what it finds and writes the picture to ``output``."""
    import jitad
    from jitad.testing import finite_difference_gradient

    roads = load_road_distances()
    count = len(roads.cities)
    pairs = count * (count - 1) // 2
    print(f"Road distances between {count} European cities, {pairs} pairs (The Cambridge Encyclopaedia, 1990)\n")
    began = time.perf_counter()
    recovered = recover(roads)
    print(f"placed in {time.perf_counter() - began:.2f} s, compilation or cache look-up included")
    print(f"{recovered.agreeing} of {RESTARTS} random starts reach the best map\n")

    errors = np.triu(map_distances(recovered.positions) - roads.kilometres)
    i, j = np.unravel_index(np.abs(errors).argmax(), errors.shape)
    print(f"stress: {recovered.stress:.6g} km^4; root mean square error of a distance:", end=" ")
    print(f"{math.sqrt((errors**2).sum() / pairs):.0f} km")
    print(
        f"worst pair: {roads.cities[i]} to {roads.cities[j]}, {roads.kilometres[i, j]:.0f} km by road,"
        f" {roads.kilometres[i, j] + errors[i, j]:.0f} km on the map\n"
    )

    gradient = jitad.value_and_grad(stress)
    point = np.random.default_rng(1).normal(size=(count, 2))
    distances = roads.kilometres / UNIT
    _, ours = gradient(point, distances)
    differences = finite_difference_gradient(lambda positions: stress(positions, distances), point, order=4)
    print("the gradient of the stress at a random map, first entries:")
    names = [f"{city}, {axis}" for city in roads.cities for axis in ("east", "north")]
    print(show.gradient_table(names[:8], ours.ravel()[:8], differences.ravel()[:8]))
    print(f"largest relative error of all {2 * count}: {show.relative_errors(ours, differences).max():.1e}\n")
    print(show.timing_line(f"{pairs} pairs", lambda: stress(point, distances), lambda: gradient(point, distances)))
    plot(roads, recovered, output)
    print(f"\nmap: {output.resolve()}")
