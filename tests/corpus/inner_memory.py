"""Derivatives taken inside kernels of functions that overwrite, view and share arrays."""

from __future__ import annotations

import numpy as np

import jitad
from tests.corpus.case import kernel

TAGS = ("inner", "not-numba")


def _running_product(x):
    for i in range(1, x.size):
        x[i] = x[i] * x[i - 1]
    return x


def _overwriting(x):
    for i in range(1, x.size):
        x[i] = x[i] * x[i - 1]
    return np.sum(x * x)


# What is differentiated leaves the kernel's arrays alone


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def jacobian_of_an_update_in_place(x):
    j = jitad.jacfwd(_running_product)(x)
    return np.sum(j * j) * np.sum(x * x)


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def aux_of_an_update_in_place(x):
    def f(y):
        return _overwriting(y), y * 2.0

    g, aux = jitad.grad(f, has_aux=True)(x)
    return np.sum(g * aux) * np.sum(x * x)


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def value_of_an_update_in_place(x):
    value, g = jitad.value_and_grad(_overwriting)(x)
    return value * np.sum(g * x)


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def hessian_of_an_update_in_place(x):
    return np.sum(jitad.hvp(_overwriting, (x,), x) * x)


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def tangent_of_an_update_in_place(x):
    value, dot = jitad.jvp(_running_product, (x,), (x * x,))
    return np.sum(value * dot * x)


@kernel(lambda d: (d.signed(3),), compiled=True, tags=TAGS)
def tangent_along_the_argument_itself(x):
    value, dot = jitad.jvp(_running_product, (x,), (x,))
    return np.sum(value * dot * x)


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def captured_array_written(x):
    b = x * 2.0

    def f(y):
        b[0] = y * y
        return b[0] * b[1]

    return jitad.grad(f)(x[0]) * b[0]


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def called_and_differentiated(x):
    def f(y):
        y[0] = y[1] * y[1]
        return np.sum(y * y)

    before = jitad.grad(f)(x)
    value = f(x)
    return np.sum(before * jitad.grad(f)(x)) * value + x[0]


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def gradient_of_a_gradient_in_place(x):
    def f(y):
        g = jitad.grad(_overwriting)(y)
        y *= g
        return np.sum(y * y[0])

    x -= 0.1 * jitad.grad(f)(x)
    return np.sum(x * x)


# Views and layouts


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def tangent_of_views_of_the_argument(x):
    value, dot = jitad.jvp(lambda y: (y[1:], y[:-1], y), (x,), (x * x,))
    return np.sum(value[0] * dot[1] * dot[0]) + np.sum(dot[2] * value[2])


@kernel(lambda d: (d.signed(2, 3),), tags=TAGS)
def tangent_of_a_transpose(x):
    value, dot = jitad.jvp(lambda y: y.T, (x,), (x * x,))
    return np.sum(value @ dot.T @ value)


@kernel(lambda d: (d.signed(2, 3, 2),), tags=TAGS)
def gradient_by_a_strided_block(x):
    v = x[:, ::2, ::-1]

    def f(y):
        s = 0.0
        for i in range(2):
            for j in range(2):
                s += y[i, j, 0] * y[i, j, 1] * y[0, 0, 0]
        return s

    return np.sum(jitad.grad(f)(v) * v * v)


@kernel(lambda d: (np.asfortranarray(d.signed(3, 2)),), tags=TAGS)
def gradient_by_matrices_in_either_order(x):
    def f(y):
        t = y.T
        t[0, 1] = t[1, 0] * t[0, 0]
        return np.sum(np.sin(y) * y)

    return np.sum(jitad.grad(f)(x) * x * jitad.grad(f)(np.ascontiguousarray(x)))


@kernel(lambda d: (np.array(0.7),), tags=TAGS)
def gradient_by_an_array_without_axes(x):
    return jitad.grad(lambda y: y[()] ** 3)(x)[()] * x[()]


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def gradient_by_an_empty_array(x):
    empty, g = jitad.grad(lambda y, z: np.sum(y * y) + np.sum(z * z), argnums=(0, 1))(x[:0], x)
    return np.sum(empty) + np.sum(g * x * x)


@kernel(lambda d: (d.signed(3), 0.3), argnums=(0, 1), tags=TAGS)
def gradient_by_a_broadcast_array(x, k):
    b = np.broadcast_to(x, (2, 3))
    return np.sum(jitad.grad(lambda y: np.sum(np.sin(y) * y) * k)(b) * b)


