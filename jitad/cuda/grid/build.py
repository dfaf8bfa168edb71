"""From a derivative program to the Python that runs it on CUDA."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad.analysis.aliasing import Aliases
from jitad.analysis.decisive import decisive
from jitad.cuda.build import defined_function
from jitad.cuda.grid.arrange import for_threads
from jitad.cuda.grid.host import HostEmitter
from jitad.cuda.grid.kernels import GridKernel
from jitad.cuda.grid.plan import plan_grids
from jitad.cuda.grid.products import write_out_products
from jitad.cuda.support import check_supported
from jitad.emission.exact_sums import with_ordered_sums
from jitad.program.statements import Program
from jitad.transforms.expand import expand


@dataclass(frozen=True, eq=False)
class Driver:
    """``run(job, *params)`` gives the results of ``program``; ``kernels`` are those that it starts."""

    program: Program
    source: str
    run: Callable[..., list[Any]]
    kernels: tuple[GridKernel, ...]


def build_driver(program: Program, *, deterministic: bool) -> Driver:
    """Emit and build a derivative program.

    Raises UnsupportedOnCudaError, naming the user's line, for what has no counterpart on CUDA.
    """
    program = with_ordered_sums(for_threads(write_out_products(expand(program))))
    check_supported(program)
    exact, aliases = decisive(program), Aliases(program)
    plan = plan_grids(program, exact, aliases, deterministic=deterministic)
    kernels = {
        loop: GridKernel(f"{program.name}_{at}", grid, exact, aliases)
        for at, (loop, grid) in enumerate(plan.grids.items())
    }
    emitter = HostEmitter(program, kernels)
    source = emitter.function()
    function = defined_function(source, emitter.entry, {**emitter.names_used, **emitter.plain_names_used})

    def run(*args: Any) -> list[Any]:
        with np.errstate(all="ignore"):
            results: list[Any] = function(*args)
        return results

    return Driver(program, source, run, tuple(kernels.values()))
