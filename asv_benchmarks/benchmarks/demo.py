"""The demonstrations' kernels: time of value and gradient over time of the compiled kernel."""

import numpy as np

import jitad
from jitad.demo.city_map import stress
from jitad.demo.datasets import load_pelts, load_road_distances
from jitad.demo.lynx import START
from jitad.demo.predator_prey import negative_log_posterior
from jitad.demo.show import median_seconds


class PredatorPrey:
    """RK4 and likelihood, 21 years; the parameter is the number of RK4 steps a year."""

    params = (50, 1000)
    param_names = ("substeps",)

    def setup(self, substeps: int) -> None:
        pelts = load_pelts()
        self.arguments = (START, pelts.hare, pelts.lynx, substeps)
        self.gradient = jitad.value_and_grad(negative_log_posterior)
        self.gradient(*self.arguments)
        negative_log_posterior(*self.arguments)

    def time_gradient(self, substeps: int) -> None:
        self.gradient(*self.arguments)

    def track_ratio(self, substeps: int) -> float:
        kernel = median_seconds(lambda: negative_log_posterior(*self.arguments), budget=1.0)
        return median_seconds(lambda: self.gradient(*self.arguments), budget=1.0) / kernel

    track_ratio.unit = "gradient time / kernel time"  # type: ignore[attr-defined]


class CityMap:
    """The stress of a map of 21 cities."""

    def setup(self) -> None:
        distances = load_road_distances().kilometres / 1000.0
        self.arguments = (np.random.default_rng(1).normal(size=(21, 2)), distances)
        self.gradient = jitad.value_and_grad(stress)
        self.gradient(*self.arguments)

    def time_gradient(self) -> None:
        self.gradient(*self.arguments)
