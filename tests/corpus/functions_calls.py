"""Calls: module functions, dispatchers, local functions, lambdas, defaults, captured values."""

from __future__ import annotations

import functools
import math

import numba
import numpy as np

from tests.corpus.case import kernel

SCALE = 1.7
WEIGHTS = np.array([0.5, -1.5, 2.5, 0.25])
OFFSETS = (0.25, -0.5)


def _square(x):
    return x * x


def _shifted(x, shift=0.5, *, scale=2.0):
    return (x + shift) * scale


@numba.njit(cache=False)
def _compiled_cube(x):
    return x * x * x


@numba.vectorize(["float32(float32, float32)", "float64(float64, float64)"])
def _bent(x, y):
    if x > 0.0:
        return x * math.sin(y)
    return x * y * y


@numba.vectorize
def _of_any_types(x, y):
    return x * y * y


@numba.guvectorize(["void(float64[:], float64, float64[:], float64[:])"], "(n),()->(n),()")
def _running_squares(x, scale, partial, whole):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * scale
        partial[i] = total * total
    whole[0] = total


def _fill(target, source, factor):
    for i in range(target.shape[0]):
        target[i] = source[i] * factor


def _smaller(x, y):
    if x < y:
        return x
    return y


def _divided(x, y):
    return x / y, x % y


def _without_result(a):
    a[0] = a[0] * a[0]


def _apply_twice(f, x):
    return f(f(x))


@kernel(lambda d: (1.3,), compiled=True, tags=("not-numba",))
def calls_a_function(x):
    return _square(x) * _square(_square(x) + 1.0)


@kernel(lambda d: (1.3,))
def calls_a_dispatcher(x):
    return _compiled_cube(x) + _compiled_cube(x * x)


@kernel(lambda d: (1.3,), tags=("not-numba",))
def defaults_and_keywords(x):
    return _shifted(x) * _shifted(x, 0.1) + _shifted(scale=x, x=2.0) * _shifted(x, shift=x)


@kernel(lambda d: (d.signed(4), 1.3), argnums=(0, 1), compiled=True, tags=("not-numba",))
def callee_fills_an_array(a, x):
    b = np.zeros(4)
    _fill(b, a, x)
    _fill(a[:2], b[2:], x)
    _without_result(b)
    return np.sum(a * b)


@kernel(lambda d: (d.signed(4),), tags=("not-numba",))
def callee_returns_early(a):
    total = 0.0
    for i in range(3):
        total += _smaller(a[i], a[i + 1]) * a[i]
    return total


@kernel(lambda d: (5.3, 1.2), argnums=(0, 1), tags=("not-numba",))
def callee_returns_a_tuple(x, y):
    q, r = _divided(x, y)
    return q * r * _divided(y, x)[0]


@kernel(lambda d: (1.3,))
def local_function(x):
    factor = x * 2.0

    def inner(y):
        return y * factor + x

    return inner(x) * inner(2.0)


@kernel(lambda d: (d.signed(3),))
def local_function_of_a_loop_variable(a):
    total = 0.0
    for i in range(3):

        def term(y):
            return y * a[i] + i  # noqa: B023

        total += term(a[0]) * term(total)
    return total


@kernel(lambda d: (1.3,))
def local_lambda(x):
    f = lambda y: y * y + x  # noqa: E731
    g = lambda y, k=3.0: f(y) * k  # noqa: E731
    return g(x) + f(x * x)


@kernel(lambda d: (1.3,), tags=("not-numba",))
def function_passed_to_a_function(x):
    return _apply_twice(_square, x) + _apply_twice(math.sin, x)


@kernel(lambda d: (1.3,), tags=("not-numba",))
def lambda_passed_to_a_function(x):
    k = x * 0.5
    return _apply_twice(lambda y: y * k + 1.0, x)


@kernel(lambda d: (1.3,))
def local_function_sees_later_values(x):
    scale = x

    def scaled(y):
        return y * scale

    first = scaled(2.0)
    scale = x * x
    return first + scaled(x)


@kernel(lambda d: (1.3,))
def captured_number(x):
    return SCALE * x * x + SCALE


