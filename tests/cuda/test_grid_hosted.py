"""What numba-cuda makes of the threads of large evaluations computes the CPU's gradients, seen on the CPU."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.derivative import describe_all
from jitad.program.types import Array
from tests.cuda.running import large_kernels as large

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"), reason="the simulator compiles nothing"
)

THREADS = 4
RANDOM = np.random.default_rng(6)


def run_threads(kernel: Any, named: dict[str, Any]) -> float:
    """Run the threads of a kernel with one loop, one after the other; the sum of what they carry."""
    from numba import types

    from jitad.cuda.build import build_function, function_names
    from tests.cuda.hosted import Hosted, numba_type

    given = kernel.thread.given
    names = [var.name for var in given]
    sweep = build_function(kernel.code.source, kernel.code.entry, function_names(kernel.code), kernel=False)
    carries = bool(kernel.dtypes)
    text = f"def thread(lane, {', '.join(names)}, parts):\n    found = sweep({', '.join(names)}, lane, {THREADS})\n"
    namespace: dict[str, Any] = {"sweep": sweep}
    exec(text + ("    parts[lane] = found[1]\n" if carries else "    parts[lane] = 0.0\n"), namespace)
    kinds = [
        types.Array(numba_type(v.type.dtype), v.type.ndim, "C")
        if isinstance(v.type, Array)
        else numba_type(v.type.dtype)
        for v in given
    ]
    hosted = Hosted(namespace["thread"], (*kinds, types.Array(types.float64, 1, "C")))
    parts = np.zeros(THREADS)
    hosted.run(THREADS, *(named[name] for name in names), parts)
    return float(parts.sum())


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (large.chain, {"x": RANDOM.normal(size=11), "w": RANDOM.normal(size=11)}),
        (large.energy_of_others, {"x": RANDOM.normal(size=(7, 2)), "m": RANDOM.uniform(1.0, 2.0, size=7)}),
    ],
    ids=["chain", "energy_of_others"],
)
def test_threads_share_the_iterations(function: Any, args: dict[str, np.ndarray]) -> None:
    from jitad.cuda.grid.build import build_driver
    from jitad.cuda.grid.entry import GridRequest

    derived = GridRequest((0, 1), parallel=True).derive(function, describe_all(list(args.values())), {})
    driver = build_driver(derived.program, [], deterministic=True)
    bars = {f"{name}_bar": np.zeros(arg.shape) for name, arg in args.items()}
    dims = {f"{name}_dim{axis}": length for name, arg in args.items() for axis, length in enumerate(arg.shape)}
    values = [run_threads(kernel, {**args, **bars, **dims}) for kernel in driver.kernels]
    value, gradients = jitad.value_and_grad(function, argnums=(0, 1))(*args.values())
    factor = 0.5 if function is not large.chain else 1.0
    assert factor * sum(values) == pytest.approx(value, rel=1e-12)
    for found, right in zip(bars.values(), gradients, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-11)
