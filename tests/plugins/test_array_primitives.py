"""Array primitives called in kernels, in every mode."""

from __future__ import annotations

import numpy as np
import pytest

import jitad
from jitad.errors import KernelTypeError, MissingRuleError, SharedMemoryError, UnsupportedCallError
from jitad.plugin import array
from jitad.testing import check_grads
from tests.plugins.solving import eliminate_into, forth_into, sincos_into, solved

A = np.array([[4.0, 1.0, -0.5], [0.3, 3.0, 0.7], [-0.2, 0.4, 5.0]])
B = np.array([1.0, -2.0, 0.5])
V = np.array([0.3, -0.7, 1.1])


def waves(a):
    s = np.empty(a.size)
    c = np.empty(a.size)
    sincos_into(s, c, a)
    return np.sum(s * c**2 + s)


def quadratic(a, b):
    x = solved(a, b)
    return x @ x


def in_a_loop(a, b):
    x = b.copy()
    lu = np.empty_like(a)
    total = 0.0
    for k in range(3):
        eliminate_into(lu, a)
        forth_into(x, lu, a, b + k * x)
        total += np.sum(x**2)
        lu[0, 0] = 0.0
    return total


def into_columns(a):
    s = np.zeros((a.size, 2))
    c = np.zeros((a.size, 2))
    for k in range(2):
        sincos_into(s[:, k], c[:, 1 - k], (k + 1) * a)
    return np.sum(s * c**2)


def swapped(a):
    x, y = a.copy(), np.empty_like(a)
    other = np.empty_like(a)
    for _ in range(3):
        sincos_into(y, other, x)
        x, y = y, x
    return np.sum(x * other)


def chained(a, b):
    x = b
    for k in range(3):
        x = solved(a, x) * (k + 1)
    return np.sum(x**2)


def into_one_place(a):
    out, other = np.empty_like(a), np.empty_like(a)
    total = 0.0
    for k in range(3):
        sincos_into(out, other, a)
        for _ in range(2):
            a = a + 0.1 * out * (k + 1)
            sincos_into(out, other, a)
        if k > 0:
            a = a * 2.0
        total += np.sum(out * other)
    return total


CASES = [
    (waves, (V,)),
    (quadratic, (A, B)),
    (in_a_loop, (A, B)),
    (into_columns, (V,)),
    (swapped, (V,)),
    (chained, (A, B)),
    (into_one_place, (V,)),
]


@pytest.mark.parametrize(("kernel", "args"), CASES)
def test_both_modes_and_second_order(kernel, args):
    check_grads(kernel, args, order=2)


@pytest.mark.parametrize(("kernel", "args"), CASES)
def test_compiled(compiled, kernel, args):
    check_grads(kernel, args, order=1)


def test_exact():
    np.testing.assert_allclose(jitad.grad(quadratic, argnums=1)(A, B), 2 * np.linalg.solve(A.T, np.linalg.solve(A, B)))
    x, dots = jitad.jvp(solved, (A, B), (np.zeros((3, 3)), V))
    np.testing.assert_allclose(x, np.linalg.solve(A, B))
    np.testing.assert_allclose(dots, np.linalg.solve(A, V))


@pytest.mark.parametrize("jacobian", [jitad.jacfwd, jitad.jacrev])
def test_jacobian(jacobian):
    np.testing.assert_allclose(jacobian(solved, argnums=1)(A, B), np.linalg.inv(A), rtol=1e-13)


def test_hessian_and_inner_gradient():
    expected = 2 * np.linalg.inv(A @ A.T)
    np.testing.assert_allclose(jitad.hessian(quadratic, argnums=1)(A, B), expected, rtol=1e-12)
    np.testing.assert_allclose(jitad.hvp(lambda b: quadratic(A, b), (B,), V), expected @ V, rtol=1e-12)

    def steepness(a, b):
        return np.sum(jitad.grad(quadratic, argnums=1)(a, b) ** 2)

    check_grads(steepness, (A, B), order=1)


