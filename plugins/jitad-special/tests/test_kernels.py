"""SciPy's functions in kernels and in compiled code: dtypes, arrays, loops, edges, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit
from scipy import special

import jitad
import jitad.plugin
from jitad.errors import MissingRuleError
from jitad.testing import check_grads

X = np.array([0.3, 1.2, 2.5])


def mixture(x, a):
    total = 0.0
    for k in range(3):
        total += np.sum(special.gammainc(a + k, x) * special.j0(x)) + special.log_ndtr(-a * k)
    return total


def attention(q, k, v):
    return np.sum(special.softmax(q @ k.T, axis=1) @ v)


def test_in_loops_and_arrays():
    check_grads(mixture, (X, 1.7), order=2)


def test_softmax_of_a_matrix():
    random = np.random.default_rng(0)
    check_grads(attention, (random.normal(size=(3, 2)), random.normal(size=(4, 2)), random.normal(size=(4, 2))))


def test_compiled(compiled):
    value, slope = jitad.value_and_grad(mixture)(X, 1.7)
    assert value == pytest.approx(mixture(X, 1.7), rel=1e-14)
    with_lanes = jitad.jacfwd(lambda x: special.jv(2, x) * special.betainc(1.5, 2.0, x / 3.0))(X)
    np.testing.assert_allclose(np.diag(np.diag(with_lanes)), with_lanes)
    hessian = jitad.hessian(mixture)(X, 1.7)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12)
    assert np.all(np.isfinite(slope))


def test_single_precision(compiled):
    def kernel(x):
        return special.jv(1, x) + special.erfcx(x) + special.gammainc(x, np.float32(2.0))

    x = np.float32(0.7)
    assert jitad.grad(kernel)(x) == pytest.approx(jitad.grad(kernel)(0.7), rel=1e-6)
    assert jitad.grad(lambda x: np.sum(special.ndtri(x)))(X.astype(np.float32) / 3).dtype == np.float32


def test_in_the_users_own_compiled_code():
    jitad.plugin.load()

    @njit
    def both(x):
        return special.erfcx(x) + special.betainc(2, 3, x), special.kn(2, x)

    assert both(0.3) == pytest.approx((special.erfcx(0.3) + special.betainc(2, 3, 0.3), special.kn(2, 0.3)))


@pytest.mark.parametrize("function", [special.jv, special.yv, special.iv, special.kv, special.kve])
def test_orders_are_refused(function):
    def kernel(v, x):
        return function(v, x)

    with pytest.raises(MissingRuleError, match=f"{function.__name__} has no derivative rule for argument 0"):
        jitad.grad(kernel)(0.5, 2.0)
    assert math.isfinite(jitad.grad(kernel, argnums=1)(0.5, 2.0))


def test_third_derivatives_by_shapes_are_refused():
    def kernel(a):
        return special.gammainc(a, 2.0)

    with pytest.raises(MissingRuleError, match="gammainc_aa has no derivative rule for argument 0"):
        jitad.grad(jitad.grad(jitad.grad(kernel)))(0.5)


EDGES = [
    (special.logsumexp, np.array([-np.inf, 0.0]), np.array([0.0, 1.0])),
    (special.logsumexp, np.array([1e4, 1e4]), np.array([0.5, 0.5])),
    (special.logsumexp, np.array([2.0, 2.0, -1e5]), np.array([0.5, 0.5, 0.0])),
]


@pytest.mark.parametrize(("function", "x", "expected"), EDGES)
def test_edges_of_sums(function, x, expected):
    np.testing.assert_array_equal(jitad.grad(lambda x: 1.0 * function(x))(x), expected)


@pytest.mark.parametrize("x", [-1e4, -800.0, 0.0, 800.0, 1e4])
def test_log_expit_far_out(x):
    def kernel(x):
        return special.log_expit(x)

    assert jitad.grad(kernel)(x) == special.expit(-x)
    assert jitad.grad(jitad.grad(kernel))(x) == pytest.approx(-special.expit(x) * special.expit(-x), abs=1e-300)
