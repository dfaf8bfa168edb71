"""Starting: imports, the first gradient from a cold cache, the first one from a warm cache."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from . import probe
from .catalogue import DENSE, FACTORIZATIONS, FITS, GRIDS, LOOPS, NETWORKS, SEQUENCES, STENCILS
from .family import names

CASES = (
    *(LOOPS[0], LOOPS[1], LOOPS[3], FITS[2], SEQUENCES[0]),
    *(STENCILS[0], GRIDS[2], FACTORIZATIONS[0], DENSE[5], NETWORKS[0]),
)


class Import:
    """``import jitad`` in a process that has imported Numba."""

    timeout = 120.0

    def track_import(self) -> float:
        with tempfile.TemporaryDirectory() as folder:
            return statistics.median(probe.run("import", Path(folder))["import_seconds"] for _ in range(5))

    track_import.unit = "s"  # type: ignore[attr-defined]


class FirstGradient:
    """A first process on an empty cache, then a second one on what the first left."""

    params = names(CASES)
    param_names = ("kernel",)
    timeout = 600.0

    def setup(self, name: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.cold = probe.run(name, Path(folder))
            self.warm = probe.run(name, Path(folder))

    def track_compile_ratio(self, name: str) -> float:
        """The first gradient call, less its work, over Numba's first call of the kernel itself."""
        return compile_ratio(self.cold)

    track_compile_ratio.unit = "x"  # type: ignore[attr-defined]

    def track_cold_seconds(self, name: str) -> float:
        return self.cold["first_gradient_seconds"]

    track_cold_seconds.unit = "s"  # type: ignore[attr-defined]

    def track_warm_seconds(self, name: str) -> float:
        return self.warm["first_gradient_seconds"]

    track_warm_seconds.unit = "s"  # type: ignore[attr-defined]

    def track_warm_compilations(self, name: str) -> float:
        return self.warm["compilations"]

    track_warm_compilations.unit = "compilations"  # type: ignore[attr-defined]


def compile_ratio(figures: dict[str, float]) -> float:
    """Compile time of a gradient over compile time of its kernel, from a probe's figures."""
    return (figures["first_gradient_seconds"] - figures["later_gradient_seconds"]) / figures["kernel_seconds"]
