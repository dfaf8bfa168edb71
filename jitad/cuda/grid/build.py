"""From a derivative program to the Python that runs it on CUDA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad.analysis.aliasing import Aliases
from jitad.analysis.decisive import decisive
from jitad.cuda.build import defined_function
from jitad.cuda.grid.arrange import for_threads
from jitad.cuda.grid.first import first_sums, storing
from jitad.cuda.grid.host import HostEmitter
from jitad.cuda.grid.kernels import GridKernel
from jitad.cuda.grid.plan import plan_grids
from jitad.cuda.grid.products import write_out_products
from jitad.cuda.support import check_supported
from jitad.emission.exact_sums import with_ordered_sums
from jitad.program.statements import Loop, Program, Var
from jitad.transforms.expand import expand


@dataclass(frozen=True, eq=False)
class Driver:
    """``run(job, *params)`` gives the results of ``program``; ``kernels`` are those that it starts."""

    program: Program
    source: str
    run: Callable[..., list[Any]]
    kernels: tuple[GridKernel, ...]


def build_driver(program: Program, zeros: Sequence[Var], *, deterministic: bool) -> Driver:
    """Emit and build a derivative program; ``zeros`` are the parameters that it finds as arrays of zeros.

    The driver's caller gives it any memory for these.
    Raises UnsupportedOnCudaError, naming the user's line, for what has no counterpart on CUDA.
    """
    program = with_ordered_sums(for_threads(write_out_products(expand(program))))
    check_supported(program)
    exact, aliases = decisive(program), Aliases(program)
    plan = plan_grids(program, exact, aliases, deterministic=deterministic)
    first = first_sums(program, zeros, plan)
    kernels: dict[Loop, list[GridKernel]] = {}
    for at, (loop, grid) in enumerate(plan.grids.items()):
        grids = [grid, storing(grid, first.by_loop[loop])] if loop in first.by_loop else [grid]
        kernels[loop] = [GridKernel(f"{program.name}_{at}", one, exact, aliases) for one in grids]
    emitter = HostEmitter(program, zeros, kernels, first)
    source = emitter.function()
    function = defined_function(source, emitter.entry, {**emitter.names_used, **emitter.plain_names_used})

    def run(*args: Any) -> list[Any]:
        with np.errstate(all="ignore"):
            results: list[Any] = function(*args)
        return results

    return Driver(program, source, run, tuple(kernel for one in kernels.values() for kernel in one))