@kernel(lambda d: (d.signed(4),), tags=TAGS)
def overlapping_windows_updated(a):
    total = 0.0
    for i in range(3):
        w = a[i : i + 2]
        w[:] = jitad.grad(lambda y: y[0] * y[1] * y[1])(w)
        total += np.sum(w)
    return total + np.sum(a * a)


@kernel(lambda d: (d.signed(4),), tags=TAGS)
def slices_updated_by_gradients_of_others(a):
    a[1:] += jitad.grad(lambda y: np.sum(y**3))(a[:-1])
    a[:-1] *= jitad.grad(lambda y: np.sum(y**3))(a[1:])
    return np.sum(a * a)


@kernel(lambda d: (d.signed(4),), tags=TAGS)
def rows_of_a_history(a):
    h = np.zeros((3, 4))
    h[0] = a
    for k in range(2):
        h[k + 1] = h[k] - 0.1 * jitad.grad(lambda y: np.sum(y**3 * h[0]))(h[k])
    return np.sum(h * h)


@kernel(lambda d: (d.signed(3), 0.2), argnums=(0, 1), tags=TAGS)
def swapped_after_a_gradient(x, r):
    y = np.zeros_like(x)
    for _ in range(3):
        y[:] = x - r * jitad.grad(_overwriting)(x)
        x, y = y, x
    return np.sum(x * y)


@kernel(lambda d: (d.signed(4), np.array([2, 0, 1])), tags=TAGS)
def gradient_beside_an_array_of_indices(a, index):
    g = jitad.grad(lambda y, i: np.sum(y[i] ** 3))(a, index)
    h = jitad.grad(lambda y: np.sum(y[index] ** 3))(g)
    return np.sum(h * a)


@kernel(lambda d: (d.signed(4),), tags=TAGS)
def gradient_through_a_sort(a):
    g = jitad.grad(lambda y: np.sum(np.sort(y) * np.arange(4) * y))(a)
    return np.sum(g * a * a)


@kernel(lambda d: (d.signed(2),), tags=TAGS)
def jacobians_in_a_loop(a):
    for _ in range(2):
        j = jitad.jacfwd(lambda y: np.sin(y) * a[0])(a)  # noqa: B023
        a = j @ a
    return np.sum(a * a)


@kernel(lambda d: (d.signed(2, 2),), tags=TAGS)
def jacobian_of_a_matrix(a):
    j = jitad.jacfwd(lambda m: m @ m)(a)
    total = 0.0
    for i in range(2):
        for k in range(2):
            total += np.sum(j[i, k] * a) * a[k, i]
    return total


@kernel(lambda d: (d.signed(3).astype(np.float32), 0.7), argnums=(0, 1), tags=("float32", *TAGS))
def gradients_of_mixed_precision(a, x):
    g = jitad.grad(lambda w: np.sum(np.sin(w * x)))(a)
    h = jitad.grad(lambda y: np.sum(a * y))(x)
    dot = jitad.jvp(lambda w, y: w * y, (a, x), (a, x))[1]
    return np.sum(g * a) * h + np.sum(dot)


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def value_beside_a_gradient_by_constants(x):
    total, n = 0.0, 1
    for i in range(3):

        def f(y):
            s = 0.0
            for k in range(3):
                index = np.array([1, k])
                y = y * x * index[0]
                s += y[0] * index[0]
            return s * x[1]

        value, _ = jitad.value_and_grad(f)(np.array([0.3, 0.9, -0.2]))
        total += value * n
        if value > 0.0:
            n += i + 1
        x[i] = x[i] * value
    return total


def _left_early(x, a):
    for _ in range(3):
        x = max(a, x, 0.25)
    for k in range(4):
        if np.arctan2(a, x + k) > max(x, 0.25) and x > 0.0:
            return x
    return x * x


@kernel(lambda d: (0.8, 1.3), tags=TAGS)
def records_around_a_loop_that_nothing_flows_into(x, a):
    for _ in range(3):
        if x * a > 1.0:
            x = x + 0.1 * jitad.grad(_left_early)(x, a) * a * x
        else:
            x = x * a
        x = x + 0.01 * jitad.grad(_left_early, 1)(a, x) * x * x
    return x
