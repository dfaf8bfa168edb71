"""What is said about a primitive that fails its checks, and when two numbers agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from jitad.testing.differences import Estimate
from jitad.testing.judge import ROUNDING, SAFETY
from jitad.testing.primitive_kernels import Trial
from jitad.testing.space import Vector

SINGLE_RTOL = 1e-4
"""What is computed in float32 may be off by this part."""


@dataclass(frozen=True)
class Place:
    """Where a check is: the primitive with its arguments, and the ``form`` that these are given in."""

    trial: Trial
    form: str = ""

    def fail(self, rule: str, what: str) -> NoReturn:
        """Raise AssertionError about a rule."""
        form = f" {self.form}" if self.form else ""
        raise AssertionError(f"primitive {self.trial.primitive.name!r}, {rule}, at {self.trial}{form}: {what}")

    def agree(
        self,
        rule: str,
        actual: Any,
        expected: Any,
        rtol: float,
        name: Callable[[int], str],
        whose: tuple[str, str],
        size: Any = 0.0,
    ) -> None:
        """Fail unless numbers agree within ``rtol`` of the largest or of ``size``; ``whose`` says whose they are."""
        actual, expected = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
        scale = np.maximum(_largest(expected), size)
        with np.errstate(all="ignore"):
            close = np.abs(actual - expected) <= rtol * np.maximum(np.abs(expected), scale)
        close |= (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        for at in np.flatnonzero(~close)[:1]:
            first, second = np.ravel(actual)[at], np.ravel(expected)[at]
            self.fail(rule, f"{name(int(at))} is {first:.12g} {whose[0]}, but {second:.12g} {whose[1]}.")

    def by_differences(
        self,
        rule: str,
        actual: Vector,
        expected: Estimate,
        value: Vector,
        noise: Vector,
        rtol: float,
        name: Callable[[int], str],
    ) -> None:
        """Fail unless derivatives agree with differences within ``rtol``, or when these can't tell."""
        found = self.misfit(actual, expected, value, noise, rtol)
        if found is None:
            return
        at, can_tell = found
        error = np.ravel(expected.error)[at]
        first, second = np.ravel(actual)[at], np.ravel(expected.value)[at]
        if can_tell:
            self.fail(
                rule,
                f"the derivative of {name(at)} is {first:.12g}, but {second:.12g} by differences (estimated error "
                f"{error:.2g}).",
            )
        self.fail(
            rule,
            f"differences can't tell the derivative of {name(at)} to {rtol:.2g}: it is {second:.12g} by them "
            f"(estimated error {error:.2g}), and {first:.12g} by the rule. Is the point at or near a kink, a jump, a "
            "pole? Then state another case. Is the function computed less accurately? Then allow more with rtol.",
        )

    @staticmethod
    def misfit(
        actual: Vector, expected: Estimate, value: Vector, noise: Vector, rtol: float
    ) -> tuple[int, bool] | None:
        """The entry that is wrong (True), or that can't be told (False); None when all is well."""
        wanted, error = np.ravel(expected.value), np.ravel(expected.error)
        scale = max(_largest(wanted[np.isfinite(error)]), _largest(value))
        with np.errstate(all="ignore"):
            allowed = rtol * np.abs(wanted) + 1e-3 * rtol * scale + SAFETY * error + ROUNDING * noise
            wrong = np.isfinite(error) & ~(np.abs(np.ravel(actual) - wanted) <= allowed)
            untold = ~(SAFETY * error <= rtol * scale) & (error > 0.0)
        for mask, can_tell in ((wrong, True), (untold, False)):
            if np.any(mask):
                return int(np.flatnonzero(mask)[0]), can_tell
        return None


def _largest(values: Any) -> float:
    finite = np.abs(values[np.isfinite(values)]) if np.ndim(values) else np.abs(values)
    return float(np.max(finite, initial=0.0))
