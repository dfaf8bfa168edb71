"""Whether derivatives are what differences say, and if not, by which entry of the arguments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jitad.testing.space import Space, Vector

SAFETY = 10.0
"""So many times its own estimate may differences be off."""

JUDGED = 1e-4
"""Differences whose possible error is more than this part of the derivative can't judge it."""


ROUNDING = 100.0
"""So many rounding errors of the value, in its own scale, may a derivative have."""

LOST = 1e6
"""Derivatives that differ from zero by less than so many rounding errors of the value, in its own scale, are zero."""


@dataclass(frozen=True)
class Tolerance:
    """What may lie between a derivative and its differences, beyond the error of the differences."""

    rtol: float
    atol: float | None

    @property
    def enough(self) -> float:
        """The part of the largest derivative below which the error of differences doesn't matter."""
        return 1e-3 * self.rtol


@dataclass(frozen=True)
class Comparison:
    """Derivatives by jitad beside those by differences, an entry for each result; ``noise`` is rounding alone."""

    actual: Vector
    expected: Vector
    error: Vector
    step: Vector
    noise: Vector

    def allowed(self, tolerance: Tolerance) -> Vector:
        """How far apart each pair may be."""
        atol = tolerance.atol if tolerance.atol is not None else 1e-3 * tolerance.rtol * self.largest
        return tolerance.rtol * np.abs(self.expected) + atol + SAFETY * self.error + ROUNDING * self.noise

    @property
    def largest(self) -> float:
        """The size of the largest derivative by differences."""
        finite = np.abs(self.expected[np.isfinite(self.expected)])
        return float(np.max(finite, initial=0.0))

    def misfit(self, tolerance: Tolerance) -> Vector:
        """The distance of each pair in units of what is allowed: more than 1 is wrong."""
        distance = np.abs(self.actual - self.expected)
        with np.errstate(all="ignore"):
            ratio = distance / self.allowed(tolerance)
        ratio = np.where(distance == 0.0, 0.0, ratio)
        return np.where(np.isnan(ratio), math.inf, ratio)

    def doubt(self, tolerance: Tolerance) -> Vector:
        """The possible error of each difference in units of what can still judge: more than 1 is too much."""
        size = np.maximum(np.abs(self.expected), np.abs(self.actual))
        possible = SAFETY * self.error
        judging = max(JUDGED, tolerance.rtol) * np.maximum(size, 1e-3 * self.largest) + (tolerance.atol or 0.0)
        is_zero = (size <= possible) & (possible <= LOST * self.noise)
        with np.errstate(all="ignore"):
            ratio = possible / judging
        return np.where(is_zero | (possible == 0.0), 0.0, np.where(np.isnan(ratio), math.inf, ratio))


@dataclass(frozen=True)
class Judge:
    """Compares along directions in ``space``. ``name`` gives the results' names, ``what`` the mode and the order."""

    what: str
    space: Space
    name: Callable[[int], str]
    compare: Callable[[Vector], Comparison]
    tolerance: Tolerance

    def check(self, direction: Vector) -> None:
        """Raise AssertionError when a derivative along a direction is wrong or can't be told."""
        found = self.compare(direction)
        finite = np.isfinite(found.error)
        if np.any(finite & (found.misfit(self.tolerance) > 1.0)):
            self._wrong(self._narrowed(direction, lambda d: _finite_max(self.compare(d), self.tolerance)))
        if np.any(found.doubt(self.tolerance) > 1.0):
            self._doubtful(
                self._narrowed(direction, lambda d: float(np.max(self.compare(d).doubt(self.tolerance), initial=0.0)))
            )

    def refuse_kink(self, direction: Vector, gap: Callable[[Vector], Vector]) -> None:
        """Raise AssertionError when ``gap`` finds a kink along a direction."""
        if not np.any(gap(direction) > 0.0):
            return
        direction = self._narrowed(direction, lambda d: 2.0 if np.any(gap(d) > 0.0) else 0.0)
        gaps = gap(direction)
        at = int(np.argmax(gaps))
        raise AssertionError(
            f"{self.what}: {self.name(at)} has a kink at this point: its slopes on the two sides, by "
            f"{self.space.name_direction(direction)}, differ by {gaps[at] / abs(_size(direction)):.3g}. There is no "
            "derivative to compare with: check at another point."
        )

    def _narrowed(self, direction: Vector, severity: Callable[[Vector], float]) -> Vector:
        """The part of a direction, one entry if possible, along which ``severity`` stays above 1."""
        support = np.flatnonzero(direction)
        while support.size > 1:
            halves = []
            for part in (support[: support.size // 2], support[support.size // 2 :]):
                half = np.zeros_like(direction)
                half[part] = direction[part]
                halves.append((severity(half), part, half))
            worst, part, half = max(halves, key=lambda found: found[0])
            if worst <= 1.0:
                break
            direction, support = half, part
        return direction

    def _wrong(self, direction: Vector) -> None:
        found = self.compare(direction)
        at = int(np.argmax(np.where(np.isfinite(found.error), found.misfit(self.tolerance), 0.0)))
        size = _size(direction)
        actual, expected = found.actual[at] / size, found.expected[at] / size
        allowed = found.allowed(self.tolerance)[at] / abs(size)
        raise AssertionError(
            f"{self.what}: the derivative of {self.name(at)} by {self.space.name_direction(direction)} is "
            f"{actual:.12g}, but {expected:.12g} by differences ({_accuracy(found, at, size)}). They differ by "
            f"{abs(actual - expected):.3g}, and {allowed:.2g} is allowed."
        )

    def _doubtful(self, direction: Vector) -> None:
        found = self.compare(direction)
        at = int(np.argmax(found.doubt(self.tolerance)))
        size = _size(direction)
        raise AssertionError(
            f"{self.what}: differences can't tell the derivative of {self.name(at)} by "
            f"{self.space.name_direction(direction)}: it is {found.expected[at] / size:.6g} by them "
            f"({_accuracy(found, at, size)}), and {found.actual[at] / size:.12g} by jitad. Is the point at or near a "
            "discontinuity, a kink or a pole? Then check at another one. Does the kernel compute in single precision? "
            "Then allow more with rtol."
        )


def _accuracy(found: Comparison, at: int, size: float) -> str:
    step, error = found.step[at] * abs(size), found.error[at] / abs(size)
    return f"smallest step {step:.2g}, estimated error {error:.2g}"


def _finite_max(found: Comparison, tolerance: Tolerance) -> float:
    return float(np.max(np.where(np.isfinite(found.error), found.misfit(tolerance), 0.0), initial=0.0))


def _size(direction: Vector) -> float:
    """What to divide by for the derivative by an entry: its own component, or 1 for several."""
    support = np.flatnonzero(direction)
    return float(direction[support[0]]) if support.size == 1 else 1.0
