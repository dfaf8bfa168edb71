"""Bytes on the tape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .catalogue import ALL, case_named
from .family import names

GRID = 8 * 150 * 150


@dataclass(frozen=True)
class Limit:
    """At most ``bytes`` on the tape, and why so many."""

    bytes: int
    why: str


LIMITS = {
    "Lorenz, 10^6 Euler steps": Limit(24 * 1_000_000, "three coordinates a step"),
    "predator-prey, RK4": Limit(16 * 20 * 500 + 16 * 21, "both species a step, and once more a year"),
    "Rosenbrock, n = 10^5": Limit(0, "everything is recomputed from the input"),
    "n-body energy, 500 bodies": Limit(
        4 * 500 * 499, "the distance of each pair: it is quicker to read back than to recompute"
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
