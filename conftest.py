"""What pytest leaves out (modules for CUDA can't be imported without numba-cuda), an option, and the order of files."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

collect_ignore_glob = [] if find_spec("numba_cuda") else ["jitad/cuda/*.py", "jitad/cuda/grid/*.py"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole-corpus", action="store_true", help="compile all kernels of the corpus for CUDA, not some")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The order of files on several workers, where each gets whole files."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.order import LongFilesFirst

    return LongFilesFirst(config, log)
