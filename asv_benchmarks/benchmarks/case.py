"""A benchmark case: a kernel with inputs, and the bar for its gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

import numpy as np

from .timing import Paired, paired

HAND_BAR = 1.15
"""``gradient time / time of the adjoint written by hand`` should be at most this, wherever there is one."""


@dataclass(frozen=True)
class Case:
    """``gradient time / primal time`` of a kernel should be at most ``bar``, if there is a bar.

    ``primal`` is what the gradient is measured against when that isn't the kernel itself. ``by_hand`` has the
    kernel's arguments and returns its value and a tuple of its gradients, one for each of ``argnums``. Differences that
    check gradients have this ``step``, times the largest argument: short where kinks are near.
    """

    name: str
    kernel: Callable[..., Any]
    inputs: Callable[[], tuple[Any, ...]]
    argnums: tuple[int, ...]
    bar: float = inf
    primal: Callable[..., Any] | None = None
    by_hand: Callable[..., Any] | None = None
    step: float = 1e-4


class Prepared:
    """A case with everything compiled; ``primal``, ``gradient`` and ``by_hand`` (or None) are calls to time."""

    def __init__(self, case: Case, *, parallel: bool = False) -> None:
        import jitad

        self.case = case
        self.arguments = case.inputs()
        self._value = compiled(case.kernel)
        gradient = jitad.value_and_grad(case.kernel, argnums=case.argnums, parallel=parallel)
        self.gradient = partial(gradient, *self.arguments)
        self.primal = partial(compiled(case.primal or case.kernel), *self.arguments)
        self.by_hand = partial(compiled(case.by_hand), *self.arguments) if case.by_hand else None
        for call in filter(None, (self.primal, self.gradient, self.by_hand)):
            call()

    def ratio(self, budget: float = 1.0) -> Paired:
        """The gradient's time over the compiled primal's."""
        return paired(self.primal, self.gradient, budget)

    def ratio_by_hand(self, budget: float = 1.0) -> Paired:
        """The gradient's time over that of the adjoint written by hand."""
        assert self.by_hand is not None
        return paired(self.by_hand, self.gradient, budget)

    def error(self, gradient: Callable[[], Any] | None = None) -> float:
        """Relative error of the gradient along a random direction, against fourth-order differences."""
        _, gradients = (gradient or self.gradient)()
        rng = np.random.default_rng(5)
        direction = {at: rng.normal(size=np.shape(self.arguments[at])) for at in self.case.argnums}
        claimed = sum(float(np.sum(direction[at] * g)) for at, g in zip(self.case.argnums, gradients, strict=True))
        step = self.case.step * min(1.0, _scale([self.arguments[at] for at in self.case.argnums]))
        terms = ((1.0, -2.0), (-8.0, -1.0), (8.0, 1.0), (-1.0, 2.0))
        found = sum(weight * self._moved(direction, multiple * step) for weight, multiple in terms) / (12.0 * step)
        return abs(claimed - found) / max(abs(found), 1e-12)

    def _moved(self, direction: dict[int, Any], step: float) -> float:
        moved = list(self.arguments)
        for at, along in direction.items():
            moved[at] = moved[at] + step * along if np.ndim(along) else moved[at] + step * float(along)
        return float(self._value(*moved))


def _scale(values: list[Any]) -> float:
    return max(float(np.max(np.abs(v))) for v in values) or 1.0


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel as a Numba user would compile it, without the checks for division by zero that jitad leaves out too."""
    from numba import njit

    return njit(error_model="numpy")(function)
