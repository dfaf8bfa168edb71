"""Derivatives of functions that take derivatives themselves, to any depth and in any mode."""

# ruff: noqa: PLW0108 - a kernel that only calls a derivative is what is tested

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitad
from tests.api.saddle_and_particle import forward, miss, particle, reverse, saddle

X = np.array([0.3, -0.7, 1.1])
WEIGHTS = np.array([1.0, 2.0, 3.0])
FACTOR = 2.0


def by_jvp(f):
    return lambda x: jitad.jvp(f, (x,), (1.0,))[1]


def cubic(x):
    return x * x * x


def rosenbrock(x):
    total = 0.0
    for i in range(x.size - 1):
        total += (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def weighed(x):
    return FACTOR * np.sum(WEIGHTS * x * x)


def product_with_gradient(x):
    return np.sum(jitad.grad(weighed)(x) * x)


def overwriting(x):
    for i in range(1, x.size):
        x[i] = x[i] * x[i - 1]
    return np.sum(x * x)


SLOPE = jitad.grad(cubic)


def uses_a_slope(x):
    return SLOPE(x) * x


# Perturbations of different derivatives stay apart


def sum_by_grad(x):
    return x * jitad.grad(lambda y: x + y)(1.0)


def sum_by_jvp(x):
    return x * jitad.jvp(lambda y: x + y, (1.0,), (1.0,))[1]


def tangent_of_tangent(x):
    def middle(y):
        inner = jitad.jvp(lambda z: x * y * z * z, (y,), (1.0,))[1]
        return x * inner

    return jitad.jvp(middle, (x,), (1.0,))[1]


@pytest.mark.parametrize("outer", [jitad.grad, by_jvp])
@pytest.mark.parametrize("function", [sum_by_grad, sum_by_jvp])
def test_the_derivative_of_x_times_that_of_a_sum_is_one(outer: Any, function: Any) -> None:
    assert outer(function)(1.0) == 1.0


def test_the_derivative_of_x_times_that_of_a_sum_compiled(compiled: None) -> None:
    assert jitad.grad(sum_by_grad)(1.0) == 1.0
    assert by_jvp(sum_by_jvp)(1.0) == 1.0


@pytest.mark.parametrize("outer", [jitad.grad, by_jvp])
def test_three_levels(outer: Any) -> None:
    # inner = 2 x y², its product with x differentiated by y is 4 x² y: at y = x, 4 x³
    assert outer(tangent_of_tangent)(0.7) == pytest.approx(12 * 0.7**2, rel=1e-14)


# High orders


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: math.sin(x), [math.cos(0.7), -math.sin(0.7), -math.cos(0.7), math.sin(0.7), math.cos(0.7)]),
        (lambda x: np.exp(x), [math.exp(0.7)] * 5),
        (lambda x: x**7, [math.perm(7, k) * 0.7 ** (7 - k) for k in range(1, 6)]),
    ],
    ids=["sin", "exp", "power"],
)
def test_orders_up_to_five(function: Any, expected: list[float]) -> None:
    gradients = tangents = mixed = function
    for value in expected:
        mixed = jitad.grad(tangents)
        gradients, tangents = jitad.grad(gradients), by_jvp(tangents)
        assert gradients(0.7) == pytest.approx(value, rel=1e-12)
        assert tangents(0.7) == pytest.approx(value, rel=1e-12)
        assert mixed(0.7) == pytest.approx(value, rel=1e-12)


def test_a_third_derivative_compiled(compiled: None) -> None:
    third = jitad.grad(jitad.grad(jitad.grad(lambda x: math.sin(x))))
    assert third(0.7) == pytest.approx(-math.cos(0.7), rel=1e-14)


def test_functions_made_by_one_factory_nest_in_a_kernel() -> None:
    def kernel(x):
        def slope(f):
            return lambda y: jitad.grad(f)(y)

        return slope(slope(cubic))(x)

    assert jitad.grad(kernel)(0.5) == pytest.approx(6.0)


# Every way to the same product with the Hessian


