"""Whole Jacobians, over calls of the kernel, in both modes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .case import compiled
from .kernels.bundle_adjustment import (
    bundle_inputs,
    residual_jacobians,
    residuals,
)
from .kernels.kuramoto import kuramoto, kuramoto_inputs, kuramoto_jacobian_by_hand
from .kernels.matrix_vector import matrix_vector, matrix_vector_inputs
from .timing import Paired, paired

MODES = ("jacfwd", "jacrev", "jacobian")
BAR = 60.0
"""A dense Jacobian of 200 by 200 should cost at most so many calls of the kernel, and not 200."""

OUTPUTS = (10, 30, 100, 300, 1000)


class Kuramoto:
    """The dense Jacobian of 200 oscillators' rates by their phases."""

    params = MODES
    param_names = ("mode",)
    timeout = 300.0

    def setup(self, mode: str) -> None:
        self.arguments = kuramoto_inputs()
        self.primal = partial(compiled(kuramoto), *self.arguments)
        self.by_hand = partial(compiled(kuramoto_jacobian_by_hand), *self.arguments)
        self.jacobian = partial(_mode(mode)(kuramoto), *self.arguments)
        for call in (self.primal, self.by_hand, self.jacobian):
            call()

    def time_primal(self, mode: str) -> None:
        self.primal()

    def time_jacobian(self, mode: str) -> None:
        self.jacobian()

    def time_by_hand(self, mode: str) -> None:
        self.by_hand()

    def track_ratio(self, mode: str) -> float:
        """The Jacobian over one call of the kernel."""
        return self.ratio().ratio

    track_ratio.unit = "x"  # type: ignore[attr-defined]

    def ratio(self, budget: float = 1.0) -> Paired:
        """Times of the kernel and of the Jacobian."""
        return paired(self.primal, self.jacobian, budget)

    def track_error(self, mode: str) -> float:
        """The largest difference to the Jacobian written by hand, over its largest element."""
        expected = self.by_hand()
        return float(np.max(np.abs(self.jacobian() - expected)) / np.max(np.abs(expected)))

    track_error.unit = "relative"  # type: ignore[attr-defined]


class BundleAdjustment:
    """Many small Jacobians of 2 by 15 inside compiled code, by rows and by columns."""

    params = ("jacrev", "jacfwd")
    param_names = ("mode",)
    timeout = 300.0

    def setup(self, mode: str) -> None:
        self.arguments = bundle_inputs()
        self.primal = partial(compiled(residuals), *self.arguments)
        self.by_hand = partial(residual_jacobians(), *self.arguments)
        self.jacobian = partial(residual_jacobians(_mode(mode)), *self.arguments)
        for call in (self.primal, self.by_hand, self.jacobian):
            call()

    def time_primal(self, mode: str) -> None:
        self.primal()

    def time_jacobian(self, mode: str) -> None:
        self.jacobian()

    def time_by_hand(self, mode: str) -> None:
        self.by_hand()

    def track_ratio_to_hand(self, mode: str) -> float:
        """The Jacobians over those written by hand."""
        return self.ratio_by_hand().ratio

    track_ratio_to_hand.unit = "x"  # type: ignore[attr-defined]

    def ratio_by_hand(self, budget: float = 1.0) -> Paired:
        """Times of the Jacobians by hand and by jitad."""
        return paired(self.by_hand, self.jacobian, budget)

    def track_error(self, mode: str) -> float:
        """The largest difference to the Jacobians written by hand, over their largest element."""
        expected = self.by_hand()
        return float(np.max(np.abs(self.jacobian() - expected)) / np.max(np.abs(expected)))

    track_error.unit = "relative"  # type: ignore[attr-defined]


class Crossing:
    """The Jacobian of A x with 100 inputs: forward mode costs by the inputs, reverse mode by the outputs."""

    params = (MODES, OUTPUTS)
    param_names = ("mode", "outputs")

    def setup(self, mode: str, outputs: int) -> None:
        self.jacobian = partial(_mode(mode)(matrix_vector), *matrix_vector_inputs(outputs))
        self.jacobian()

    def time_jacobian(self, mode: str, outputs: int) -> None:
        self.jacobian()


def _mode(name: str) -> Any:
    import jitad

    return getattr(jitad, name)
