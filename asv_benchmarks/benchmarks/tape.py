"""Bytes on the tape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .catalogue import ALL, case_named
from .family import names


@dataclass(frozen=True)
class Limit:
    """At most ``bytes`` recorded, and why so many."""

    bytes: int
    why: str


LIMITS = {
    "Lorenz, 10^6 Euler steps": Limit(24 * 1_000_000, "three coordinates a step"),
    "predator-prey, RK4": Limit(16 * (20 * 500 + 21), "both species a step and a year"),
    "Rosenbrock, n = 10^5": Limit(0, "everything is recomputed from the input"),
    "n-body energy, 500 bodies": Limit(0, "everything is recomputed from the input"),
    "Jacobi slices, two grids": Limit(0, "a linear stencil"),
    "Jacobi slices, swapped grids": Limit(0, "a linear stencil"),
    "Jacobi slices, one grid": Limit(0, "a linear stencil"),
}


class Tape:
    """What a gradient keeps on the tape."""

    params = names(ALL)
    param_names = ("kernel",)
    timeout = 600.0

    def track_recorded_bytes(self, name: str) -> int:
        return recorded_bytes(name)

    track_recorded_bytes.unit = "bytes"  # type: ignore[attr-defined]

    def track_peak_bytes(self, name: str) -> int:
        return _explained(name).tape_bytes

    track_peak_bytes.unit = "bytes"  # type: ignore[attr-defined]


def recorded_bytes(name: str) -> int:
    """Bytes that the forward sweep of a case records."""
    return _explained(name).recorded_bytes


def _explained(name: str) -> Any:
    import jitad

    case = case_named(name)
    return jitad.explain(case.kernel, *case.inputs(), argnums=case.argnums)
