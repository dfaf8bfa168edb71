"""Compiled gradients, those from disk, and the accuracy of large matrices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import linalg_kernels as k
import numpy as np
import pytest
from jitad_linalg.cholesky import BLOCK

import jitad
from jitad.api.mode import compiling

SAMPLE = [
    (k.solve, (k.A, k.TWO)),
    (k.cholesky, (k.S,)),
    (k.svd, (k.TALL,)),
    (k.sqrtm, (k.A,)),
    (k.lu_solve, (k.A, k.B)),
]


@pytest.mark.parametrize(("kernel", "args"), SAMPLE)
def test_as_uncompiled(kernel, args):
    nums = tuple(range(len(args)))
    expected = jitad.grad(kernel, argnums=nums)(*args)
    with compiling():
        gradients = jitad.grad(kernel, argnums=nums)(*args)
    for found, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-13)


def test_cholesky_of_several_blocks():
    n = 2 * BLOCK + 7
    rng = np.random.default_rng(0)
    a, seed = rng.standard_normal((n, n)), np.tril(rng.standard_normal((n, n)))
    a = a @ a.T / n + np.eye(n)
    found = jitad.grad(lambda a: np.sum(np.linalg.cholesky(a) * seed))(a)
    c = np.linalg.cholesky(a)
    s = np.tril(c.T @ seed)
    s -= 0.5 * np.diag(np.diag(s))
    whole = np.linalg.solve(c.T, np.linalg.solve(c.T, s.T).T)
    expected = np.tril(whole + whole.T) - np.diag(np.diag(whole))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.max(np.abs(expected)))


PROGRAM = """
import numpy as np
import jitad
from numba import njit

def energy(a, b):
    return np.sum(np.linalg.solve(a, b) ** 2)

slope = jitad.grad(energy)

@njit(cache=True)
def user(a, b):
    return slope(a, b)

a, b = np.array([[4.0, 1.0], [0.5, 3.0]]), np.ones(2)
x = np.linalg.solve(a, b)
w = np.linalg.solve(a.T, 2 * x)
for found in (user(a, b), jitad.grad(energy)(a, b)):
    np.testing.assert_allclose(found, -np.outer(w, x), rtol=1e-12)
print("hits", sum(user.stats.cache_hits.values()))
"""


def test_from_disk(tmp_path: Path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    runs = [subprocess.run([sys.executable, script], capture_output=True, text=True, check=False) for _ in range(2)]
    for hits, run in enumerate(runs):
        assert run.returncode == 0, run.stderr
        assert run.stdout.split() == ["hits", str(hits)]
