"""Derivatives along a direction: ``jvp`` over the kernel, ``hvp`` over the gradient."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .case import Case, Prepared
from .catalogue import LOOPS
from .timing import Paired, paired

JVP_BAR = 2.0
"""Value and tangent should take at most so many times what the kernel takes."""

HVP_BAR = 2.5
"""A product of the Hessian with a vector should take at most so many times what the gradient takes."""

CASES = tuple(case for case in LOOPS if case.name.startswith(("Lorenz", "Rosenbrock")))


class Directed:
    """A case with its derivatives along a random direction compiled."""

    def __init__(self, case: Case) -> None:
        import jitad

        prepared = Prepared(case)
        self.primal, self.gradient = prepared.primal, prepared.gradient
        rng = np.random.default_rng(7)
        primals, self._argnums = prepared.arguments, case.argnums
        self._direction = tuple(_direction(rng, primals[at]) for at in case.argnums)
        self.jvp = partial(jitad.jvp, case.kernel, primals, self._direction, case.argnums)
        self.hvp = partial(jitad.hvp, case.kernel, primals, self._direction, case.argnums)
        for call in (self.jvp, self.hvp):
            call()

    def jvp_ratio(self, budget: float = 1.0) -> Paired:
        """The time of ``jvp`` over the kernel's."""
        return paired(self.primal, self.jvp, budget)

    def hvp_ratio(self, budget: float = 1.0) -> Paired:
        """The time of ``hvp`` over the gradient's."""
        return paired(self.gradient, self.hvp, budget)

    def error(self, what: str) -> float:
        """Relative difference of ``jvp`` to the gradient's product with the direction, or of ``hvp`` to differences."""
        if what == "jvp":
            found, expected = self.jvp()[1], self._along(self.gradient()[1])
        else:
            step = 1e-5
            moved = [self._moved(sign * step) for sign in (1.0, -1.0)]
            found, expected = self._along(self.hvp()), (self._along(moved[0]) - self._along(moved[1])) / (2.0 * step)
        return float(abs(found - expected) / max(abs(expected), 1e-300))

    def _along(self, gradients: Any) -> Any:
        return sum(np.sum(g * d) for g, d in zip(gradients, self._direction, strict=True))

    def _moved(self, step: float) -> Any:
        """The gradient at a point that is moved along the direction."""
        arguments = list(self.gradient.args)
        for at, along in zip(self._argnums, self._direction, strict=True):
            arguments[at] = arguments[at] + step * along
        return self.gradient.func(*arguments)[1]


class Directions:
    """``jvp`` and ``hvp`` on loops."""

    params = tuple(case.name for case in CASES)
    param_names = ("kernel",)
    timeout = 300.0

    def setup(self, name: str) -> None:
        self.directed = Directed(next(case for case in CASES if case.name == name))

    def time_jvp(self, name: str) -> None:
        self.directed.jvp()

    def time_hvp(self, name: str) -> None:
        self.directed.hvp()

    def track_jvp_ratio(self, name: str) -> float:
        return self.directed.jvp_ratio().ratio

    track_jvp_ratio.unit = "x"  # type: ignore[attr-defined]

    def track_hvp_ratio(self, name: str) -> float:
        return self.directed.hvp_ratio().ratio

    track_hvp_ratio.unit = "x"  # type: ignore[attr-defined]


def _direction(rng: np.random.Generator, primal: Any) -> Any:
    drawn = rng.normal(size=np.shape(primal))
    return drawn if np.ndim(primal) else float(drawn)
