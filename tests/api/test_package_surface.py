"""The names that ``import jitad`` offers, and what it costs."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

import jitad


def test_every_public_name_exists():
    for name in jitad.__all__:
        assert getattr(jitad, name) is not None
        assert name in dir(jitad)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        jitad.nothing  # noqa: B018


def test_import_loads_nothing_heavy():
    code = "import sys, jitad; print([m for m in ('numba', 'numpy', 'scipy', 'pluggy') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_call_is_cheap(compiled):
    def first(x):
        return x[0]

    g = jitad.grad(first)
    x = np.ones(10)
    g(x)
    best = np.inf
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(500):
            g(x)
        best = min(best, (time.perf_counter() - start) / 500)
    assert best < 15e-6  # 4 microseconds on an idle machine; the benchmarks hold the real limit of 5
