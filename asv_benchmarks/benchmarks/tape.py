"""Bytes on the tape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .catalogue import ALL, case_named
from .family import names

GRID = 8 * 150 * 150


@dataclass(frozen=True)
class Limit:
    """At most ``bytes`` on the tape, and why so many; ``more`` says what a gradient keeps beyond that, and why."""

    bytes: int
    why: str
    more: str = ""

    def note(self, peak: int) -> str:
        """The reasons for so many bytes."""
        return f"{self.why}; more: {self.more}" if peak > self.bytes and self.more else self.why


_MIXTURE = "Q's diagonal; one point's distances and terms"
_MORE_MIXTURE = "adjoints of Q's diagonal, determinants and terms, and the terms' exponentials, in places of their own"

# Where there is an adjoint written by hand: what it allocates beside the gradient.
LIMITS = {
    "Lorenz, 10^6 Euler steps": Limit(24 * 1_000_000, "three coordinates a step"),
    "predator-prey, RK4": Limit(32 * 20 * 500 + 16 * 21, "both species twice a step, and once more a year"),
    "Rosenbrock, n = 10^5": Limit(0, "everything is recomputed from the input"),
    "n-body energy, 500 bodies": Limit(0, "everything is recomputed from the input"),
    "polynomial fit, 10^5 points": Limit(0, "the powers are recomputed"),
    "k-means cost, k = 16, n = 10^4": Limit(0, "a point's nearest centre takes its gradient at once"),
    "Gaussian mixture, d = 10, k = 25": Limit(8 * 25 * (3 * 10 + 2), _MIXTURE, _MORE_MIXTURE),
    "Gaussian mixture, d = 32, k = 50": Limit(8 * 50 * (3 * 32 + 2), _MIXTURE, _MORE_MIXTURE),
    "Asian option, 5000 paths": Limit(
        8 * 100,
        "the prices of one path at a time",
        "the factor of each step, which a quotient of prices doesn't give where these underflow",
    ),
    "LSTM, diagonal weights": Limit(
        8 * (1023 * (14 * (2 * 6 + 1) + 1) + 14 * (2 * 4 + 2)),
        "cells, gates, the cells' tanh; what the outputs weigh; memory and its adjoint",
        "what the hidden state and the input of a layer were: that gates and tanh give them again isn't seen",
    ),
    "hidden Markov model, 16 states": Limit(
        8 * (2000 * 17 + 16 * 17),
        "what was reached and the norm of each step; weights; the transition turned over",
        "what was reached times the emission, and the weights: that they can be had again isn't seen",
    ),
    "phylogenetic tree, 64 leaves": Limit(
        8 * 4 * 500 * (127 + 63),
        "the partial likelihoods, and inner nodes' adjoints",
        "leaves' adjoints, and a node's sums: that loops so short had better run again isn't seen",
    ),
    "Jacobi slices, two grids": Limit(4 * GRID, "the two grids and their adjoints; a linear stencil records nothing"),
    "Jacobi slices, swapped grids": Limit(4 * GRID, "the two grids and their adjoints"),
    "Jacobi slices, one grid": Limit(4 * GRID, "the grid, its new values, and the adjoints of both"),
}


class Tape:
    """What a gradient keeps on the tape: records, array temporaries and their adjoints."""

    params = names(ALL)
    param_names = ("kernel",)
    timeout = 600.0

    def track_peak_bytes(self, name: str) -> int:
        return peak_bytes(name)

    track_peak_bytes.unit = "bytes"  # type: ignore[attr-defined]

    def track_records(self, name: str) -> int:
        """The places in the program that record anything at all."""
        return len(_explained(name).records)

    track_records.unit = "records"  # type: ignore[attr-defined]


def peak_bytes(name: str) -> int:
    """The highest use of the tape by a case's gradient."""
    return _explained(name).total_bytes


def _explained(name: str) -> Any:
    import jitad

    case = case_named(name)
    return jitad.explain(case.kernel, *case.inputs(), argnums=case.argnums)
