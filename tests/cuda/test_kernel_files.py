"""Compiled kernels are kept in the cache folder: a later process compiles nothing, and nothing stale is served."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jitad.api.derivative import GradientRequest, describe_all
from jitad.building.cache import kernels_folder
from jitad.building.compile import compilations

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"), reason="the simulator compiles nothing"
)

ROOT = Path(__file__).parents[2]
CAPABILITY = (8, 6)


def wave(x, k):
    return math.sin(k * x) * x


def wider(x, k):
    return math.sin(k * x) * x + x


def launched(function):
    """The kernel for a batch of gradients, and the types of its arguments."""
    from jitad.batching.work import Work
    from jitad.cuda.launch import Launch
    from tests.cuda.hosted import signature

    derived = GradientRequest((0,)).derive(function, describe_all((1.0, 2.0)), {})
    work = Work(derived.reading, derived.program, tuple(derived.wrt), (True, False), True)
    launch = Launch(work)
    return launch.kernel, signature(launch, work).args


@pytest.fixture
def compiles(monkeypatch):
    """Compiles a function's kernel as a fresh process would, and tells how many compilations that took."""
    from jitad.cuda import build, copies
    from tests.cuda import pretended

    def run(function, capability=CAPABILITY):
        monkeypatch.setattr(build, "_made", {})
        monkeypatch.setattr(build, "_keys", {})
        copies.kernel_of.cache_clear()
        before = compilations()
        with pretended.device(capability) as asked:
            kernel, types = launched(function)
            made = kernel.compile(types)
        assert compilations() - before == len(asked)
        return len(asked), made

    return run


def test_the_second_time_nothing_is_compiled(compiles):
    count, first = compiles(wave)
    assert count == 1
    count, second = compiles(wave)
    assert count == 0
    assert second.library.get_asm_strs((8, 6, "")) == first.library.get_asm_strs((8, 6, ""))
    assert second.signature == first.signature


def test_nothing_stale_is_served(compiles, monkeypatch):
    from jitad.cuda import build, kernel_files

    compiles(wave)
    assert compiles(wider)[0] == 1
    assert compiles(wave, (9, 0))[0] == 1
    versions = kernel_files.tool_versions()
    with monkeypatch.context() as patched:
        patched.setattr(kernel_files, "tool_versions", lambda: (*versions[:-1], "another"))
        assert compiles(wave)[0] == 1
    with monkeypatch.context() as patched:
        patched.setattr(build, "own_hash", lambda *folders: "another jitad")
        assert compiles(wave)[0] == 1
    assert compiles(wave)[0] == 0


def test_broken_files_are_replaced(compiles):
    compiles(wave)
    for file in kernels_folder().glob("c_*.bin"):
        file.write_bytes(file.read_bytes()[:-1])
    assert compiles(wave)[0] == 1
    assert compiles(wave)[0] == 0


def test_a_folder_that_cannot_be_written_to(compiles, monkeypatch):
    from jitad.cuda import kernel_files

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kernel_files, "replace_file", full)
    for file in kernels_folder().glob("c_*.bin"):
        file.unlink()
    with pytest.warns(RuntimeWarning, match="can't keep compiled code in .*: No space left on device. Set JITAD"):
        assert compiles(wave)[0] == 1


def test_names_without_a_lasting_meaning():
    """A function of this process alone may be another one in the next, and so isn't a key's part."""
    from jitad.cuda.build import build_function

    made = build_function("def f(x):\n    return g(x)\n", "f", {"g": lambda x: x}, kernel=False)
    kernel = build_function("def k(x):\n    f(x[0])\n", "k", {"f": made}, kernel=True)
    assert "KernelFiles" not in type(kernel._cache).__name__
    known = build_function("def f(x):\n    return g(x)\n", "f", {"g": math.sin}, kernel=False)
    kernel = build_function("def k(x):\n    f(x[0])\n", "k", {"f": known}, kernel=True)
    assert "KernelFiles" in type(kernel._cache).__name__


SCRIPT = """
from numba import types
from jitad.building.compile import compilations
from jitad.cuda import copies
from jitad.cuda.launch import fold
from tests.cuda import pretended
from tests.cuda.test_kernel_files import CAPABILITY, launched, wave

with pretended.device(CAPABILITY) as asked:
    kernel, signature = launched(wave)
    kernel.compile(signature)
    copies.kernel_of(fold).compile((types.Array(types.float64, 2, "C"), types.int64, types.int64))
print(compilations(), len(asked))
"""


def test_another_process(tmp_path):
    environment = {**os.environ, "JITAD_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    counts = []
    for _ in range(2):
        command = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        counts.append(done.stdout.split())
    assert counts == [["2", "2"], ["0", "0"]]


def test_own_kernels(compiles):
    """They compile for the types that a batch calls them with, and are kept as well."""
    from numba import types

    from jitad.cuda import copies, launch
    from tests.cuda import pretended

    vector, matrix = (types.Array(types.float32, ndim, "C") for ndim in (1, 2))
    places, number = types.Array(types.int64, 2, "C"), types.int64
    signatures = {
        launch.copy_rows: (matrix, matrix, places, number),
        launch.fold: (matrix, number, number),
        launch.take_sums: (matrix, number, matrix, number),
        launch.clear: (matrix,),
        copies.gather: (vector, types.Array(types.float32, 1, "A"), number, *[types.UniTuple(number, 3)] * 2),
        copies.interleave: (matrix, vector, types.Array(types.float32, 1, "A")),
    }
    for missing in (True, False):
        copies.kernel_of.cache_clear()
        with pretended.device(CAPABILITY) as asked:
            for function, signature in signatures.items():
                copies.kernel_of(function).compile(signature)
        assert bool(asked) == missing
