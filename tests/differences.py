"""Derivatives of programs by differences, accurate enough to test adjoints at the precision of float64.

The evaluator runs a program in extended precision. Central differences at four step sizes, extrapolated, leave an
error of order h^8 in the truncation and of 1e-19 / h in the rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.program.evaluator import evaluate
from jitad.testing.differences import Estimate, differentiate
from jitad.transforms.expand import expand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitad.program.statements import Program

STEP = 2.0**-9
LEVELS = 4


def directional(program: Program, args: Sequence[Any], weights: Sequence[Any], direction: Sequence[Any]) -> Estimate:
    """The derivative of the weighted sum of ``program``'s results as ``args`` move along ``direction``.

    ``weights`` has one entry per result and ``direction`` one per argument: None, a number, or an array of the shape
    of its counterpart; None is not differentiated and doesn't move.
    """
    program = expand(program)

    def along(t: np.longdouble) -> np.longdouble:
        moved = [_moved(arg, d, t) for arg, d in zip(args, direction, strict=True)]
        total = np.longdouble(0)
        for weight, result in zip(weights, evaluate(program, moved, precision="longdouble"), strict=True):
            if weight is not None:
                total += np.sum(np.asarray(result, dtype=np.longdouble) * np.asarray(weight))
        return total

    return differentiate(along, STEP, levels=LEVELS, dtype=np.longdouble)


def entries(program: Program, args: Sequence[Any], weights: Sequence[Any], position: int) -> tuple[Any, Any]:
    """The derivative by every entry of the argument at ``position``, and the error of each, in its shape."""
    program, shape = expand(program), np.shape(args[position])
    values, errors = np.zeros(shape), np.zeros(shape)
    for index in np.ndindex(shape):
        unit = np.zeros(shape)
        unit[index] = 1.0
        direction = [unit if i == position else None for i in range(len(args))]
        estimate = directional(program, args, weights, direction)
        values[index], errors[index] = estimate.value, estimate.error
    return values, errors


def _moved(arg: Any, direction: Any, t: np.longdouble) -> Any:
    """``arg + t * direction`` in extended precision, in a fresh array that keeps the order of the axes."""
    if direction is None:
        return arg.copy(order="K") if isinstance(arg, np.ndarray) else arg
    if isinstance(arg, np.ndarray):
        moved = arg.astype(np.longdouble, order="K")
        moved += t * np.asarray(direction)
        return moved
    return np.longdouble(arg) + t * np.longdouble(direction)


def assert_close(actual: Any, expected: Any, error: Any, tolerance: float, scale: float, what: str) -> None:
    """Fail unless ``actual`` is ``expected`` within ``tolerance`` times ``scale`` (the derivative's largest entry).

    Fails as well when the differences themselves are too inaccurate to tell.
    """
    actual, expected = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    assert actual.shape == expected.shape, f"{what} has shape {actual.shape}, not {expected.shape}"
    allowed = tolerance * max(scale, 1e-3)
    assert np.all(np.asarray(error) <= allowed / 3), (
        f"differences for {what} are off by {np.max(error)}: a kink nearby?"
    )
    worst = np.max(np.abs(actual - expected), initial=0.0)
    assert np.all(np.isfinite(actual)) and worst <= allowed, (
        f"{what} is wrong by {worst:.3g} (allowed {allowed:.3g}):\n{actual}\nby differences:\n{expected}"
    )
