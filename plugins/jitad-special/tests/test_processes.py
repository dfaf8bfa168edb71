"""Compiled code that is kept on disk works in a process of its own: it holds no address."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import os
import jitad, jitad.plugin
from jitad.building.compile import compilations
from numba import njit
from scipy import special

def kernel(x):
    return special.erfcx(x) * special.gammainc(x, 2.0) + special.jv(2, x)

@njit(cache=True)
def plain(x):
    return special.erfcx(x) + special.kn(2, x)

if "LOAD" in os.environ:
    jitad.plugin.load()
print(plain(0.7).hex(), sum(plain.stats.cache_hits.values()))
print(jitad.grad(kernel)(0.7).hex(), compilations())
"""


def run(path, **variables):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(path.parent / "numba"), **variables}
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


def test_second_process(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    (plain, hits), (slope, compiled) = run(path, LOAD="1")
    assert int(hits) == 0
    assert int(compiled) > 0
    # Numba's own cache needs nothing but this package's entry point, before jitad has loaded any plugin
    (again, hits), (same, compiled) = run(path)
    assert (again, same) == (plain, slope)
    assert int(hits) == 1
    assert int(compiled) == 0
