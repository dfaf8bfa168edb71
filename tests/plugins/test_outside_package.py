"""A package of somebody else's, installed elsewhere, that uses public names only."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import pytest

from tests.plugins.installing import install, run

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "somebodys-optics"
version = "3.1"

[project.entry-points.jitad]
optics = "somebodys_optics"
"""

MODULE = '''
"""Lenses."""

import math

import numpy as np

import jitad.plugin


def vergence(distance, index):
    return index / distance


@jitad.plugin.scalar(vergence, implementation=vergence, doc="Of light that comes from a distance.")
def by_distance(distance, index, result):
    return -result / distance


@by_distance.partial
def by_index(distance, index, result):
    return 1.0 / distance


@jitad.plugin.array
def trace_into(out, heights, powers):
    total = heights.dtype.type(0)
    for i in range(heights.size):
        total += powers[i] * heights[i]
        out[i] = total


@trace_into.vjp
def trace_vjp(out, out_bar, heights, heights_bar, powers, powers_bar):
    flow = np.cumsum(out_bar[::-1])[::-1]
    if heights_bar is not None:
        heights_bar += flow * powers
    if powers_bar is not None:
        powers_bar += flow * heights


@trace_into.jvp
def trace_jvp(out, out_dot, heights, heights_dot, powers, powers_dot):
    if heights_dot is not None:
        out_dot += np.cumsum(powers * heights_dot)
    if powers_dot is not None:
        out_dot += np.cumsum(powers_dot * heights)


@jitad.plugin.hookimpl
def jitad_primitives():
    return [by_distance, trace_into]
'''

SCRIPT = """
import math
import sys

import numpy as np

import jitad
from somebodys_optics import trace_into, vergence


def kernel(heights, powers, distance):
    total = 0.0
    out = np.empty_like(heights)
    for k in range(3):
        trace_into(out, heights, powers)
        heights = heights + 0.1 * out * vergence(distance + k, 1.5)
        total += np.sum(out**2)
    return total


def by_hand(heights, powers, distance):
    total = 0.0
    for k in range(3):
        out = np.cumsum(powers * heights)
        heights = heights + 0.1 * out * (1.5 / (distance + k))
        total += np.sum(out**2)
    return total


args = np.array([0.5, -0.3, 0.8]), np.array([1.0, 0.4, -0.7]), 2.0
v = np.array([0.3, 0.1, -0.5]), np.array([0.2, 0.9, 0.4]), 0.7
everything = (0, 1, 2)
np.testing.assert_allclose(kernel(*args), by_hand(*args))
for modes in (jitad.grad, jitad.jacfwd):
    for found, wanted in zip(modes(kernel, everything)(*args), modes(by_hand, everything)(*args)):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
np.testing.assert_allclose(jitad.jvp(kernel, args, v), jitad.jvp(by_hand, args, v), rtol=1e-12)
for found, wanted in zip(jitad.hvp(kernel, args, v, everything), jitad.hvp(by_hand, args, v, everything)):
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
print("right")
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    source = tmp_path_factory.mktemp("source")
    (source / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (source / "somebodys_optics.py").write_text(MODULE, encoding="utf-8")
    with (source / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.hatch.build.targets.wheel]\ninclude = ["somebodys_optics.py"]\n')
    return install(source, tmp_path_factory.mktemp("installed"))


def script(folder: Path, text: str) -> str:
    path = folder / "script.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("uncompiled", ["0", pytest.param("1", marks=pytest.mark.slow)][::-1])
def test_it_works_in_every_mode_and_in_loops(package, tmp_path, uncompiled):
    done = run([script(tmp_path, SCRIPT)], package, tmp_path, JITAD_DISABLE_JIT=uncompiled)
    assert done.stdout == "right\n", done.stderr


def test_it_is_listed_and_gone_when_it_is_removed(package, tmp_path):
    listed = run(["-m", "jitad", "primitives", "--plugin", "optics"], package, tmp_path)
    assert "optics (somebodys-optics 3.1): 2 primitives" in listed.stdout
    one = run(["-m", "jitad", "primitives", "vergence"], package, tmp_path)
    assert "Of light that comes from a distance." in one.stdout
    gone = run(["-m", "jitad", "primitives", "--plugin", "optics"], None, tmp_path)
    assert gone.returncode == 1
    assert "no plugin 'optics' is loaded" in gone.stderr
    disabled = run(["-m", "jitad", "primitives", "vergence"], package, tmp_path, JITAD_DISABLE_PLUGINS="optics")
    assert disabled.returncode == 1


CACHED = """
import math
import jitad
from numba import njit
from somebodys_optics import vergence

slope = jitad.grad(vergence)

@njit(cache=True)
def caller(x):
    return slope(x, 1.5)

print(caller(2.0), sum(caller.stats.cache_hits.values()))
"""


@pytest.mark.slow
def test_compiled_code_that_used_a_removed_plugin_is_not_served(package, tmp_path):
    """Without its rule, the function is differentiated by its source: what was compiled with the rule must not run."""
    wrong_rule = shutil.copytree(package, tmp_path / "wrong")
    module = wrong_rule / "somebodys_optics.py"
    module.write_text(module.read_text(encoding="utf-8").replace("-result / distance", "77.0"), encoding="utf-8")
    variables = {"JITAD_DISABLE_JIT": "0", "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    path = script(tmp_path, CACHED)
    assert run([path], wrong_rule, tmp_path, **variables).stdout == "77.0 0\n"
    assert run([path], wrong_rule, tmp_path, **variables).stdout == "77.0 1\n"
    without = run([path], wrong_rule, tmp_path, JITAD_DISABLE_PLUGINS="optics", **variables)
    assert without.stdout.split()[0] == "-0.375", without.stderr
