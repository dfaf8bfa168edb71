"""What pytest leaves out (the examples in modules for CUDA can't be imported without numba-cuda), and an option."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("numba_cuda") else ["jitad/cuda/*.py", "jitad/cuda/grid/*.py"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole-corpus", action="store_true", help="compile all kernels of the corpus for CUDA, not some")
