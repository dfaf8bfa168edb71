"""The demonstrations of products with the Hessian: its trace, and Newton's method."""

from __future__ import annotations

import numpy as np
import pytest

import jitad
from jitad.demo import newton_cg, trace


def test_the_estimated_trace_has_the_error_that_it_states() -> None:
    positions = np.random.default_rng(0).normal(size=(8, 2))
    exact = trace.exact_trace(trace.repulsion, (positions,))
    estimates = [trace.hessian_trace(trace.repulsion, (positions,), 50, seed) for seed in range(60)]
    scores = [(estimate.value - exact) / estimate.standard_error for estimate in estimates]
    assert abs(np.mean(scores)) < 0.5
    assert np.std(scores) == pytest.approx(1.0, abs=0.3)


def test_the_variance_of_the_trace_is_that_of_the_theory() -> None:
    positions = np.random.default_rng(1).normal(size=(4, 2))
    hessian = jitad.hessian(trace.repulsion)(positions).reshape(8, 8)
    off_diagonal = hessian - np.diag(np.diag(hessian))
    _, standard_error = trace.hessian_trace(trace.repulsion, (positions,), 2000)
    assert standard_error == pytest.approx(np.sqrt(2 * np.sum(off_diagonal**2) / 2000), rel=0.1)


def test_rosenbrocks_function_of_50_variables_is_minimised_in_few_iterations() -> None:
    found = newton_cg.minimise(newton_cg.rosenbrock, np.resize([1.3, 0.7, 0.8, 1.9, 1.2], 50))
    np.testing.assert_allclose(found.x, 1.0, atol=1e-8)
    assert found.iterations <= 30
    assert found.products <= 150
    assert found.gradient_norm <= 1e-8
    assert found.value < 1e-15


def test_negative_curvature_is_followed_downhill() -> None:
    def saddle(x):
        return (x[0] ** 2 - 1.0) ** 2 + x[1] ** 2

    start = np.array([0.1, 1.0])
    assert jitad.hessian(saddle)(start)[0, 0] < 0.0
    np.testing.assert_allclose(newton_cg.minimise(saddle, start).x, [1.0, 0.0], atol=1e-8)


def test_newton_step_solves_a_system_of_n_in_n_products() -> None:
    matrix = np.diag([1.0, 4.0, 9.0])
    step, products = newton_cg.newton_step(lambda v: matrix @ v, np.array([1e-9, 4e-9, 9e-9]))
    np.testing.assert_allclose(step, -1e-9, rtol=1e-4)
    assert products <= 3


def test_what_has_no_minimum_says_so() -> None:
    with pytest.raises(RuntimeError, match="after 5 iterations the gradient's norm is still"):
        newton_cg.minimise(lambda x: np.sum(np.exp(-x)), np.zeros(2), most=5)


@pytest.mark.parametrize(("demo", "words"), [(newton_cg, "22 iterations"), (trace, "estimated from 100 products")])
def test_they_print_what_they_find(demo, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    demo.main()
    assert words in capsys.readouterr().out
