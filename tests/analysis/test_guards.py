"""Products are guarded where a value may be left out, and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jitad.primitives import guarded
from jitad.program.statements import Compute, walk
from jitad.transforms.adjoint import adjoint
from jitad.transforms.tangent import tangent
from tests.reading.driver import read


def count(program: Any) -> int:
    """How many guarded products a program has."""
    return sum(isinstance(s, Compute) and s.primitive is guarded.times for s in walk(program.body))


def straight(x):
    return np.sum(np.log(x) / x + np.sqrt(x) * np.exp(x))


def chosen(x):
    y = np.where(x > 1.0, np.log(x), x * x)
    return np.sum(y * y)


def limited(x):
    return np.sum(np.maximum(np.exp(x), 2.0))


def branching(x):
    y = math.log(x) if x > 0.5 else 0.0
    return y * y


def tame(x):
    return np.sum(np.maximum(np.sin(x) * x**3 / 2.0, 0.1))


@pytest.mark.parametrize(
    ("kernel", "arg", "is_guarded"),
    [
        (straight, np.ones(3), False),
        (chosen, np.ones(3), True),
        (limited, np.ones(3), True),
        (branching, 1.0, True),
        (tame, np.ones(3), False),
    ],
)
def test_guards_in_the_reverse_sweep(kernel: Callable[..., Any], arg: Any, is_guarded: bool) -> None:
    assert (count(adjoint(read(kernel, arg).program, (0,)).program) > 0) is is_guarded


def test_seeds_and_directions_guard_what_is_finite_at_its_pole() -> None:
    program = read(lambda x: np.sqrt(x) + np.log(x), np.ones(3)).program
    assert count(adjoint(program, (0,), seeded=True).program) == 1
    assert count(tangent(program, (0,)).program) == 1
