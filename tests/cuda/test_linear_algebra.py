"""Linear algebra of the plugin runs on CUDA by its loops, as numba-cuda compiles them (see ``hosted``)."""

from __future__ import annotations

import os

import numpy as np
import pytest

import jitad
from jitad.primitives.registry import default as registry

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
from tests.cuda.test_hosted import assert_gradients

linalg = pytest.importorskip("jitad_linalg", reason="is the plugin's")
pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"), reason="the simulator compiles nothing"
)


@pytest.fixture(autouse=True)
def _plugin():
    registry.register(linalg, "linear-algebra-on-cuda")
    yield
    registry.unregister("linear-algebra-on-cuda")


def systems(a, b):
    c = np.linalg.cholesky(a @ a.T + np.eye(3))
    return np.sum(np.linalg.solve(a, b)) + c[2, 0]


def test_systems_and_factors():
    random = np.random.default_rng(1)
    samples = [(random.normal(size=(3, 3)), random.normal(size=3)) for _ in range(3)]
    assert_gradients(systems, samples, (0, 1), 1e-9)


def decompositions(a):
    return np.linalg.svd(a, compute_uv=False)[0] + np.linalg.eigvalsh(a)[1]


def test_decompositions():
    random = np.random.default_rng(2)
    assert_gradients(decompositions, [(random.normal(size=(2, 2)),) for _ in range(3)], (0,), 1e-8)


def spread(a):
    q, r = np.linalg.qr(a)
    return np.sum(q * r)


def test_what_has_no_loops_is_refused():
    with pytest.raises(jitad.UnsupportedOnCudaError, match="has an implementation for the CPU only") as caught:
        jitad.cuda.device(spread, "float64[:, ::1]")
    assert "np.linalg.qr(a)" in str(caught.value)
