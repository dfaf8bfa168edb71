"""The tests of ``running`` in Numba's simulator of CUDA, which a process must ask for before it imports Numba."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif("NUMBA_ENABLE_CUDASIM" in os.environ, reason="the tests run in this process")
def test_in_the_simulator(tmp_path):
    names = ("PYTHONPATH", "PATH", "HOME")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment |= {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONDONTWRITEBYTECODE": "1", "JITAD_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/cuda/running"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
