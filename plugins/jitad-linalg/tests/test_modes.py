"""Every function in every mode, and with every form of its arguments."""

from __future__ import annotations

import linalg_kernels as k
import numpy as np
import pytest
import scipy.linalg

import jitad
from jitad.testing import check_grads


def name(value):
    return getattr(value, "__name__", "")


def gradients(kernel, args):
    return jitad.grad(kernel, argnums=tuple(range(len(args))))(*args)


every_case = pytest.mark.parametrize(("kernel", "args"), k.CASES, ids=name)


@every_case
def test_both_modes_and_second_order(kernel, args):
    check_grads(kernel, args, order=2)


@every_case
def test_value(kernel, args):
    value, _ = jitad.value_and_grad(kernel)(*args)
    assert value == pytest.approx(kernel(*args), rel=1e-11)


@every_case
def test_fortran_order_strides_and_float32(kernel, args):
    expected = gradients(kernel, args)
    reversed_twice = tuple(np.ascontiguousarray(arg[::-1])[::-1] for arg in args)
    for given in (tuple(np.asfortranarray(arg) for arg in args), reversed_twice):
        for found, wanted in zip(gradients(kernel, given), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12 * np.max(np.abs(wanted)))
    single = gradients(kernel, tuple(arg.astype(np.float32) for arg in args))
    for found, wanted in zip(single, expected, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=2e-3 * np.max(np.abs(wanted)))


@pytest.mark.parametrize("jacobian", [jitad.jacfwd, jitad.jacrev])
def test_jacobians_in_lanes(jacobian):
    x = np.linalg.inv(k.A)
    np.testing.assert_allclose(jacobian(np.linalg.solve, argnums=1)(k.A, k.B), x, rtol=1e-12, atol=1e-14)
    expected = -np.einsum("ip,qj->ijpq", x, x)
    np.testing.assert_allclose(jacobian(np.linalg.inv)(k.A), expected, rtol=1e-11, atol=1e-14)
    found = jacobian(lambda a: np.linalg.eigh(a)[0])(k.S)
    v = np.linalg.eigh(k.S)[1]
    np.testing.assert_allclose(found + found.transpose(0, 2, 1), 2 * np.einsum("pi,qi->ipq", v, v), atol=1e-12)


def test_hessian_and_hvp():
    def energy(b):
        x = np.linalg.solve(k.A, b)
        return x @ x

    expected = 2 * np.linalg.inv(k.A @ k.A.T)
    np.testing.assert_allclose(jitad.hessian(energy)(k.B), expected, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(jitad.hvp(energy, (k.B,), k.B), expected @ k.B, rtol=1e-11)


def in_a_loop(a, b):
    x = b
    total = 0.0
    for step in range(3):
        shifted = a + step * np.eye(4)
        x = np.linalg.solve(shifted, x) + scipy.linalg.solve_triangular(shifted, x)
        q, r = np.linalg.qr(shifted * (1.0 + np.sum(x**2)))
        total += np.sum(np.linalg.cholesky(r.T @ r)) + q[0, 0] + np.linalg.det(shifted)
    return total


def test_in_a_loop():
    check_grads(in_a_loop, (k.A, k.B), order=2)


def steepness(a, b):
    return np.sum(jitad.grad(k.solve)(a, b) ** 2)


def test_gradient_inside():
    check_grads(steepness, (k.A, k.B), order=1)


SMALL = [
    (k.solve, (k.A[:1, :1].copy(), k.B[:1])),
    (k.inv, (k.A[:1, :1].copy(),)),
    (k.det, (k.A[:1, :1].copy(),)),
    (k.slogdet, (k.A[:1, :1].copy(),)),
    (k.cholesky, (k.S[:1, :1].copy(),)),
    (k.qr, (k.A[:1, :1].copy(),)),
    (k.eigh, (k.S[:1, :1].copy(),)),
    (k.svd, (k.A[:1, :1].copy(),)),
    (k.expm, (k.A[:1, :1].copy(),)),
    (k.sqrtm, (k.S[:1, :1].copy(),)),
    (k.sylvester, (k.A[:1, :1].copy(), k.A[1:2, 1:2].copy(), k.C[:1, :1].copy())),
]


@pytest.mark.parametrize(("kernel", "args"), SMALL, ids=name)
def test_one_by_one(kernel, args):
    check_grads(kernel, args, order=2)


EMPTY = np.zeros((0, 0))


@pytest.mark.parametrize("kernel", [k.inv, k.det, k.slogdet, k.cholesky, k.eigh, k.qr, k.svd], ids=name)
def test_zero_by_zero(kernel):
    value, found = jitad.value_and_grad(kernel)(EMPTY)
    assert found.shape == (0, 0)
    assert value == kernel(EMPTY)


def test_zero_by_zero_system():
    found = jitad.grad(k.solve, argnums=(0, 1))(EMPTY, np.zeros(0))
    assert [part.shape for part in found] == [(0, 0), (0,)]


def test_integers_become_floats():
    numbers = np.array([[2, 1], [1, 3]])
    found = jitad.grad(lambda b: np.sum(np.linalg.solve(numbers, b) ** 2))(np.ones(2))
    np.testing.assert_allclose(found, 2 * np.linalg.inv(numbers @ numbers) @ np.ones(2))


def test_inputs_stay_as_they_are():
    for kernel, args in k.CASES:
        before = [arg.copy() for arg in args]
        gradients(kernel, args)
        for arg, kept in zip(args, before, strict=True):
            np.testing.assert_array_equal(arg, kept)
