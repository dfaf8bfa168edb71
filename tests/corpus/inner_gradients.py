"""Gradients that a kernel takes of its own functions: what they capture, where they stand, what they change."""

from __future__ import annotations

import functools
import math

import numba
import numpy as np

import jitad
from tests.corpus.case import kernel

TAGS = ("inner", "not-numba")
WEIGHTS = np.array([0.5, -1.5, 2.5, 0.25])


def _rosenbrock(x):
    total = 0.0
    for i in range(x.size - 1):
        total += (x[i + 1] - x[i] ** 2) ** 2 + 0.3 * (1.0 - x[i]) ** 2
    return total


def _cubic(x):
    return x * x * x


@numba.njit(cache=False)
def _compiled_quartic(x, k):
    return k * x**4


def _weighed(x):
    return np.sum(WEIGHTS * np.sin(x) * x)


class _Model:
    def __init__(self, scale):
        self.scale = scale

    def loss(self, x, shift):
        return self.scale * math.sin(x * shift) * x

    def __call__(self, x):
        return self.loss(x, 0.7)


MODEL = _Model(1.3)
CUBIC_SLOPE = jitad.grad(_cubic)
ROSENBROCK_SLOPE = jitad.value_and_grad(_rosenbrock)
CURVATURE = jitad.grad(jitad.grad(_cubic))


# Perturbations that must not be confused


@kernel(lambda d: (1.0,), tags=TAGS)
def gradient_of_a_gradient_of_a_sum(x):
    return x * jitad.grad(lambda y: x + y)(1.0)


@kernel(lambda d: (1.4,), tags=TAGS)
def gradient_of_a_gradient_of_a_product(x):
    return x * jitad.grad(lambda y: x * y * y + x**3)(x * 2.0)


@kernel(lambda d: (0.8, 1.3), argnums=(0, 1), tags=TAGS)
def three_levels(x, y):
    def outer(a):
        def middle(b):
            def inner(c):
                return math.sin(a * b * c * x) + a * c * c * y

            return b * b * jitad.grad(inner)(a * b) + a * x

        return a * jitad.grad(middle)(a + x)

    return jitad.grad(outer)(x * y)


@kernel(lambda d: (0.8,), tags=TAGS)
def five_levels(x):
    g = jitad.grad
    return g(lambda a: a * g(lambda b: a * b * g(lambda c: math.sin(a * b * c) * g(lambda e: e**3 * c * x)(c))(b))(a))(
        x
    )


@kernel(lambda d: (d.signed(3), 0.7), argnums=(0, 1), tags=TAGS)
def gradient_by_what_the_outer_one_goes_by(a, x):
    def energy(b):
        return np.sum(a * b * b) * x + np.sum(np.sin(a * x))

    return np.sum(jitad.grad(energy)(a) * a)


# What inner functions capture


@kernel(lambda d: (d.signed(4), 0.7), argnums=(0, 1), compiled=True, tags=TAGS)
def captures_an_array_and_a_number(a, k):
    def loss(w):
        total = 0.0
        for i in range(4):
            total += math.sin(w * a[i]) * k
        return total

    return jitad.grad(loss)(k * k) * a[0]


@kernel(lambda d: ((d.signed(3), (1.3, 0.4)),), tags=TAGS)
def captures_a_tuple(parts):
    a, pair = parts

    def loss(w):
        return np.sum(parts[0] * w) * pair[0] + math.exp(pair[1] * w)

    return jitad.grad(loss)(0.5) * a[1] + jitad.grad(loss)(pair[1])


@kernel(lambda d: (d.signed(4),), tags=TAGS)
def captures_an_array_and_a_view_of_it(a):
    tail = a[1:]

    def loss(b):
        return np.sum(a[:-1] * tail * b * b)

    return np.sum(jitad.grad(loss)(tail) * a[:-1])


@kernel(lambda d: (d.signed(4),), tags=TAGS)
def captures_what_changes_later(a):
    b = a * 2.0

    def loss(w):
        return np.sum(np.sin(w * b))

    first = jitad.grad(loss)(a[0])
    b[0] = first
    second = jitad.grad(loss)(a[1])
    b = a * first
    return first * second + jitad.grad(loss)(a[2]) * b[0]


@kernel(lambda d: (d.signed(4),), tags=TAGS)
def captures_a_module_array(a):
    return np.sum(jitad.grad(_weighed)(a * a))


@kernel(lambda d: (d.signed(4), 0.7), argnums=(0, 1), tags=TAGS)
def captures_what_a_loop_updates(a, x):
    total = x
    for i in range(4):
        total += jitad.grad(lambda w: math.sin(w * total) * a[i])(x) * 0.5  # noqa: B023
        a[i] = total * a[i]
    return total * a[0] + a[3]


# Which functions


@kernel(lambda d: (1.2, 0.7), argnums=(0, 1), tags=TAGS)
def methods_partials_and_dispatchers(x, y):
    first = jitad.grad(MODEL.loss)(x, y) + jitad.grad(MODEL)(y)
    second = jitad.grad(functools.partial(MODEL.loss, shift=x))(y)
    third = jitad.grad(functools.partial(_compiled_quartic, k=y))(x)
    return first * second + third + jitad.grad(_compiled_quartic, argnums=1)(y, x)


