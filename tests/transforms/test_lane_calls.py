"""Calls of libraries on arrays with lanes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.queries import walk
from jitad.program.statements import Call, Program, Release
from tests.transforms.in_lanes import with_lanes


def calls(program: Program) -> list[Call]:
    return [statement for statement in walk(program.body) if isinstance(statement, Call)]


def times(a, b):
    return a @ b


def twice(a, b):
    total = a @ b
    for _ in range(2):
        total += a @ b
    return total


SHAPES = [((3, 4), (4, 2)), ((3, 4), (4,)), ((4,), (4, 2)), ((4,), (4,)), ((0, 4), (4, 2)), ((3, 0), (0, 2))]


def laid_out(shape: tuple[int, ...], layout: str) -> np.ndarray:
    array = np.random.default_rng(5).uniform(0.5, 1.5, shape)
    if layout == "A":
        return np.repeat(array, 2, axis=0)[::2]
    return np.asarray(array, order="F" if layout == "F" else "C")


@pytest.mark.parametrize("layout", ["C", "F", "A"])
@pytest.mark.parametrize("moving", [(0,), (1,)])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_a_product_with_lanes_makes_no_copies(shapes: Any, moving: tuple[int], layout: str) -> None:
    args = [laid_out(shape, "C" if at in moving and layout == "A" else layout) for at, shape in enumerate(shapes)]
    for function in (times, twice):
        made = with_lanes(function, args, moving)
        assert not any(isinstance(statement, Release) for statement in walk(made.body))


@pytest.mark.parametrize("moving", [(0,), (1,)])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_a_compiled_product_with_lanes(shapes: Any, moving: tuple[int]) -> None:
    with_lanes(twice, [laid_out(shape, "C") for shape in shapes], moving, compiled=True)


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_any_other_call_is_made_for_each_lane(shapes: Any) -> None:
    args = [laid_out(shape, "F") for shape in shapes]
    for function in (times, twice):
        made = with_lanes(function, args, (0, 1), compiled=True)
        copies = [statement for statement in walk(made.body) if isinstance(statement, Release)]
        assert len(copies) == len(calls(made))
        assert all(len(call.outs) == 1 for call in calls(made))