def test_modes_agree() -> None:
    v = np.array([0.5, -1.0, 0.25])
    expected = jitad.hessian(rosenbrock)(X) @ v
    gradient = jitad.grad(rosenbrock)
    for product in (
        jitad.hvp(rosenbrock, (X,), v),
        jitad.jvp(gradient, (X,), (v,))[1],
        jitad.vjp(gradient, X)[1](v)[0],
        jitad.jacfwd(gradient)(X) @ v,
        jitad.jacrev(gradient)(X) @ v,
        jitad.grad(lambda x: np.sum(gradient(x) * v))(X),
        jitad.grad(lambda x: jitad.jvp(rosenbrock, (x,), (v,))[1])(X),
        jitad.linearize(gradient, X)[1](v),
    ):
        np.testing.assert_allclose(product, expected, rtol=1e-13)


def test_modes_agree_at_the_third_order() -> None:
    v = np.array([0.5, -1.0, 0.25])
    gradient = jitad.grad(lambda x: np.sum(jitad.hvp(rosenbrock, (x,), v) * v))(X)
    tangent = jitad.jvp(lambda x: jitad.hvp(rosenbrock, (x,), v), (X,), (v,))[1]
    product = jitad.hvp(lambda x: jitad.jvp(rosenbrock, (x,), (v,))[1], (X,), v)
    np.testing.assert_allclose(tangent, gradient, rtol=1e-13)
    np.testing.assert_allclose(product, gradient, rtol=1e-13)


def test_gradient_descent_by_its_start_and_rate() -> None:
    def descend(x, rate):
        for _ in range(6):
            x = x - rate * jitad.grad(rosenbrock)(x)
        return rosenbrock(x)

    by_start, by_rate = jitad.grad(descend, argnums=(0, 1))(X, 0.02)
    moved = (X, 0.02), (np.array([1.0, -0.5, 0.25]), 0.3)
    tangent = jitad.jvp(descend, *moved)[1]
    assert tangent == pytest.approx(np.sum(by_start * moved[1][0]) + by_rate * 0.3, rel=1e-12)
    step = 1e-5
    difference = (jitad.vjp(descend, X, 0.02 + step)[0] - jitad.vjp(descend, X, 0.02 - step)[0]) / (2 * step)
    assert by_rate == pytest.approx(difference, rel=1e-7)


def test_gradient_descent_compiled_grows_the_tape(compiled: None) -> None:
    def descend(x, rate, steps):
        for _ in range(steps):
            x = x - rate * jitad.grad(rosenbrock)(x)
        return np.sum(x * x)

    gradient = jitad.grad(descend, argnums=1)
    for steps in (3, 5000):
        difference = [jitad.vjp(descend, X, 0.01 + step, steps)[0] for step in (1e-6, -1e-6)]
        assert gradient(X, 0.01, steps) == pytest.approx((difference[0] - difference[1]) / 2e-6, rel=1e-5, abs=1e-8)


# Options


def test_options_of_nested_derivatives() -> None:
    def f(x, y):
        return x**3 * y**2

    assert jitad.grad(jitad.grad(f, argnums=1), argnums=0)(0.7, 1.1) == pytest.approx(6 * 0.49 * 1.1, rel=1e-14)
    assert jitad.grad(jitad.grad(f, argnums=-1), argnums=-2)(0.7, 1.1) == pytest.approx(6 * 0.49 * 1.1, rel=1e-14)
    assert jitad.grad(jitad.grad(f))(0.7, y=2.0) == pytest.approx(6 * 0.7 * 4.0, rel=1e-14)
    assert jitad.value_and_grad(jitad.grad(cubic))(0.5) == (0.75, 3.0)
    twice = jitad.grad(jitad.grad(lambda x: (x**3, x), has_aux=True), has_aux=True)
    assert twice(0.5) == (3.0, 0.5)


def test_the_value_and_gradient_is_no_number() -> None:
    with pytest.raises(jitad.NonScalarResultError, match="a tuple of 2"):
        jitad.grad(jitad.value_and_grad(rosenbrock))(X)


# What changes between calls


def test_captured_arrays_and_numbers_are_seen_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = jitad.grad(product_with_gradient)
    np.testing.assert_allclose(gradient(X), 8 * WEIGHTS * X)
    monkeypatch.setitem(globals(), "WEIGHTS", np.array([5.0, 2.0, 3.0]))
    np.testing.assert_allclose(gradient(X), 8 * WEIGHTS * X)
    WEIGHTS[1] = 7.0
    np.testing.assert_allclose(gradient(X), 8 * WEIGHTS * X)
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    np.testing.assert_allclose(gradient(X), 12 * WEIGHTS * X)


