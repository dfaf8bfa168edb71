"""What the demonstrations minimise, with their data."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.demo.city_map import stress
from jitad.demo.datasets import load_pelts, load_road_distances
from jitad.demo.lynx import START, SUBSTEPS
from jitad.demo.predator_prey import negative_log_posterior

posterior = getattr(negative_log_posterior, "py_func", negative_log_posterior)
map_stress = getattr(stress, "py_func", stress)


def posterior_inputs() -> tuple[Any, ...]:
    """The real counts and the fit's starting point."""
    pelts = load_pelts()
    return np.array(START), pelts.hare, pelts.lynx, SUBSTEPS


def map_inputs(copies: int = 20) -> tuple[Any, ...]:
    """A random map, and the real road distances in thousands of kilometres, repeated: one map is too little work."""
    distances = np.tile(load_road_distances().kilometres / 1000.0, (copies, copies))
    return np.random.default_rng(1).normal(size=(distances.shape[0], 2)), distances
