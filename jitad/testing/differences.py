"""Derivatives by differences, each with an estimate of its own error.

Central differences at shrinking steps are extrapolated after Richardson, and of the whole table the entry with the
least error estimate is taken (C. J. F. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", *Advances in
Engineering Software* 4, 1982). What the derivative is expected to be plays no part in the choice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

FIRST_STEP = 1.0 / 14.0
LEVELS = 22
SQUARED_RATIO = 5.0
"""Steps shrink by its root: by no ratio of small integers, or evenly spaced jumps would look like a straight line."""

COLUMNS = 5
LEAST_LEVELS = 4

CONVERGED = 1e-3
MOST_WORSENINGS = 3
"""Once the error is below a part of ``CONVERGED`` and has grown at so many steps in a row, the rest is noise."""


@dataclass(frozen=True)
class Estimate:
    """A derivative, how far it may be off, and the smallest step that it was made from.

    Each is a float, or an array with an entry for each entry of the function's result.
    """

    value: Any
    error: Any
    step: Any


def differentiate(
    function: Callable[[Any], Any],
    step: float = FIRST_STEP,
    *,
    levels: int = LEVELS,
    enough: float = 0.0,
    dtype: Any = np.float64,
    epsilon: Any = None,
    noise: Any = 0.0,
) -> Estimate:
    """The derivative at 0 of a function of one number ``t`` of type ``dtype``, with values of any one shape.

    The steps shrink from ``step`` by a fixed ratio, ``levels`` of them, or fewer once the errors of all entries are
    below ``enough`` times the largest derivative. ``epsilon`` is the relative rounding error of the function's values
    (by default that of ``dtype``), ``noise`` the least absolute one. Values that aren't finite are steps that can't be
    used. The error estimate is the larger distance of an extrapolation from the two that it is made from (Ridders'
    choice), plus the rounding error of a difference; it is infinite where too few steps could be used.

    >>> estimate = differentiate(lambda t: (1.0 + t) ** 5)
    >>> bool(abs(estimate.value - 5.0) < estimate.error < 1e-12)
    True
    """
    epsilon = float(np.finfo(dtype).eps) if epsilon is None else epsilon
    h = np.dtype(dtype).type(step)
    previous: list[Any] = []
    with np.errstate(all="ignore"):
        for level in range(levels):
            above, below = np.asarray(function(h)), np.asarray(function(-h))
            rounding = np.maximum(epsilon * np.maximum(np.abs(above), np.abs(below)), noise) / h
            row = [(above - below) / (2 * h)]
            if level == 0:
                value, steps = np.full(row[0].shape, math.nan, dtype), np.full(row[0].shape, h)
                error, last_error = np.full((2, *row[0].shape), math.inf)
                worsenings = np.zeros(row[0].shape, np.int64)
            least = np.full(row[0].shape, math.inf)
            for k in range(min(level, COLUMNS)):
                row.append(row[k] + (row[k] - previous[k]) / (SQUARED_RATIO ** (k + 1) - 1.0))
                if k > 0:  # two differences may agree by chance, across a jump
                    spread = np.maximum(abs(row[k + 1] - row[k]), abs(row[k + 1] - previous[k])) + rounding
                    closer = (spread < error) & (worsenings < MOST_WORSENINGS)
                    value, error, steps = (
                        np.where(closer, new, old) for new, old in ((row[k + 1], value), (spread, error), (h, steps))
                    )
                    least = np.fmin(least, spread)
            has_converged = error <= CONVERGED * np.abs(value)
            worsened = has_converged & (least > last_error)
            worsenings = np.where(worsenings >= MOST_WORSENINGS, worsenings, np.where(worsened, worsenings + 1, 0))
            if level + 1 >= LEAST_LEVELS and np.all(error <= enough * np.max(np.abs(value), initial=0.0)):
                break
            previous, last_error, h = row, least, h / np.sqrt(np.dtype(dtype).type(SQUARED_RATIO))
    return Estimate(*(part.astype(np.float64)[()] for part in (value, error, steps)))


def kink_gap(function: Callable[[Any], Any], centre: Any, noise: Any) -> Any:
    """How far the slopes of a function on the two sides of 0 differ, where they do; 0 where it is smooth.

    ``centre`` is the function's value at 0, and ``noise`` the rounding error of its values. The second difference
    over the step, |f(h) - 2 f(0) + f(-h)| / h, shrinks with h where f is smooth, stays at a kink, and grows at a jump.

    >>> float(kink_gap(lambda t: 3.0 * abs(t) + t, 0.0, 1e-16))
    6.0
    """
    gaps = []
    large, small = 1e-2, 1e-5
    with np.errstate(all="ignore"):
        for h in (large, small):
            above, below = np.asarray(function(h)), np.asarray(function(-h))
            gaps.append(np.abs(above - 2 * centre + below) / h)
        slope = np.max(np.abs(above - below), initial=0.0) / (2 * small)
        stays = (gaps[1] > 0.5 * gaps[0]) & (gaps[1] < 2.0 * gaps[0])
        is_kink = stays & (gaps[1] > 1e3 * noise / small) & (gaps[1] > 1e-3 * slope)
    return np.where(is_kink, gaps[1], 0.0)
