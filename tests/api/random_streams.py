"""Random streams in tests: seeded before a call, and looked at after it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np


def following() -> tuple[float, float, float]:
    """The next numbers of both generators of Python."""
    return np.random.normal(), np.random.random(), random.random()


def seeded(function: Callable[..., Any], *args: Any, seed: int = 5) -> tuple[Any, tuple[float, float, float]]:
    """What a call with seeded generators gives, and the numbers that they give after it."""
    np.random.seed(seed)
    random.seed(seed)
    found = function(*args)
    return found, following()


def differences(function: Callable[..., Any], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences with the same random numbers on both sides; the last axis is along ``x``."""
    columns = []
    for at in range(x.size):
        moved = step * np.eye(x.size)[at]
        above, below = seeded(function, x + moved)[0], seeded(function, x - moved)[0]
        columns.append((above - below) / (2.0 * step))
    return np.stack(columns, axis=-1)