def test_a_derivative_replaced_by_another_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = jitad.grad(uses_a_slope)
    assert gradient(0.5) == pytest.approx(9 * 0.25)
    monkeypatch.setitem(globals(), "SLOPE", jitad.grad(lambda x: x**4))
    assert gradient(0.5) == pytest.approx(16 * 0.125)
    monkeypatch.setitem(globals(), "SLOPE", jitad.value_and_grad(cubic))
    with pytest.raises(jitad.KernelTypeError, match="repetitions"):  # the product of a tuple and a number
        gradient(0.5)


def test_a_function_replaced_by_another_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = jitad.grad(lambda x: jitad.grad(cubic)(x) * x)
    assert gradient(0.5) == pytest.approx(9 * 0.25)
    monkeypatch.setitem(globals(), "cubic", lambda x: x * x)
    assert gradient(0.5) == pytest.approx(4 * 0.5)


def test_a_derivative_as_an_argument_or_captured() -> None:
    def times(slope, x):
        return slope(x) * x

    def captured(slope):
        return jitad.grad(lambda x: slope(x) * x)

    by_second = jitad.grad(times, argnums=1)
    for power in (2, 3, 4):
        slope = jitad.grad(lambda x: x**power)  # noqa: B023
        expected = power * power * 0.7 ** (power - 1)
        assert by_second(slope, 0.7) == pytest.approx(expected)
        assert captured(slope)(0.7) == pytest.approx(expected)


def test_nothing_is_changed_but_what_the_kernel_itself_changes() -> None:
    x = X.copy()
    for derivative in (
        jitad.grad(lambda x: np.sum(jitad.grad(overwriting)(x) * x)),
        jitad.jacfwd(jitad.grad(overwriting)),
        jitad.hessian(overwriting),
        lambda x: jitad.jvp(jitad.grad(overwriting), (x,), (x,)),
    ):
        derivative(x)
        np.testing.assert_array_equal(x, X)


# Errors


def test_an_exception_of_an_inner_function_comes_through() -> None:
    def kernel(x):
        def f(y):
            if y > 2.0:
                raise ValueError("too large")
            return y**3

        return jitad.grad(f)(2.0 * x)

    assert jitad.grad(kernel)(0.5) == pytest.approx(12.0)
    with pytest.raises(ValueError, match="too large"):
        jitad.grad(kernel)(1.5)


def writes_shared(x):
    def f(u, v):
        u[0] = v[1] * v[1]
        return np.sum(u * v)

    return np.sum(jitad.grad(f)(x, x))


def aux_is_a_function(x):
    def f(y):
        z = y * x
        return z * y, lambda q: q * z

    g, h = jitad.grad(f, has_aux=True)(x)
    return g * h(2.0)


