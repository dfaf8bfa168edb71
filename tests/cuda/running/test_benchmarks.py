"""The benchmarks on CUDA compute what they say, seen at a few samples."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import jitad

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
if importlib.util.find_spec("asv_benchmarks") is None:
    pytest.skip("the benchmarks aren't here", allow_module_level=True)

from asv_benchmarks.benchmarks import ceilings, on_cuda
from jitad.cuda.target import cuda

TOLERANCES = {"float64": 1e-11, "float32": 2e-3}


def host(array):
    return array if isinstance(array, float | np.ndarray) else array.copy_to_host()


@pytest.fixture(params=on_cuda.DTYPES)
def dtype(request):
    return request.param


def test_predator_and_prey(dtype):
    bench = on_cuda.PredatorPreyOnCuda()
    bench.prepare(cuda, dtype, 3)
    values, gradients = bench.gradient()
    expected = [jitad.value_and_grad(on_cuda.predator_prey)(theta, *bench.given) for theta in bench.thetas]
    rtol = TOLERANCES[dtype]
    assert gradients.dtype == dtype
    np.testing.assert_allclose(host(values), [value for value, _ in expected], rtol=rtol)
    np.testing.assert_allclose(host(gradients), [gradient for _, gradient in expected], rtol=rtol, atol=rtol)
    np.testing.assert_allclose(host(bench.value()), host(values), rtol=rtol)
    np.testing.assert_allclose(bench.cpu()[1], host(gradients), rtol=rtol, atol=rtol)


def test_monte_carlo(dtype):
    bench = on_cuda.MonteCarloOnCuda()
    bench.prepare(cuda, dtype, 5)
    values, gradients = bench.gradient()
    paths = np.ascontiguousarray(bench.normals[0].T)
    value, expected = jitad.value_and_grad(on_cuda.asian_option, argnums=bench.argnums)(*bench.market, paths)
    rtol = TOLERANCES[dtype]
    assert values.dtype == dtype
    assert np.mean(host(values)) == pytest.approx(value, rel=rtol)
    np.testing.assert_allclose(np.array(gradients) / 5, expected, rtol=rtol)
    np.testing.assert_allclose(bench.cpu()[1], gradients, rtol=rtol)


def test_ceilings(dtype):
    assert ceilings.bandwidth(64) > 0.0
    assert ceilings.operations_a_second(dtype, 4, 2) > 0.0


def polynomial(x):
    return x[0] * x[1] + 3.0 * x[1]


def test_what_is_counted():
    assert ceilings.operations(polynomial, (np.ones(2),), (0,)) in range(3, 12)
    assert ceilings.traffic(polynomial, (np.ones(2),), (0,), (0,)) == 32


@pytest.mark.parametrize("engine", on_cuda.gpu_engines.ENGINES)
@pytest.mark.parametrize("kind", [on_cuda.PredatorPreyOnCuda, on_cuda.MonteCarloOnCuda])
def test_other_engines(kind, engine, dtype):
    pytest.importorskip(engine, reason="is compared with where it is installed")
    bench = kind()
    bench.prepare(cuda, dtype, 4)
    values, gradients = bench.gradient()
    value, found = bench.beside(engine)()
    if kind is on_cuda.MonteCarloOnCuda:
        gradients = np.array(gradients) / 4
    elif engine == "torch":
        found = found.T
    assert np.mean(np.asarray(value)) / (4 if kind is on_cuda.PredatorPreyOnCuda and engine == "torch" else 1) == (
        pytest.approx(np.mean(host(values)), rel=TOLERANCES[dtype])
    )
    np.testing.assert_allclose(np.asarray(found), host(gradients), rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])
