"""The loops that run on CUDA give what LAPACK gives, and NaN where that refuses."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from jitad_linalg import cholesky, jacobi, lu, triangular

RNG = np.random.default_rng(4)
MATRICES = [RNG.standard_normal((n, n)) for n in (0, 1, 2, 5)]
EXCHANGED = np.array([[0.0, 2.0, 1.0], [3.0, 0.0, 0.5], [-1.0, 4.0, 0.0]])


def factored(a):
    n = a.shape[0]
    found = np.empty((n, n), a.dtype), np.empty(n, np.int32), np.empty(1, np.int64)
    lu.factor_loops(*found, a)
    return found


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-4 if np.asarray(a).dtype == np.float32 else 1e-12, atol=1e-6)


@pytest.mark.parametrize("a", [*MATRICES, EXCHANGED, EXCHANGED.astype(np.float32)])
def test_systems_inverses_and_determinants(a):
    factors, piv, sign = factored(a)
    assert sign[0] == np.sign(np.linalg.det(a))
    right = RNG.standard_normal((a.shape[0], 2)).astype(a.dtype)
    for trans, matrix in ((0, a), (1, a.T)):
        x = np.empty_like(right)
        lu.apply_loops(x, factors, piv, a, right, trans)
        close(x, np.linalg.solve(matrix, right))
    x, d = np.empty_like(a), np.empty(1, a.dtype)
    lu.inverse_loops(x, factors, piv, a)
    close(x, np.linalg.inv(a))
    lu.product_loops(d, factors, piv, sign, a)
    close(d[0], np.linalg.det(a))
    lu.logarithm_loops(d, factors, piv, a)
    close(d[0], np.linalg.slogdet(a).logabsdet)


def test_singular_matrices():
    for a in (np.ones((3, 3)), np.zeros((2, 2)), np.diag([1.0, 0.0, -2.0])):
        assert factored(a)[2][0] == 0


@pytest.mark.parametrize("lower", [0, 1])
@pytest.mark.parametrize("trans", [0, 1])
@pytest.mark.parametrize("unit", [0, 1])
def test_triangles(lower, trans, unit):
    for a in MATRICES:
        right = RNG.standard_normal((a.shape[0], 2))
        found, expected = np.empty_like(right), np.empty_like(right)
        triangular.triangular_loops(found, a, right, lower, trans, unit)
        triangular.triangular_into(expected, a, right, lower, trans, unit)
        close(found, expected)


def test_cholesky_factors_and_their_adjoints():
    for a in MATRICES:
        a = a @ a.T + np.eye(a.shape[0])
        found, expected = np.empty_like(a), np.empty_like(a)
        cholesky.cholesky_loops(found, np.tril(a))
        cholesky.cholesky_into(expected, a)
        close(found, expected)
        seed, c = RNG.standard_normal(a.shape), expected
        found, expected = np.empty_like(a), np.empty_like(a)
        cholesky.adjoint_loops(found, c, seed)
        cholesky.adjoint_into(expected, c, seed)
        close(found, expected)
    for a in (np.diag([1.0, -1.0, 2.0]), np.zeros((2, 2)), np.diag([np.nan, 1.0])):
        found = np.empty_like(a)
        cholesky.cholesky_loops(found, a)
        assert np.isnan(found[-1, -1])


def test_singular_values():
    wide = RNG.standard_normal((3, 5))
    once = np.outer([1.0, 2.0, 0.5, 0.0], [1.0, -1.0, 3.0])
    for a in (*MATRICES, EXCHANGED, wide, wide.T, once, once.T, np.zeros((3, 2)), np.eye(4), wide.astype(np.float32)):
        k = min(a.shape)
        u, s, vt = np.empty((a.shape[0], k), a.dtype), np.empty(k, a.dtype), np.empty((k, a.shape[1]), a.dtype)
        jacobi.svd(u, s, vt, a)
        close(s, np.linalg.svd(a, compute_uv=False))
        close((u * s) @ vt, a)
        close(u.T @ u, np.eye(k, dtype=a.dtype))
        close(vt @ vt.T, np.eye(k, dtype=a.dtype))


@pytest.mark.parametrize("upper", [0, 1])
def test_symmetric_eigenvalues(upper):
    for a in (*MATRICES, EXCHANGED, np.zeros((2, 2)), np.eye(3), np.ones((4, 4)), EXCHANGED.astype(np.float32)):
        w, v = np.empty(a.shape[0], a.dtype), np.empty(a.shape, a.dtype)
        jacobi.eigh(w, v, a, upper)
        whole = np.triu(a) + np.triu(a, 1).T if upper else np.tril(a) + np.tril(a, -1).T
        close(w, np.linalg.eigvalsh(whole))
        close(whole @ v, v * w)
        close(v.T @ v, np.eye(a.shape[0], dtype=a.dtype))


ON_CUDA = """
import numpy as np
import jitad

def energy(a, b):
    x = np.linalg.solve(a, b)
    c = np.linalg.cholesky(a @ a.T + np.eye(3))
    values = np.linalg.det(a) + np.sum(np.linalg.eigvalsh(a) ** 3) + np.linalg.slogdet(a).logabsdet
    return x @ x + np.sum(np.linalg.inv(a)) + values + np.sum(c * c * c)

def factor(a):
    return np.sum(np.linalg.cholesky(a)) + np.linalg.solve(a, np.ones(3))[0]

rng = np.random.default_rng(0)
matrices, rights = rng.normal(size=(4, 3, 3)), rng.normal(size=(4, 3))
derivative = jitad.grad(energy, argnums=(0, 1))
found = jitad.batch(derivative, target="cuda")(matrices, rights)
for at in range(4):
    for actual, expected in zip(found, derivative(matrices[at], rights[at]), strict=True):
        np.testing.assert_allclose(actual[at], expected, rtol=1e-9)
for bad in (-np.eye(3), np.ones((3, 3))):
    try:
        jitad.batch(jitad.grad(factor), target="cuda")(np.stack([np.eye(3), bad]))
    except np.linalg.LinAlgError as error:
        assert "sample 1" in error.__notes__[0], error.__notes__
    else:
        raise AssertionError(bad)
print("right")
"""


def test_on_cuda(tmp_path):
    pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "JITAD_DISABLE_JIT": "1"}
    script = tmp_path / "on_cuda.py"
    script.write_text(ON_CUDA)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.strip() == "right", done.stderr
