"""Derivatives that compiled code asks for itself: ``jitad.grad(f)(x)`` inside an ``@njit`` function."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

import jitad

pytestmark = pytest.mark.usefixtures("compiled")


@njit
def weighted(x, w):
    return x * x * x * w


@njit
def cubes(x):
    return np.sum(x**3)


@njit
def asks(x):
    first = jitad.grad(weighted)(x, 2.0)
    second = jitad.grad(jitad.grad(weighted, argnums=0))(x, 1.0)
    value, (by_x, by_w) = jitad.value_and_grad(weighted, (0, 1))(x, 2.0)
    return first + second + value + by_x + by_w


def test_gradients_of_compiled_functions():
    assert asks(2.0) == asks.py_func(2.0) == 24.0 + 12.0 + 16.0 + 24.0 + 8.0


def test_a_kernel_that_asks_is_differentiated_too():
    assert np.isclose(jitad.grad(asks)(2.0), 24.0 + 6.0 + 24.0 + 24.0 + 12.0)


def test_jacobians_and_products():
    @njit
    def everything(x, v):
        value, tangent = jitad.jvp(cubes, (x,), (v,))
        return value, tangent, jitad.hvp(cubes, (x,), v), jitad.hessian(cubes)(x), jitad.jacobian(np_sin)(x)

    x, v = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 0.5])
    value, tangent, product, hessian, jacobian = everything(x, v)
    assert value == 36.0
    assert tangent == 3.0 + 13.5
    assert np.allclose(product, 6.0 * x * v)
    assert np.allclose(hessian, np.diag(6.0 * x))
    assert np.allclose(jacobian, np.diag(np.cos(x)))


@njit
def np_sin(x):
    return np.sin(x)


def test_options_must_be_literals():
    @njit
    def chosen(x, at):
        return jitad.grad(weighted, at)(x, 1.0)

    with pytest.raises(TypingError, match="must be literals"):
        chosen(2.0, 0)


def test_storage_is_an_option():
    @njit
    def slopes(x):
        hessian = jitad.hessian(cubes, storage="recompute")(x)
        return jitad.grad(cubes, storage="record")(x), hessian, jitad.hvp(cubes, (x,), x, storage="record")

    x = np.array([1.0, 2.0, 3.0])
    slope, hessian, product = slopes(x)
    assert np.allclose(product, 6.0 * x**2)
    assert np.allclose(slope, 3.0 * x**2)
    assert np.allclose(hessian, np.diag(6.0 * x))
