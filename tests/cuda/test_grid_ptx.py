"""The kernels of large evaluations compile to PTX without a GPU, for the oldest and a recent architecture."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from jitad.api.derivative import describe_all
from jitad.program.types import Array
from tests.cuda.pretended import HOPPER, oldest
from tests.cuda.running import large_kernels as large

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"), reason="the simulator compiles nothing"
)

OLDEST = oldest()
VECTOR, MATRIX = np.ones(3), np.ones((3, 3))

CASES: dict[str, tuple[tuple[Any, ...], tuple[int, ...], bool, tuple[int, int]]] = {
    "chain": ((VECTOR, VECTOR), (0, 1), True, OLDEST),
    "heat_by_turns": ((VECTOR, 0.1, 3), (0, 1), True, HOPPER),
    "energy_of_pairs": ((MATRIX, VECTOR), (0, 1), True, HOPPER),
    "looked_up": ((VECTOR, np.arange(3)), (0,), True, OLDEST),
    "with_tapes": ((VECTOR, np.arange(3)), (0,), False, HOPPER),
}


def typed(kind: Any) -> Any:
    from numba import types

    from tests.cuda.hosted import numba_type

    dtype = numba_type(kind.dtype)
    return types.Array(dtype, kind.ndim, kind.layout) if isinstance(kind, Array) else dtype


@pytest.mark.parametrize("name", CASES)
def test_every_kernel_compiles(name: str) -> None:
    from numba import types

    from jitad.cuda import target
    from jitad.cuda.grid.build import build_driver
    from jitad.cuda.grid.entry import GridRequest
    from jitad.cuda.grid.kernels import array_types
    from tests.cuda.test_ptx import spilled

    args, argnums, deterministic, capability = CASES[name]
    function = getattr(large, name)
    derived = GridRequest(argnums, parallel=True).derive(function, describe_all(args), {})
    driver = build_driver(derived.program, derived.program.params[len(args) :], deterministic=deterministic)
    assert driver.kernels
    texts = [
        target.ptx(kernel.function, types.void(*map(typed, array_types(kernel))), capability)
        for kernel in driver.kernels
    ]
    for text in texts:
        assert f".target sm_{capability[0]}{capability[1]}" in text
        assert set(spilled(text, capability)) <= {0}
    assert any("atom" in text for text in texts) == (not deterministic)
