"""Derivatives by complex arguments and of complex results, and the convention for them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit

import jitad
from jitad.plugin import composite
from jitad.testing import check_grads

Z = np.array([0.4 + 1.2j, -0.7 + 0.3j, 1.1 - 0.6j])


def real_one(z):
    return np.sum(abs(np.exp(z) * (1 - 2j)) ** 2) + (z[0] * z[1]).imag


def complex_one(z, x):
    return np.sin(z) * x, np.sum(z) / x


class Wave(NamedTuple):
    amplitude: Any
    phase: Any


def test_the_gradient_points_upwards():
    """df/dx + i df/dy: steps against it descend."""
    assert jitad.grad(lambda z: abs(z - (1 + 2j)) ** 2)(3 + 1j) == pytest.approx(4 - 2j)
    z = np.array([5 - 3j, 1 + 1j])
    step = jitad.grad(real_one)(z)
    assert real_one(z - 1e-6 * step / np.linalg.norm(step)) < real_one(z)


def test_the_transpose_is_by_the_real_inner_product():
    value, pullback = jitad.vjp(lambda z: z * z, 1 + 2j)
    assert value == (1 + 2j) ** 2
    assert pullback(3 - 1j) == (pytest.approx(np.conj(2 * (1 + 2j)) * (3 - 1j)),)
    assert pullback(2) == (pytest.approx(np.conj(2 * (1 + 2j)) * 2),)


def test_tangents_multiply_with_the_complex_derivative():
    assert jitad.jvp(lambda z: z**3, (1 + 1j,), (2j,))[1] == pytest.approx(3 * (1 + 1j) ** 2 * 2j)
    assert jitad.jvp(lambda z: z**3, (1 + 1j,), (2,))[1] == pytest.approx(3 * (1 + 1j) ** 2 * 2)


def test_derivatives_are_differences():
    check_grads(real_one, (Z,))
    check_grads(complex_one, (Z, 1.5))
    check_grads(lambda z: abs(z) ** 3, (0.4 - 1j,), order=3)


def test_a_wrong_rule_is_found_and_the_part_is_named():
    @jitad.custom_jvp
    def squared(z):
        return z * z

    @squared.defjvp
    def squared_jvp(primals, tangents):
        return squared(primals[0]), 2.001 * primals[0] * tangents[0]

    message = r"(?s)derivative of the result\.(real|imag) by argument 0\.(real|imag)"
    with pytest.raises(AssertionError, match=message):
        check_grads(lambda z: squared(z) + 1j, (1 + 2j,))


def test_custom_rules_take_complex_numbers_and_arrays():
    @jitad.custom_vjp
    def energy(z, s):
        return np.sum(z * z) * s

    def forward(z, s):
        return np.sum(z * z) * s, (z, s)

    def backward(residuals, cotangent):
        z, s = residuals
        return 2 * np.conj(z * s) * cotangent, np.conj(np.sum(z * z)) * cotangent

    energy.defvjp(forward, backward)
    check_grads(lambda z, s: energy(z * 1j, s), (Z, 2 - 1j))


def test_derivatives_inside_kernels():
    def kernel(z):
        slope = jitad.grad(lambda w: np.sum(abs(w) ** 2 * w.real))(z)
        _, pushed = jitad.jvp(lambda w: w * w, (z,), (slope,))
        return np.sum(abs(pushed)), jitad.grad(lambda c: abs(c) ** 3)(z[0]), jitad.hvp(real_one, (z,), z)

    value = jitad.vjp(kernel, Z)[0]
    slope = 2 * Z * Z.real + abs(Z) ** 2
    assert value[0] == pytest.approx(np.sum(abs(2 * Z * slope)))
    assert value[1] == pytest.approx(3 * abs(Z[0]) * Z[0])
    np.testing.assert_allclose(value[2], jitad.hvp(real_one, (Z,), Z), rtol=1e-12)
    check_grads(kernel, (Z,), order=1)


def test_structures_keep_their_kinds():
    def kernel(wave, rest):
        return np.sum(abs(wave.amplitude * np.exp(wave.phase[0]))) + rest["k"].real

    gradient, rest = jitad.grad(kernel, argnums=(0, 1))(Wave(1 + 1j, [Z]), {"k": np.complex64(2j)})
    assert isinstance(gradient, Wave) and isinstance(gradient.amplitude, complex)
    assert gradient.phase[0].shape == Z.shape and gradient.phase[0].dtype == np.complex128
    assert isinstance(rest["k"], np.complex64) and rest["k"] == 1


def test_linearize_is_jvp_and_vjp():
    _, linear = jitad.linearize(complex_one, Z, 1.5)
    _, expected = jitad.jvp(complex_one, (Z, 1.5), (Z * 1j, 0.5))
    for actual, wanted in zip(linear(Z * 1j, 0.5), expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-14)
    back = linear.transpose((Z, 1j))
    for actual, wanted in zip(back, jitad.vjp(complex_one, Z, 1.5)[1]((Z, 1j)), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-14)


def test_arguments_of_any_memory_stay_as_they_are():
    wide = np.zeros((3, 4), complex)
    wide[:, ::2] = Z[:, None]

    def kernel(z):
        z *= 2j
        return np.sum(abs(z) ** 2)

    for given in (np.asfortranarray(wide), wide[:, ::2], wide[::-1].T, wide[:1]):
        before = given.copy()
        np.testing.assert_allclose(jitad.grad(kernel)(given), 8 * given, rtol=1e-14)
        np.testing.assert_array_equal(given, before)


def test_shared_memory_is_found():
    def kernel(z, x):
        z *= 2
        return np.sum(abs(z) * x)

    z = Z.copy()
    with pytest.raises(jitad.SharedMemoryError, match="share memory"):
        jitad.grad(kernel)(z, z.real)


def test_views_share_memory_outside_kernels():
    z = Z.copy()
    parts = jitad.view_as_real(z)
    parts[0, 1] = 7.0
    again = jitad.view_as_complex(parts)
    again[1] = 1j
    assert z[0].imag == 7.0 and z[1] == 1j
    assert jitad.view_as_real(np.zeros((2, 3), np.complex64)[:, ::2]).shape == (2, 2, 2)
    for function, wrong, part in [
        (jitad.view_as_real, np.zeros(2), "float64, not complex numbers"),
        (jitad.view_as_complex, np.zeros(3), "last axis doesn't have length 2"),
        (jitad.view_as_complex, np.zeros((2, 3)).T, "don't lie whole in memory"),
        (jitad.view_as_complex, np.zeros(2, int), "int64, not floats"),
    ]:
        with pytest.raises(jitad.ArgumentError, match=part):
            function(wrong)


# Refusals


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: jitad.grad(lambda z: z * z)(1j), jitad.NonScalarResultError, "a complex number.*z.real or abs"),
        (lambda: jitad.grad(lambda z: z * z, has_aux=True)(1j), jitad.NonScalarResultError, "pair"),
        (lambda: jitad.jacfwd(abs)(1j), jitad.ArgumentError, "view_as_real"),
        (lambda: jitad.jacrev(lambda x: x * 1j)(1.0), jitad.ArgumentError, "jitad.jvp or jitad.vjp"),
        (lambda: jitad.hessian(abs)(1j), jitad.ArgumentError, "view_as_real"),
        (lambda: jitad.jvp(abs, (1j,), (Z,)), jitad.ArgumentError, "expected a complex number"),
        (lambda: jitad.jvp(np.sum, (Z,), (Z.real,)), jitad.ArgumentError, "expected an array of dtype complex128"),
        (lambda: jitad.vjp(np.conj, Z)[1](Z.real), jitad.ArgumentError, "expected an array of dtype complex128"),
        (lambda: jitad.vjp(abs, 1j)[1](1j), jitad.ArgumentError, "expected a number of dtype float64"),
        (lambda: jitad.grad(lambda z: jitad.jacobian(lambda w: w * w)(z).real)(1j), jitad.ArgumentError, "vjp"),
    ],
)
def test_refusals_of_derivatives(call, error, part):
    with pytest.raises(error, match=f"(?s){part}"):
        call()


def into_real(x, z):
    x[0] = z[0]
    return x[0]


def into_real_whole(x, z):
    x[:] = z
    return x[0]


def added_to_real(x, z):
    x += z
    return x[0]


def masked_into_real(x, z):
    x[x > 0] = z[0]
    return x[0]


def conversion(x, z):
    return np.sum(z.astype(float))


def float_of(x, z):
    return float(z[0])


def real_empty(x, z):
    y = np.empty(3)
    y[1] = z[0] * 2
    return y[0]


REAL = "z.real, z.imag or abs"


@pytest.mark.parametrize(
    ("kernel", "part"),
    [
        (into_real, REAL),
        (into_real_whole, REAL),
        (added_to_real, REAL),
        (masked_into_real, REAL),
        (conversion, "drop the imaginary parts"),
        (float_of, "float isn't defined for complex"),
        (real_empty, REAL),
        (lambda x, z: np.max(z), "np.max isn't defined for complex"),
        (lambda x, z: z[0] // 2, "floordiv isn't defined for complex"),
        (lambda x, z: z[0] < 1, "lt isn't defined for complex"),
        (lambda x, z: np.sort(z), "np.sort isn't defined"),
        (lambda x, z: np.cov(z), "np.cov isn't defined"),
        (lambda x, z: np.prod(z[:, None], axis=0), "along an axis"),
        (lambda x, z: np.linalg.norm(z[:, None], 2), "singular values"),
        (lambda x, z: x[z], "can't be indexed|can't be an index|must be a real number"),
        (lambda x, z: np.arctan2(z, z), "np.arctan2 isn't defined"),
        (lambda x, z: min(z[0], z[1]), "must be a real number"),
        (lambda x, z: np.zeros(3) if z[0].real > 0 else z, "on one path and"),
        (lambda x, z: z.argsort(), "has no attribute 'argsort'"),
        (lambda x, z: jitad.view_as_complex(x), "last axis"),
        (lambda x, z: np.array([z[0]], dtype=float), "can't be kept"),
        (lambda x, z: np.round(z), "np.round isn't defined"),
        (lambda x, z: math.exp(z[0]), "math.exp isn't defined"),
    ],
)
def test_refusals_in_kernels(kernel, part):
    with pytest.raises(jitad.JitadError, match=part) as caught:
        jitad.vjp(kernel, np.ones(3), Z)
    assert "test_complex.py" in str(caught.value) and "What to do: " in str(caught.value)


def test_definitions_of_plugins_say_whether_they_take_complex_numbers():
    @composite(takes_complex=True)
    def doubled(z):
        return z + z

    @composite()
    def squared(z):
        return z * z

    assert jitad.grad(lambda z: abs(doubled(z)))(3 + 4j) == pytest.approx(2 * (0.6 + 0.8j))
    assert jitad.grad(squared)(3.0) == 6.0
    with pytest.raises(jitad.UnsupportedCallError, match="squared isn't defined for complex numbers"):
        jitad.grad(lambda z: abs(squared(z)))(1j)


# Compiled


shift = np.array([0.1j, 0.2, -0.3])


def shifted(z, s):
    return np.sum(abs(z * shift + s) ** 2)


def test_compiled_code_sees_complex_arrays_as_real_ones():
    @njit
    def views(z, a):
        parts = jitad.view_as_real(z)
        parts[0, 1] = 7.0
        whole = jitad.view_as_complex(a)
        whole[1] = 1j
        return jitad.view_as_real(z[::2]), whole

    z, a = Z.copy(), np.ones((2, 2), np.float32)
    halved, whole = views(z, a)
    assert z[0].imag == 7.0 and a[1, 0] == 0.0 and whole.dtype == np.complex64
    np.testing.assert_array_equal(halved, jitad.view_as_real(z[::2]))


def test_compiled_code_takes_complex_numbers_and_arrays(compiled):
    derivative = jitad.value_and_grad(shifted, argnums=(0, 1))

    @njit
    def call(z, s):
        return derivative(z, s)

    wide = np.zeros((3, 2), complex)
    wide[:, 1] = Z
    for z in (Z, wide[:, 1]):
        value, gradients = call(z, 1 - 1j)
        expected, wanted = derivative(z, 1 - 1j)
        assert value == expected == pytest.approx(shifted(z, 1 - 1j))
        for actual, other in zip(gradients, wanted, strict=True):
            np.testing.assert_array_equal(actual, other)
        np.testing.assert_allclose(wanted[0], 2 * np.conj(shift) * (z * shift + 1 - 1j), rtol=1e-13)
