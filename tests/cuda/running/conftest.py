"""These tests run kernels: on a device, or where the process simulates one (``NUMBA_ENABLE_CUDASIM=1``)."""

from __future__ import annotations

import pytest

from jitad.errors import CudaUnavailableError
from tests.fixtures import own_cache, run_uncompiled

__all__ = ["own_cache", "run_uncompiled"]


@pytest.fixture(autouse=True, scope="session")
def _device() -> None:
    pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
    from jitad.cuda.target import require_device

    try:
        require_device()
    except CudaUnavailableError as error:
        pytest.skip(f"{error.reason} test_simulated.py runs this folder in the simulator.")
