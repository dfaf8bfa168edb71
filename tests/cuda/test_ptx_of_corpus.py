"""Kernels of the corpus compile for CUDA to machine code, without a GPU: some, or with --whole-corpus all of them."""

from __future__ import annotations

import os

import pytest

from jitad.program.types import Array
from tests.corpus import cases
from tests.cuda.pretended import HOPPER, oldest

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"), reason="the simulator compiles nothing"
)

OLDEST = oldest()
EVERY = 41


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        step = 1 if metafunc.config.getoption("--whole-corpus") else EVERY
        metafunc.parametrize("case", cases(without=("vjp",))[::step], ids=str)


def test_machine_code(case):
    """Of the gradients of a batch, each sample with its own numbers and arrays; no registers are spilled on Hopper."""
    from jitad.api.derivative import GradientRequest, describe_all
    from jitad.batching.work import Work
    from jitad.cuda.launch import Launch
    from tests.cuda import pretended
    from tests.cuda.hosted import signature
    from tests.cuda.test_ptx import spilled

    args = case.make_args()
    derived = GradientRequest(case.argnums).derive(case.function, describe_all(args), {})
    params = derived.reading.program.params
    varying = tuple(not (isinstance(param.type, Array) and param.type.ndim == 0) for param in params)
    work = Work(derived.reading, derived.program, tuple(derived.wrt), varying, True)
    launch = Launch(work)
    with pretended.device(OLDEST):
        made = launch.kernel.compile(signature(launch, work).args)
    assert made.library.get_cubin((*OLDEST, "")).code
    assert not any(spilled(made.library.get_asm_str((*HOPPER, "")), HOPPER))
