"""Calls of NumPy functions in kernels: arguments for them, and the table that they are put in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

random = np.random.default_rng(7)


def _apart(*shape: int) -> np.ndarray:
    """Numbers of both signs, in no order, apart from zero, from each other, and from halves."""
    size = int(np.prod(shape))
    return random.permutation(np.linspace(-1.43, 1.61, size)).reshape(shape)


V, W = _apart(6), _apart(6) + 0.017
M = _apart(4, 6)
T = _apart(2, 4, 3)
P = 0.4 + np.abs(_apart(6))
"""Positive numbers."""
C = np.array([0.5, -1.2, 2.0, 0.5, 0.9])
"""Numbers two of which are equal."""
N = np.array([0.7, np.nan, -0.4, 1.9, np.nan, 0.2])
S = 1.3
I = np.array([3, 0, -1, 3])  # noqa: E741


@dataclass(frozen=True)
class Call:
    """A kernel that calls a NumPy function, and its arguments."""

    name: str
    kernel: Callable[..., Any]
    args: tuple[Any, ...]
    is_smooth: bool = True
    """False where the arguments are at a jump, so that there are no differences to compare with."""


CALLS: dict[str, Call] = {}
"""The calls, by the name of the function."""


def case(name: str, kernel: Callable[..., Any], *args: Any, is_smooth: bool = True) -> None:
    """Put a call in the table."""
    if name in CALLS:
        raise ValueError(f"two calls of {name}")
    CALLS[name] = Call(name, kernel, args, is_smooth)
