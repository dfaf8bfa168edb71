"""Kernels that draw random numbers: their derivatives at fixed numbers, and the streams that they leave behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.errors import KernelTypeError, MissingRuleError, UnsupportedCallError
from jitad.runtime import tape as tapes
from tests.api.random_kernels import NESTED, SMOOTH, asian_option, families, stopped, walk
from tests.api.random_streams import differences, seeded

X = np.array([0.7, 1.3])


def name_of(kernel: Any) -> str:
    return kernel.__name__


@pytest.mark.parametrize("kernel", SMOOTH, ids=name_of)
def test_gradients(kernel: Any) -> None:
    expected, after = seeded(kernel, X)
    (value, gradient), then = seeded(jitad.value_and_grad(kernel), X)
    assert then == after
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradient, differences(kernel, X), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kernel", SMOOTH, ids=name_of)
def test_forward_mode(kernel: Any) -> None:
    (value, gradient), after = seeded(jitad.value_and_grad(kernel), X)
    direction = np.array([0.3, -1.1])
    (same, tangent), then = seeded(jitad.jvp, kernel, (X,), (direction,))
    assert (same, then) == (value, after)
    assert tangent == pytest.approx(gradient @ direction, rel=1e-12)


@pytest.mark.parametrize("kernel", NESTED, ids=name_of)
def test_derivatives_inside_kernels(kernel: Any) -> None:
    (expected, _), after = seeded(jitad.vjp, kernel, X)
    (value, gradient), then = seeded(jitad.value_and_grad(kernel), X)
    assert (value, then) == (expected, after)
    np.testing.assert_allclose(gradient, differences(lambda x: jitad.vjp(kernel, x)[0], X), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kernel", [families, stopped, walk, *NESTED], ids=name_of)
def test_second_order(kernel: Any) -> None:
    (_, _), after = seeded(jitad.vjp, kernel, X)
    hessian, then = seeded(jitad.hessian(kernel), X)
    nested, last = seeded(jitad.jacrev(jitad.grad(kernel)), X)
    assert then == last == after
    expected = differences(jitad.grad(kernel), X)
    np.testing.assert_allclose(hessian, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(nested, hessian, rtol=1e-10, atol=1e-10)
    product, then = seeded(jitad.hvp, kernel, (X,), np.array([1.0, 0.0]))
    assert then == after
    np.testing.assert_allclose(product, hessian[0], rtol=1e-10, atol=1e-10)


def test_an_inner_gradient_is_that_of_the_numbers_drawn_there() -> None:
    def inside(x):
        a = np.random.random()
        g = jitad.grad(lambda y: y**3 * np.random.normal())(x)
        return a, g, np.random.random()

    (found, _), after = seeded(jitad.vjp, inside, 0.7)
    expected, then = seeded(lambda: (np.random.random(), 3 * 0.7**2 * np.random.normal(), np.random.random()))
    assert found == pytest.approx(expected, rel=1e-14)
    assert then == after


def test_what_is_drawn_again_is_the_same() -> None:
    """The pullback and the linear function belong to the numbers of the value, and leave the stream alone."""
    gradient, _ = seeded(jitad.grad(walk), X)
    (_, pullback), after = seeded(jitad.vjp, walk, X)
    for _ in range(2):
        np.testing.assert_array_equal(pullback(1.0)[0], gradient)
    _, then = seeded(lambda: jitad.vjp(walk, X)[1](1.0))
    assert then == after

    (_, linear), _ = seeded(jitad.linearize, walk, X)
    np.random.random()
    assert [linear(e) for e in np.eye(2)] == pytest.approx(list(gradient), rel=1e-12)
    np.testing.assert_array_equal(linear.transpose(1.0)[0], gradient)


def paths(x):
    out = np.empty((x.size, 7))
    for i in range(x.size):
        for k in range(7):
            out[i, k] = np.sin(x[i] * np.random.normal(x[0], 1.0))
    return out


@pytest.mark.parametrize("size", [2, 40])
def test_all_columns_and_rows_belong_to_one_stream(size: int) -> None:
    x = np.linspace(0.1, 1.0, size)
    expected, after = seeded(paths, x)
    found = {}
    for mode in (jitad.jacfwd, jitad.jacrev, jitad.jacobian):
        found[mode], then = seeded(mode(paths), x)
        assert then == after
    np.testing.assert_allclose(found[jitad.jacfwd], differences(paths, x), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found[jitad.jacrev], found[jitad.jacfwd], rtol=1e-11, atol=1e-12)
    (value, jacobian), then = seeded(jitad.value_and_jacobian(paths), x)
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    np.testing.assert_allclose(jacobian, found[jitad.jacobian], rtol=0)
    assert then == after


def test_a_sweep_that_runs_again_draws_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    expected, after = seeded(jitad.value_and_grad(asian_option), X)
    monkeypatch.setattr(tapes, "START_BYTES", 1 << 8)
    tapes.discard_tapes()
    grown = []
    grow = tapes.Tape.grow
    monkeypatch.setattr(tapes.Tape, "grow", lambda tape, dtype: (grown.append(dtype), grow(tape, dtype)))

    def fresh(x):
        return asian_option(x)

    found, then = seeded(jitad.value_and_grad(fresh), X)
    assert grown
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])
    assert then == after


def test_explaining_leaves_the_generator_alone() -> None:
    explanation, after = seeded(jitad.explain, walk, X)
    _, untouched = seeded(lambda: None)
    assert after == untouched
    assert any("a random number can't be drawn again" in record.why for record in explanation.records)


def test_random_sizes() -> None:
    def random_size(x):
        n = np.random.poisson(4.0) + 1
        return x[0] * np.random.normal(x[1], 1.0, size=n)

    expected, after = seeded(random_size, X)
    (value, jacobian), then = seeded(jitad.value_and_jacobian(random_size), X)
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    np.testing.assert_allclose(jacobian, differences(random_size, X), rtol=1e-7)
    assert then == after


# Refusals

GENERATOR = np.random.default_rng(1)
PARAMETER = "has no derivative by a parameter of its distribution"


def by_shape(x):
    return np.random.standard_gamma(x)


def by_rate_of_an_integer(x):
    return x * np.random.poisson(x)


def by_probability(x):
    n = 0
    for _ in range(3):
        n += np.random.binomial(4, x)
    return 1.0 * n


def by_concentration(x):
    return np.sum(np.random.dirichlet(np.array([x, 1.0])))


@pytest.mark.parametrize("kernel", [by_shape, by_rate_of_an_integer, by_probability, by_concentration], ids=name_of)
def test_parameters_without_a_derivative(kernel: Any) -> None:
    for derivative in (jitad.grad(kernel), lambda x: jitad.jvp(kernel, (x,), (1.0,))):
        with pytest.raises(MissingRuleError) as caught:
            derivative(0.7)
        assert PARAMETER in caught.value.reason
        assert "stop_gradient" in caught.value.remedy
        assert "np.random." in caught.value.origin.text


def test_parameters_without_a_derivative_in_a_function_that_is_differentiated_inside() -> None:
    def outer(x):
        return jitad.grad(lambda y: y * y * np.random.chisquare(x))(2.0)

    assert np.isfinite(jitad.vjp(outer, 0.7)[0])
    with pytest.raises(MissingRuleError, match=PARAMETER):
        jitad.grad(outer)(0.7)


def test_constant_parameters() -> None:
    def constant(x):
        return x * np.random.poisson(4.0 + jitad.stop_gradient(x)) + np.random.standard_gamma(2.0) * x

    value, after = seeded(constant, 0.7)
    gradient, then = seeded(jitad.grad(constant), 0.7)
    assert gradient == pytest.approx(value / 0.7, rel=1e-14)
    assert then == after


@jitad.custom_jvp
def draws_in_its_rule(a):
    return 2.0 * a


@draws_in_its_rule.defjvp
def _rule(primals, tangents):
    return 2.0 * primals[0], tangents[0] * np.random.random()


def unknown_to_numba(x):
    return x * np.random.multivariate_normal(np.zeros(1), np.eye(1))[0]


@pytest.mark.parametrize(
    ("kernel", "error", "reason", "remedy"),
    [
        (lambda x: np.random.normal(x * np.ones(2)), KernelTypeError, "'loc' of a distribution must be a number", ""),
        (lambda x: x * np.random.randint(0.5), KernelTypeError, "takes an integer there", "int(x)"),
        (lambda x: x * GENERATOR.normal(0.0, 1.0), UnsupportedCallError, "draws from a Generator", "np.random.normal"),
        (unknown_to_numba, UnsupportedCallError, "Numba doesn't draw such", "np.random.normal"),
        (lambda x: x * np.random.random(dtype=float), UnsupportedCallError, "'dtype'", "leave that argument out"),
        (draws_in_its_rule, UnsupportedCallError, "draws random numbers", "before the call"),
    ],
)
def test_refusals(kernel: Any, error: type, reason: str, remedy: str) -> None:
    with pytest.raises(error) as caught:
        jitad.grad(kernel)(0.7)
    assert reason in caught.value.reason
    assert remedy in caught.value.remedy
