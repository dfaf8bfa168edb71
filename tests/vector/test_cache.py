"""Code with vector functions that comes from disk: in a new process, and where the functions aren't there any more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from jitad.vector import choice

pytestmark = pytest.mark.skipif(not choice.served(), reason="no vector library here, or it is switched off")

PROGRAM = """
import json, math, sys
import numpy as np
from numba import njit
import jitad
from jitad.building.compile import compilations
from jitad.math import cos
from jitad.vector import choice

@njit(cache=True)
def cosines(x):
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = cos(x[i])
    return y

def total(x):
    return np.sum(np.sin(x))

x = np.linspace(-1.0, 1.0, 1000)
y = cosines(x)
value, gradient = jitad.value_and_grad(total)(x)
assert np.allclose(y, np.cos(x), rtol=1e-15, atol=0)
assert np.allclose(gradient, np.cos(x), rtol=1e-15, atol=0)
print(json.dumps({
    "hits": sum(cosines.stats.cache_hits.values()),
    "compiled": compilations(),
    "alone": bool(np.all(y == [math.cos(each) for each in x])),
    "served": len(choice.served()),
}))
"""


@pytest.fixture
def run(tmp_path: Path, own_cache: Path) -> Any:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))

    def run(setting: str, **others: str) -> dict[str, Any]:
        environment = {**os.environ, "JITAD_VECTOR_MATH": setting, "JITAD_CACHE_DIR": str(tmp_path / "cache"), **others}
        done = subprocess.run(
            [sys.executable, str(program)], env=environment, capture_output=True, text=True, check=False
        )
        assert not done.returncode, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def test_code_from_disk_finds_its_functions_or_does_without(run: Any) -> None:
    first, second, without = run("auto"), run("auto"), run("off")
    assert first["compiled"] and not first["hits"]
    assert second["hits"] == 1 and not second["compiled"]
    assert not first["alone"] and not second["alone"]  # libmvec's last bits differ from libm's
    # the user's own cached code is loaded, and calls the scalar function; jitad's is compiled for what there is
    assert without["hits"] == 1 and without["compiled"] and without["alone"] and not without["served"]
    other_cpu = run("auto", NUMBA_CPU_NAME="generic")  # SSE2 only
    assert other_cpu["compiled"] and not other_cpu["hits"] and other_cpu["served"]