@kernel(lambda d: (1.2, d.signed(3)), argnums=(0, 1), tags=TAGS)
def derivatives_made_outside(x, a):
    value, slope = ROSENBROCK_SLOPE(a * x)
    return CUBIC_SLOPE(x) * value + slope[0] * slope[2] + CURVATURE(a[0] * x)


@kernel(lambda d: (1.2,), tags=TAGS)
def derivative_made_once_called_twice(x):
    slope = jitad.grad(lambda y: math.sin(x * y))
    return slope(x) * slope(2.0 * x)


@kernel(lambda d: (0.9,), tags=TAGS)
def derivative_passed_to_a_function(x):
    def newton(f, slope, y):
        for _ in range(3):
            y = y - f(y) / slope(y)
        return y

    def residual(y):
        return y * y * y + y - x

    return newton(residual, jitad.grad(residual), 1.0)


# Where they stand


@kernel(lambda d: (d.signed(4), 3, 0.05), argnums=(0, 2), compiled=True, tags=TAGS)
def gradient_descent(x, steps, rate):
    for _ in range(steps):
        x = x - rate * jitad.grad(_rosenbrock)(x)
    return _rosenbrock(x)


@kernel(lambda d: (0.6 * d.signed(3), 0.05), argnums=(0, 1), tags=TAGS)
def gradient_descent_in_place_until_small(x, rate):
    slope = jitad.grad(_rosenbrock)(x)
    k = 0
    while np.sum(slope * slope) > 0.5 and k < 8:
        x[:] -= rate * slope
        slope = jitad.grad(_rosenbrock)(x)
        k += 1
    return np.sum(x * x) * k


@kernel(lambda d: (d.signed(5),), tags=TAGS)
def each_element_by_itself(a):
    out = np.zeros(5)
    for i in range(5):
        out[i] = jitad.grad(_cubic)(a[i]) * a[i]
    return np.sum(out * out)


@kernel(lambda d: (d.signed(3, 4),), tags=TAGS)
def each_row_by_itself(a):
    out = np.zeros((3, 4))
    for i in range(3):
        out[i] = jitad.grad(_rosenbrock)(a[i])
    return np.sum(out * a * a)


@kernel(lambda d: (d.signed(4), 0.6), argnums=(0, 1), tags=TAGS)
def in_branches(a, x):
    total = 0.0
    for i in range(4):
        if a[i] > 0.0:
            total += jitad.grad(_cubic)(a[i] * x)
        elif i > 1:
            total *= jitad.grad(lambda y: math.sin(y * x) * total)(a[i])  # noqa: B023
    return total


@kernel(lambda d: (d.signed(4), 1.1), argnums=(0, 1), tags=TAGS)
def in_a_while_loop_with_a_break(a, x):
    k = 0
    while True:
        x = x * 0.8 + 0.1 * jitad.grad(lambda y: np.sum(np.sin(a * y)))(x)
        k += 1
        if x < 0.4 or k > 6:
            break
    return x * k


# Inner functions that keep records of their own


@kernel(lambda d: (1.1, 0.7), argnums=(0, 1), tags=TAGS)
def of_a_while_loop(x, y):
    def grown(z):
        k = 0
        while z < 9.0 and k < 10:
            z = z * z * 0.5 + x * z
            k += 1
        return z * k

    return jitad.grad(grown)(y) * x


@kernel(lambda d: (d.signed(3), 4), tags=TAGS)
def of_a_loop_with_a_branch_in_a_loop(a, n):
    def walk(b):
        total = 1.0
        for k in range(n):
            if total > 0.9:
                total = total * b[k % 3] + a[1]
            else:
                total = math.sin(total) + b[0] * b[2]
            b[k % 3] = b[k % 3] * total
        return total

    total = 0.0
    for i in range(3):
        total = total * 0.5 + np.sum(jitad.grad(walk)(a * (i + 1.0)) * a)
    return total


@kernel(lambda d: (d.signed(4),), tags=TAGS)
def of_a_function_that_overwrites_its_argument(a):
    def loss(b):
        for i in range(1, 4):
            b[i] = b[i] * b[i - 1]
        return np.sum(b * b)

    g = jitad.grad(loss)(a)
    return np.sum(g * a)


@kernel(lambda d: (d.signed(4),), tags=TAGS)
def of_a_function_that_overwrites_a_copy(a):
    def loss(b):
        c = b.copy()
        for i in range(1, 4):
            c[i] = c[i] * c[i - 1] + b[i]
        return np.sum(c * c)

    return np.sum(jitad.grad(loss)(a) * np.sin(a))


@kernel(lambda d: (d.signed(3), d.signed(3)), argnums=(0, 1), tags=TAGS)
def of_a_function_that_makes_temporaries_in_loops(a, b):
    def loss(c):
        total = 0.0
        for i in range(1, 4):
            t = np.zeros(i)
            for j in range(i):
                t[j] = c[j] * a[i - 1] * b[j]
            total += np.sum(t * t) * c[0]
        return total

    return np.sum(jitad.grad(loss)(b) * a)


@kernel(lambda d: (d.spd(3), d.signed(3)), argnums=(0, 1), tags=TAGS)
def of_library_calls(m, b):
    def loss(c):
        return np.sum(np.sin(m @ c) * c) + np.sum((c @ m) ** 2)

    return np.sum(jitad.grad(loss)(b) * b)
