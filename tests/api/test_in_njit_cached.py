"""Numba's on-disk cache of functions that call derivatives: a second process compiles nothing, and nothing is stale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

KERNELS = """
import numpy as np

WEIGHTS = np.array([1.0, 2.0, 3.0])

def recurrence(x, n):
    s = 1.0
    for i in range(n):
        s = np.sin(s * x[i % x.size])
    if s > 100.0:
        raise ValueError("too large")
    return s

def parabola(x):
    return 3.0 * x * x

def weighted(x):
    return np.sum(WEIGHTS * x * x)
"""

CALLERS = """
import jitad
from numba import njit

from kernels import parabola, recurrence, weighted

by_recurrence = jitad.value_and_grad(recurrence)
by_parabola = jitad.grad(parabola)
by_weighted = jitad.grad(weighted)

@njit(cache=True)
def of_global(x, n):
    value, slope = by_recurrence(x, n)
    return value + slope.sum()

@njit(cache=True)
def of_argument(function, x):
    return function(x)

def make():
    inside = jitad.grad(parabola)

    @njit(cache=True)
    def of_closure(x):
        return inside(x)

    return of_closure

@njit(cache=True)
def of_captured(x):
    return by_weighted(x).sum()
"""

MAIN = """
import json
import numpy as np
import callers
from jitad.building.compile import compilations

x = np.arange(1.0, 4.0)
of_closure = callers.make()
values = [
    callers.of_global(x, 5000),
    callers.of_argument(callers.by_parabola, 2.0),
    of_closure(2.0),
    callers.of_captured(x),
]
functions = [callers.of_global, callers.of_argument, of_closure, callers.of_captured]
misses = [sum(function.stats.cache_misses.values()) for function in functions]
print(json.dumps({"values": values, "misses": misses, "emitted": compilations()}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("kernels", KERNELS), ("callers", CALLERS), ("main", MAIN)):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
    return tmp_path


def run(folder: Path, **variables: str) -> dict[str, Any]:
    root = Path(__file__).parents[2]
    env = {
        **os.environ,
        "PYTHONPATH": str(root),
        "JITAD_CACHE_DIR": str(folder / "cache"),
        "NUMBA_CACHE_DIR": "",
        **variables,
    }
    command = [sys.executable, "main.py"]
    found = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    result: dict[str, Any] = json.loads(found.stdout)
    return result


@pytest.mark.slow
def test_second_process_compiles_nothing_and_changes_are_seen(folder: Path) -> None:
    first = run(folder)
    assert first["values"][1:] == [12.0, 12.0, 28.0]
    assert first["misses"] == [1, 1, 1, 1]
    second = run(folder)
    assert second == {"values": first["values"], "misses": [0, 0, 0, 0], "emitted": 0}

    kernels = folder / "kernels.py"  # which Numba doesn't look at: the callers' file is as it was
    kernels.write_text(kernels.read_text().replace("3.0 * x * x", "5.0 * x * x").replace("2.0, 3.0]", "2.0, 4.0]"))
    third = run(folder)
    assert third["values"] == [first["values"][0], 20.0, 20.0, 34.0]
    assert run(folder) == {"values": third["values"], "misses": [0, 0, 0, 0], "emitted": 0}

    elsewhere = run(folder, JITAD_CACHE_DIR=str(folder / "other"))  # without the emitted modules
    assert elsewhere["values"] == third["values"]
    assert elsewhere["misses"] == [1, 1, 0, 1]  # by then, the closure's module has been emitted for the argument