REFUSED = [
    (lambda x: jitad.grad(lambda y: y * y)(2) * x, jitad.ArgumentError, "argument 0 of .* is a number .int64."),
    (lambda x: jitad.grad(lambda p: p["a"] * x)({"a": 1}), jitad.ArgumentError, r"\['a'\] is a number .int64."),
    (lambda x: jitad.grad(lambda y: int(y))(x), jitad.NonScalarResultError, "returns a number .int64."),
    (lambda x: jitad.grad(lambda y: (y, x))(x), jitad.NonScalarResultError, "returns a tuple of 2"),
    (lambda x: jitad.grad(lambda y: None)(x), jitad.NonScalarResultError, "returns None"),
    (lambda x: jitad.grad(lambda y: y, has_aux=True)(x)[0], jitad.NonScalarResultError, "asks for a pair"),
    (lambda x: jitad.jacfwd(lambda y: y, has_aux=True)(x)[0], jitad.NonScalarResultError, "asks for a pair"),
    (
        lambda x: jitad.grad(lambda y: y, argnums=1)(x),
        jitad.ArgumentError,
        "asks for argument 1, but this call gives 1",
    ),
    (lambda x: jitad.grad(lambda y: y, argnums=(0, 0))(x), jitad.ArgumentError, "names an argument twice"),
    (lambda x: jitad.grad(lambda y: y, argnums=int(x))(x), jitad.ArgumentError, "argnums must be known while reading"),
    (lambda x: jitad.grad(lambda y: y, argnums=0.0)(x), jitad.ArgumentError, "argnums must be known while reading"),
    (lambda x: jitad.grad(lambda y: y)(y=x), jitad.ArgumentError, "gives 0 positional arguments"),
    (lambda x: jitad.grad(3.0)(x), jitad.UnsupportedCallError, "can't be called"),
    (lambda x: jitad.grad(cubic)(x, x), jitad.UnsupportedCallError, "takes 1 positional"),
    (lambda x: jitad.grad(cubic), jitad.KernelTypeError, "can't return a derivative of 'cubic'"),
    (lambda x: jitad.vjp(cubic, x)[0], jitad.UnsupportedCallError, "'jitad.vjp' can't be called in a kernel"),
    (lambda x: jitad.jvp(cubic, x, 1.0)[1], jitad.ArgumentError, "the primals are a number"),
    (
        lambda x: jitad.jvp(cubic, (x,), (1.0, x))[1],
        jitad.ArgumentError,
        r"by the arguments \[0\], and got a tuple of 2",
    ),
    (lambda x: jitad.jvp(cubic, (x,), 1.0)[1], jitad.ArgumentError, "got a number .float64. for tangents"),
    (
        lambda x: jitad.jvp(lambda y, k: y * k, (x, 2), (1.0, 1), argnums=(0, 1))[1],
        jitad.ArgumentError,
        "argument 1 of .* is a number .int64.",
    ),
    (
        lambda x: jitad.jvp(lambda p: p[0] * p[1], ((x, x),), ((1.0, np.ones(2)),))[1],
        jitad.ArgumentError,
        r"the tangent of argument 0\[1\] is a 1-d array of float64, and the argument that it belongs to is a number",
    ),
    (
        lambda x: jitad.jvp(lambda a: np.sum(a) * x, (np.ones(2),), (np.ones((2, 1)),))[1],
        jitad.ArgumentError,
        "the tangent of argument 0 is a 2-d array of float64, and the argument that it belongs to is a 1-d array",
    ),
    (
        lambda x: np.sum(jitad.hvp(lambda a: np.sum(a) * x, (np.ones(2),), (np.ones(2),))),
        jitad.ArgumentError,
        "the tangent of argument 0 is a tuple of 1",
    ),
    (lambda x: jitad.hvp(lambda a: a * x, (np.ones(2),), np.ones(2))[0], jitad.NonScalarResultError, "a 1-d array"),
]


@pytest.mark.parametrize(("kernel", "error", "message"), REFUSED)
def test_refused_with_the_users_line(kernel: Any, error: type[jitad.JitadError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        jitad.grad(kernel)(0.7)
    assert caught.value.origin is not None
    assert caught.value.origin.file == __file__
    assert "jitad." in caught.value.origin.text
    assert caught.value.remedy


def test_memory_that_is_shared_and_written_is_refused() -> None:
    with pytest.raises(jitad.SharedMemoryError, match="writes to 'x', which may share memory with another argument"):
        jitad.grad(writes_shared)(X)


def test_functions_that_leave_what_is_differentiated_are_refused() -> None:
    with pytest.raises(jitad.KernelTypeError, match="is differentiated returns the function '<lambda>'"):
        jitad.grad(aux_is_a_function)(0.7)


def test_a_tangent_of_another_shape_is_refused() -> None:
    def kernel(x):
        return jitad.jvp(lambda y: np.sum(y * y), (x,), (x[1:],))[1]

    with pytest.raises(jitad.ShapeMismatchError, match="the tangent of argument 0 has another shape"):
        jitad.grad(kernel)(X)


# Derivatives of minimisations


@pytest.mark.parametrize("outer", [forward, reverse])
@pytest.mark.parametrize("inner", [forward, reverse])
def test_saddle_point(inner: Any, outer: Any) -> None:
    value, _ = jitad.vjp(saddle(inner, outer), np.array([1.0, 1.0]))
    for point in value:
        np.testing.assert_allclose(point, 8.246324826140356e-06, rtol=1e-12)


def test_the_particles_miss_in_every_mode() -> None:
    w, step = np.array([0.3]), 1e-6
    gradients = [outer(miss(inner), w)[0] for outer in (forward, reverse) for inner in (forward, reverse)]
    np.testing.assert_allclose(gradients, gradients[0], rtol=1e-12)
    ahead, behind = (jitad.vjp(miss(reverse), w + h)[0] for h in (step, -step))
    assert gradients[0] == pytest.approx((ahead - behind) / (2 * step), rel=1e-7)


def test_particle() -> None:
    value, _ = jitad.vjp(particle(reverse, reverse), np.zeros(1))
    np.testing.assert_allclose(value, [0.20719187464861194], rtol=1e-12)