@kernel(lambda d: (d.signed(4),), compiled=True)
def captured_array(a):
    total = 0.0
    for i in range(WEIGHTS.shape[0]):
        total += WEIGHTS[i] * a[i] * a[i]
    return total + np.sum(a * WEIGHTS)


@kernel(lambda d: (1.3,))
def captured_tuple(x):
    return OFFSETS[0] * x + (x + OFFSETS[1]) ** 2 + len(OFFSETS) * x


@kernel(lambda d: (1.3,))
def default_arguments(x, y=2.0, n=3):
    return x**n * y + y


@kernel(lambda d: (1.3, 0.4, -0.2), argnums=(0, 1, 2))
def positional_rest(x, *rest):
    return x * rest[0] + rest[1] * x * x * len(rest)


def _make_closure(order):
    table = np.array([1.0, 0.5, 0.25, 0.125])

    def closure_over_a_table(x):
        y = 0.0
        for i in range(order):
            y = y * x + table[i]
        return y

    return closure_over_a_table


closure_over_a_table = kernel(lambda d: (1.3,))(_make_closure(4))


def _scaled_sum(scale, a, power):
    return scale * np.sum(a**power)


class _Model:
    """A model with attributes that its method reads."""

    def __init__(self) -> None:
        self.rate = 0.7
        self.table = np.array([0.3, -0.2, 0.9])

    def loss_of_a_model(self, x):
        return np.sum((self.table - self.rate * x) ** 2)


kernel(lambda d: (1.3,), tags=("not-numba",))(_Model().loss_of_a_model)

partially_applied = functools.partial(_scaled_sum, 2.5, power=3)
partially_applied.__name__ = "partially_applied"  # type: ignore[attr-defined]
partially_applied.__module__ = __name__
kernel(lambda d: (d.signed(3),), tags=("not-numba",))(partially_applied)


@kernel(lambda d: (d.signed(3),))
@numba.njit
def a_dispatcher_itself(a):
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i] * a[i] * math.exp(a[i])
    return total


def _runge_kutta_step(f, y, t, h):
    k1 = f(y, t)
    k2 = f(y + 0.5 * h * k1, t + 0.5 * h)
    k3 = f(y + 0.5 * h * k2, t + 0.5 * h)
    k4 = f(y + h * k3, t + h)
    return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


@kernel(lambda d: (1.3, 0.7), argnums=(0, 1), tags=("not-numba",))
def integrator_of_a_local_function(y0, rate):
    def slope(y, t):
        return -rate * y + math.sin(t)

    y = y0
    for i in range(4):
        y = _runge_kutta_step(slope, y, i * 0.1, 0.1)
    return y


@kernel(lambda d: (1.3, 2))
def nested_calls_three_deep(x, n):
    def outer(y):
        def middle(z):
            def inner(w):
                return w * x + y

            return inner(z) * z

        return middle(y) + middle(x)

    total = 0.0
    for i in range(n):
        total += outer(x + i)
    return total


@kernel(lambda d: (d.signed(3), d.signed(2)), argnums=(0, 1), compiled=True)
def vectorized_by_numba(a, b):
    table = _bent(a[:, None], b)
    other = np.empty_like(table)
    _bent(table, 2, other)
    return np.sum(table * other) + _bent(a[0], b[1]) + np.sum(_bent(np.arange(3), a))


@kernel(lambda d: (d.signed(3), 1.3), argnums=(0, 1))
def vectorized_for_any_types(a, x):
    return np.sum(_of_any_types(a, x)) * _of_any_types(x, 2) + np.sum(_of_any_types(a, a[::-1]))


@kernel(lambda d: (d.signed(2, 3), d.signed(2), 1.3), argnums=(0, 1, 2), compiled=True)
def generalized_by_numba(a, scales, x):
    partial = np.empty((2, 3))
    whole = np.empty(2)
    _running_squares(a, scales, partial, whole)
    _running_squares(partial * x, x, partial, whole)
    _running_squares(a[:1], scales[1:], a[1:], whole[:1])
    return np.sum(partial) * whole[0] + np.sum(a) * whole[1]
