"""Compiled Jacobians and Hessians, also called from compiled code."""

from __future__ import annotations

import math
import threading
from typing import Any

import numba
import numpy as np
import pytest

import jitad
from tests.api.jacobian_kernels import coupled, coupled_by_hand, polar

X = np.array([1.1, 0.7, -0.4])
RNG = np.random.default_rng(4)


def squares(x):
    return x * x


def outputs(x, n):
    out = np.zeros(n)
    for i in range(n):
        out[i] = x[i % x.shape[0]]
    return out


def chain(x, steps):
    for _ in range(steps):
        y = np.sin(x)
        for i in range(1, x.shape[0]):
            y[i] += y[i - 1] * x[i]
        x = y
    return x


def test_compiled_modes_agree(compiled: None) -> None:
    x = RNG.uniform(0.2, 0.9, 37)
    forward, reverse = (mode(chain)(x, 3) for mode in (jitad.jacfwd, jitad.jacrev))
    np.testing.assert_allclose(forward, reverse, rtol=1e-12, atol=1e-14)
    value, found = jitad.value_and_jacobian(chain)(x, 3)
    np.testing.assert_array_equal(found, forward)
    np.testing.assert_allclose(value, chain(x, 3), rtol=1e-14)
    np.testing.assert_array_equal(jitad.jacfwd(chain)(np.asfortranarray(x), 3), forward)


def test_a_tape_that_is_too_small_grows(compiled: None) -> None:
    x = np.linspace(0.0, 1.0, 700)
    np.testing.assert_array_equal(jitad.jacfwd(squares)(x), np.diag(2.0 * x))
    np.testing.assert_array_equal(jitad.jacrev(squares)(x), np.diag(2.0 * x))


def test_compiled_matrices_in_fortran_order(compiled: None) -> None:
    x = np.asfortranarray(RNG.normal(size=(3, 4)))
    expected = np.einsum("ik,jl->ijkl", np.eye(3), np.eye(4)) * (2.0 * x)
    for mode in (jitad.jacfwd, jitad.jacrev):
        np.testing.assert_array_equal(mode(squares)(x), expected)


def test_compiled_hessian(compiled: None) -> None:
    def rosenbrock(x):
        total = 0.0
        for i in range(x.shape[0] - 1):
            total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
        return total

    x = RNG.normal(size=21)
    found = jitad.hessian(rosenbrock)(x)
    expected = np.diag(np.append(1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0, 0.0) + 200.0 * (np.arange(21) > 0))
    expected -= np.diag(400.0 * x[:-1], 1) + np.diag(400.0 * x[:-1], -1)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-10)


def test_threads_share_what_is_compiled(compiled: None) -> None:
    function = jitad.jacobian(coupled)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(function(X, 2.0))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for each in found:
        np.testing.assert_allclose(each, coupled_by_hand(X, 2.0), rtol=1e-14)


newton_jacobian = jitad.jacobian(coupled)
newton_hessian = jitad.hessian(lambda x: np.sum(x * x * x * x))
mode_by_shape = jitad.jacobian(outputs)
value_and_polar = jitad.value_and_jacobian(polar, argnums=(0, 1))


def test_compiled_code_calls_them(compiled: None) -> None:
    @numba.njit
    def all_of_them(x):
        (value, (by_r, by_angle)) = value_and_polar(2.0, 0.5)[0], value_and_polar(2.0, 0.5)[1][1]
        return newton_jacobian(x, 2.0), newton_hessian(x), value[0], by_r, by_angle

    jacobian, hessian, value, by_r, by_angle = all_of_them(X)
    np.testing.assert_allclose(jacobian, coupled_by_hand(X, 2.0), rtol=1e-14)
    np.testing.assert_allclose(hessian, np.diag(12.0 * X * X), rtol=1e-14)
    assert (value, by_r, by_angle) == pytest.approx((2 * math.cos(0.5), math.sin(0.5), 2 * math.cos(0.5)))


def test_compiled_code_chooses_the_mode_when_it_runs(compiled: None) -> None:
    @numba.njit
    def twice(x, n):
        return 2.0 * mode_by_shape(x, n)

    for inputs, results in ((3, 40), (40, 3)):
        expected = 2.0 * np.eye(inputs)[np.arange(results) % inputs]
        np.testing.assert_array_equal(twice(np.ones(inputs), results), expected)
