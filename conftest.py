"""What pytest leaves out: the examples in modules for CUDA, which can't be imported without numba-cuda."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("numba_cuda") else ["jitad/cuda/*.py", "jitad/cuda/grid/*.py"]
