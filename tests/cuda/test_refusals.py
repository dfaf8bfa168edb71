"""What CUDA doesn't have is refused before anything is compiled, and what isn't installed is named."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import jitad
from jitad.primitives.registry import default as registry
from jitad.primitives.spec import ArrayPrimitive, ScalarPrimitive


def run(code):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_jitad_imports_no_cuda():
    loaded = "[m for m in sys.modules if m.startswith(('numba.cuda', 'jitad.cuda', 'cuda.'))]"
    assert run(f"import sys, jitad; print({loaded})").strip() == "[]"


WITHOUT = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "numba_cuda" else found(name, *rest)
import jitad
for ask in (lambda: jitad.batch(abs, target="cuda"), lambda: jitad.cuda.device):
    try:
        ask()
    except jitad.CudaUnavailableError as error:
        print(error)
"""


def test_without_numba_cuda():
    text = run(WITHOUT)
    assert text.count("CUDA needs the package numba-cuda, which isn't installed.") == 2
    assert "What to do: pip install 'jitad[cuda]'" in text


def test_without_a_device(monkeypatch):
    pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
    from jitad.cuda import target

    monkeypatch.setattr(target.cuda, "is_available", lambda: False)
    with pytest.raises(jitad.CudaUnavailableError, match="no CUDA device can be used"):
        jitad.batch(abs, target="cuda")


class Plugin:
    """A plugin with an array primitive, and a number's function that has no source."""

    @jitad.hookimpl
    def jitad_primitives(self):
        halved = ArrayPrimitive(name="halved", callables=(halve,), implementation=halve, plain=halve)
        counted = ScalarPrimitive(
            name="counted",
            callables=(count,),
            template="counted({0})",
            typed_as=abs,
            partials=("zero",),
            names=(("counted", sys.getsizeof),),
        )
        return [halved, counted]


def halve(out, a):
    out[...] = a / 2


def count(x):
    return x


@pytest.fixture
def plugin():
    registry.register(Plugin(), "tests-on-cuda")
    yield
    registry.unregister("tests-on-cuda")


def test_primitives_for_the_cpu_only(plugin):
    pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
    from jitad.api.derivative import describe_all
    from jitad.api.differentiate import forward_only, read
    from jitad.cuda.emit import emit_device

    def counted(x):
        return count(x) + x

    def program(function, arg):
        return forward_only(read(function, describe_all([arg]), {}))

    with pytest.raises(jitad.UnsupportedOnCudaError) as caught:
        emit_device(program(counted, 1.5))
    assert "counted is computed by sys.getsizeof, which CUDA doesn't have" in str(caught.value)
    assert "return count(x) + x" in str(caught.value)
    assert "What to do: write it with functions of math or NumPy" in str(caught.value)

    def halves(a):
        out = np.empty(3)
        halve(out, a)
        return out

    with pytest.raises(jitad.UnsupportedOnCudaError, match="halved has an implementation for the CPU only") as caught:
        emit_device(program(halves, np.ones(3)))
    assert "halve(out, a)" in str(caught.value)


def test_host_generators():
    pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")

    def noisy(x):
        return x * np.random.normal()  # noqa: NPY002

    with pytest.raises(jitad.UnsupportedOnCudaError, match="random generator of the host") as caught:
        jitad.cuda.device(noisy, "float64")
    assert "return x * np.random.normal()" in str(caught.value)
