"""Derivative functions called from the user's compiled code, wherever a plain compiled function may be called."""

from __future__ import annotations

import functools
import threading

import numpy as np
import pytest
from numba import cfunc, float64, guvectorize, njit, prange, types, vectorize
from numba.experimental import jitclass

import jitad
from tests.api.compiled_calls import call, same

pytestmark = pytest.mark.filterwarnings("ignore:First-class function type feature is experimental")

FUNCTION = types.FunctionType(float64(float64))


def cube(x):
    return x * x * x


def square(x):
    return x * x


def power(x, y=2.0, n=3):
    return y * x**n


def large(x):
    if x > 2.0:
        raise ValueError("large")
    return x * x


def recurrence(x, n):
    s = 1.0
    for i in range(n):
        s = np.sin(s * x[i % x.size] + 1.0)
    return s


cube_grad, square_grad = jitad.grad(cube), jitad.grad(square)
both = (cube_grad, square_grad)


def test_global_closure_argument_and_tuple() -> None:
    inside = jitad.grad(square)

    @njit
    def everywhere(function, functions, x):
        return cube_grad(x), inside(x), function(x), both[0](x), both[1](x), functions[0](x), functions[1](x)

    assert everywhere(square_grad, both, 2.0) == (12.0, 4.0, 4.0, 12.0, 4.0, 12.0, 4.0)


def test_one_of_two_functions() -> None:
    @njit
    def choose(is_cube, x):
        function = cube_grad if is_cube else square_grad
        return function(x)

    assert (choose(True, 2.0), choose(False, 2.0)) == (12.0, 4.0)


def test_declared_function_types() -> None:
    large_grad = jitad.grad(large)

    @njit(float64(FUNCTION, float64))
    def apply(function, x):
        return function(x)

    @jitclass([("function", FUNCTION)])
    class Holder:
        def __init__(self, function):
            self.function = function

        def at(self, x):
            return self.function(x)

    assert (apply(cube_grad, 2.0), apply(square_grad, 2.0)) == (12.0, 4.0)
    assert Holder(cube_grad).at(2.0) == 12.0
    with pytest.raises(ValueError, match="large"):
        apply(large_grad, 2.5)


def test_keywords_and_defaults() -> None:
    by_x, by_last = jitad.grad(power), jitad.grad(power, argnums=-1)

    @njit
    def calls(x):
        return by_x(x), by_x(x, 3.0), by_x(x, n=2), by_x(y=4.0, x=x), by_x(x, 3.0, 1), by_last(x), by_last(x, 5.0)

    x = 2.0
    expected = (by_x(x), by_x(x, 3.0), by_x(x, n=2), by_x(y=4.0, x=x), by_x(x, 3.0, 1), by_last(x), by_last(x, 5.0))
    same(calls(x), expected)


def test_kinds_of_kernels() -> None:
    class Scale:
        def __init__(self) -> None:
            self.k = 3.0

        def scaled(self, x):
            return self.k * x * x

        @jitad.grad
        def slope(self, x):
            return self.k * x * x

    def starred(x, *rest):
        for value in rest:
            x = x * value
        return x

    def named(x, *, k=2.0):
        return k * x * x

    scale = Scale()
    kernels = [scale.scaled, lambda x: x * x, njit(fastmath=True)(square), functools.partial(power, n=2)]
    a, b, c, d = [jitad.grad(kernel) for kernel in kernels]
    e, f, g = scale.slope, jitad.grad(starred), jitad.grad(named)

    @njit
    def calls(x):
        return a(x), b(x), c(x), d(x), e(x), f(x, 2.0, 5.0), f(x), g(x), g(x, k=1.0)

    assert calls(2.0) == (12.0, 4.0, 4.0, 8.0, 12.0, 10.0, 1.0, 8.0, 4.0)


@pytest.mark.slow
def test_kinds_of_derivatives() -> None:
    def outer(x):
        return np.sin(x) * x[0]

    def energy(x):
        return np.sum(x * x * x) * x[0]

    x = np.array([0.3, 0.7, 0.2])
    second = jitad.grad(jitad.grad(cube))
    nested = jitad.grad(lambda x: jitad.grad(energy)(x)[1] * x[2])
    for derivative in (jitad.value_and_jacobian(outer), jitad.hessian(energy), nested):
        same(call(derivative, x), derivative(x))
    assert call(second, 2.0) == 12.0


@pytest.mark.slow
def test_parallel_loops_threads_and_recursion() -> None:
    gradient = jitad.grad(recurrence)
    x = np.array([0.3, 0.7, 0.2])
    expected = gradient(x, 2000)

    @njit(parallel=True)
    def in_parallel(x, count):
        out = np.empty((count, x.size))
        for i in prange(count):
            out[i] = gradient(x, 2000)
        return out

    @njit(nogil=True)
    def steps(x, count):
        return x if count == 0 else steps(x - 0.1 * cube_grad(x), count - 1)

    np.testing.assert_allclose(in_parallel(x, 8), np.tile(expected, (8, 1)), rtol=1e-14)
    found: list[float] = []
    threads = [threading.Thread(target=lambda: found.append(steps(1.0, 100))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    point = 1.0
    for _ in range(100):
        point -= 0.1 * 3.0 * point * point
    assert found == [pytest.approx(point)] * 4


def test_ufuncs_and_callbacks() -> None:
    @vectorize([float64(float64)])
    def elementwise(x):
        return cube_grad(x)

    @cfunc(float64(float64))
    def callback(x):
        return cube_grad(x)

    @guvectorize([(float64[:], float64[:])], "(n)->(n)")
    def along(x, out):
        for i in range(x.size):
            out[i] = square_grad(x[i])

    x = np.arange(3.0)
    np.testing.assert_array_equal(elementwise(x), [0.0, 3.0, 12.0])
    np.testing.assert_array_equal(along(x), [0.0, 2.0, 4.0])
    assert callback.ctypes(2.0) == 12.0


def scaled(x, y):
    z = x * y
    return z, z[1:], y * np.sum(z)


def test_results_on_one_tape_are_arrays_of_their_own() -> None:
    jacobians, values = jitad.jacrev(scaled, argnums=(0, 1)), jitad.value_and_jacobian(scaled)

    @njit
    def kept(x, y):
        once, again = jacobians(x, y), jacobians(3.0 * x, y)
        (by_x, by_y), _, _ = once
        by_x[0, 0] = 100.0
        by_y[:] += 1.0
        (first, second, _), _ = values(x, y)
        first[1] = -1.0
        return once, again, first, second

    x = np.array([1.0, 2.0, 3.0])
    once, again, first, second = kept(x, 2.0)
    for factor, ((by_x, by_y), (part_by_x, part_by_y), (sum_by_x, sum_by_y)) in ((1.0, once), (3.0, again)):
        np.testing.assert_array_equal(by_x, np.diag([100.0 if factor == 1.0 else 2.0, 2.0, 2.0]))
        np.testing.assert_array_equal(by_y, x * factor + (factor == 1.0))
        np.testing.assert_array_equal(part_by_x, 2.0 * np.eye(3)[1:])
        np.testing.assert_array_equal(part_by_y, x[1:] * factor)
        np.testing.assert_array_equal(sum_by_x, [4.0, 4.0, 4.0])
        assert sum_by_y == 4.0 * np.sum(x * factor)
    np.testing.assert_array_equal(first, [2.0, -1.0, 6.0])
    np.testing.assert_array_equal(second, [4.0, 6.0])