def test_float32():
    found = jitad.grad(quadratic, argnums=(0, 1))(A.astype(np.float32), B.astype(np.float32))
    assert [part.dtype for part in found] == [np.float32, np.float32]
    for part, wanted in zip(found, jitad.grad(quadratic, argnums=(0, 1))(A, B), strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-5)


def test_in_python_and_in_njit_code(compiled):
    from numba import njit

    assert waves(V) == pytest.approx(np.sum(np.sin(V) * np.cos(V) ** 2 + np.sin(V)))
    assert njit(waves)(V) == pytest.approx(waves(V))


def test_names_like_the_primitive(compiled):
    def kernel(a):
        sincos = np.empty(a.size)
        c = np.empty(a.size)
        sincos_into(sincos, c, a)
        return helper(sincos)

    def helper(sincos_into):
        return np.sum(sincos_into)

    np.testing.assert_allclose(jitad.grad(kernel)(V), np.cos(V))


@array
def square_into(out, a, scale):
    for i in range(a.size):
        out[i] = scale * a[i] ** 2


def squares(a, scale):
    out = np.empty(a.size)
    square_into(out, a, scale)
    return np.sum(out)


def test_a_number_that_derivatives_could_flow_through_is_refused():
    with pytest.raises(KernelTypeError, match=r"the argument 'scale' of square_into is a floating-point number"):
        jitad.grad(squares)(V, 2.0)


@pytest.mark.parametrize(
    ("derivative", "message"),
    [(jitad.grad, "has no reverse rule"), (jitad.jacfwd, "has no forward rule")],
)
def test_a_missing_rule_is_refused(derivative, message):
    with pytest.raises(MissingRuleError, match=message) as caught:
        derivative(squares)(V, 2)
    assert "square_into(out, a, scale)" in str(caught.value)


def test_shared_memory_is_refused():
    def onto_itself(a):
        x = a.copy()
        sincos_into(x, np.empty(a.size), x)
        return np.sum(x)

    def both_into_one(a):
        s = np.zeros(a.size)
        sincos_into(s, s[::-1], a)
        return np.sum(s)

    def onto_an_earlier_one(a):
        x, y = a.copy(), np.empty_like(a)
        for _ in range(2):
            sincos_into(y, np.empty(a.size), x)
            x = y
        return np.sum(x)

    def onto_the_other(a):
        x, y = a.copy(), np.empty_like(a)
        for _ in range(2):
            sincos_into(y, np.empty(a.size), x)
            x = y = np.empty(a.size)
        return np.sum(x)

    for kernel in (onto_an_earlier_one, onto_the_other):
        with pytest.raises(SharedMemoryError, match="sincos_into writes into 's', which may share memory with 'a'"):
            jitad.grad(kernel)(V)
    with pytest.raises(SharedMemoryError, match="sincos_into writes into 's', which may share memory with 'a'"):
        jitad.grad(onto_itself)(V)
    with pytest.raises(SharedMemoryError, match="sincos_into writes into 'c', which may share memory with 's'"):
        jitad.grad(both_into_one)(V)


def test_wrong_arguments_are_named():
    def too_few(a):
        square_into(a.copy(), a)
        return np.sum(a)

    def not_an_array(a):
        square_into(a + 1, a, 2)
        return np.sum(a)

    with pytest.raises(UnsupportedCallError, match="square_into takes out, a, scale and gets 2 arguments"):
        jitad.grad(too_few)(V)
    with pytest.raises(KernelTypeError, match="writes into 'out', which must be an array"):
        jitad.grad(not_an_array)(V)


def test_a_function_with_a_rule_is_differentiated_by_itself():
    assert jitad.grad(np.sin)(0.3) == np.cos(0.3)
    assert jitad.grad(jitad.grad(np.sin))(0.3) == -np.sin(0.3)
    assert jitad.grad(jitad.stop_gradient)(0.3) == 0.0
    np.testing.assert_array_equal(jitad.grad(np.sum)(V), np.ones(3))
    np.testing.assert_allclose(jitad.jacobian(solved, argnums=1)(A, B), np.linalg.inv(A), rtol=1e-13)
