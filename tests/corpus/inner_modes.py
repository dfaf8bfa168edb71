"""Derivatives of every kind that a kernel takes of its own functions, and the arguments that they are taken by."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

import jitad
from tests.corpus.case import kernel

TAGS = ("inner", "not-numba")


class Line(NamedTuple):
    """A line."""

    slope: Any
    shift: Any


def _waves(x):
    return np.sum(np.sin(x) * x[::-1] * x)


def _fields(x):
    out = np.zeros(x.size)
    for i in range(x.size):
        out[i] = x[i] * x[(i + 1) % x.size] + math.sin(x[0])
    return out


# Forward mode inside


@kernel(lambda d: (1.0,), tags=TAGS)
def tangent_in_a_sum(x):
    _, dot = jitad.jvp(lambda y: x + y, (1.0,), (1.0,))
    return x * dot


@kernel(lambda d: (0.7, 1.2), argnums=(0, 1), tags=TAGS)
def tangent_of_a_tangent(x, v):
    def inner(y):
        _, dot = jitad.jvp(lambda z: math.sin(z * x) * y, (y * y,), (v,))
        return dot * y

    value, dot = jitad.jvp(inner, (x,), (v * x,))
    return value * dot


@kernel(lambda d: (d.signed(3), d.signed(3)), argnums=(0, 1), compiled=True, tags=TAGS)
def tangent_along_an_active_direction(x, v):
    value, dot = jitad.jvp(_waves, (x,), (v * x,))
    return value * dot


@kernel(lambda d: (d.signed(3), 0.8), argnums=(0, 1), tags=TAGS)
def tangent_of_arrays_and_tuples(x, k):
    def f(a, s):
        return (a * s, np.sum(a) * s), s * s

    (first, second), third = jitad.jvp(f, (x, k), (x * x, k))[1]
    return np.sum(first * x) + second * third


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def tangent_of_a_result_that_is_the_argument(x):
    def f(a):
        a[0] = a[1] * a[1]
        return a

    value, dot = jitad.jvp(f, (x * 1.0,), (np.ones(3),))
    return np.sum(value * dot * x)


@kernel(lambda d: (0.9, 3), tags=TAGS)
def tangent_beside_an_integer(x, n):
    value, dot = jitad.jvp(lambda y, k: y**k * x, (x, n), (1.0,))
    return value * dot


@kernel(lambda d: (0.9,), tags=TAGS)
def gradient_of_a_tangent_of_a_gradient(x):
    slope = jitad.grad(lambda y: math.exp(x * y) * y)

    def along(y):
        return jitad.jvp(slope, (y * x,), (1.0,))[1]

    return jitad.grad(along)(x)


@kernel(lambda d: (0.4,), tags=TAGS)
def newton_with_tangents(x):
    y = 1.0
    for _ in range(3):
        value, dot = jitad.jvp(lambda z: z * z + math.sin(z) - x, (y,), (1.0,))
        y = y - value / dot
    return y


# Second order inside


@kernel(lambda d: (d.signed(3), d.signed(3)), argnums=(0, 1), tags=TAGS)
def hessian_times_vector(x, v):
    return np.sum(jitad.hvp(_waves, (x,), v) * v)


@kernel(lambda d: (0.7, 1.1), argnums=(0, 1), tags=TAGS)
def hessian_times_vector_of_several(x, y):
    def f(a, b):
        return math.sin(a * b) * x + b**3

    p, q = jitad.hvp(f, (x, y), (y, 1.0), argnums=(0, 1))
    return p * q


@kernel(lambda d: (d.signed(2), d.signed(2)), argnums=(0, 1), tags=TAGS)
def hessian_times_vector_twice(x, v):
    def curvature(y):
        return np.sum(jitad.hvp(_waves, (y,), v) * x)

    return np.sum(jitad.hvp(curvature, (x,), v))


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def gradient_of_a_gradient_inside(x):
    def norm(y):
        g = jitad.grad(_waves)(y)
        return np.sum(g * g)

    return np.sum(jitad.grad(norm)(x) * x)


@kernel(lambda d: (0.7,), tags=TAGS)
def fifth_derivative(x):
    g = jitad.grad
    return g(g(g(g(lambda y: math.sin(x * y) + y**7))))(x)


# Jacobians inside


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def jacobian_by_columns(x):
    j = jitad.jacfwd(_fields)(x)
    return np.sum(j * j * x)


@kernel(lambda d: (d.signed(3), 1.3), argnums=(0, 1), tags=TAGS)
def jacobian_by_rows_of_several(x, k):
    def f(a, s):
        return _fields(a) * s * x

    by_array, by_number = jitad.jacrev(f, argnums=(0, 1))(x, k)
    return np.sum(by_array @ by_number) * k


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def hessian_times_gradient(x):
    h = jitad.hessian(_waves)(x)
    step = (h + 9.0 * np.eye(3)) @ jitad.grad(_waves)(x)
    return np.sum(step * x)


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def value_and_jacobian(x):
    value, j = jitad.value_and_jacobian(_fields)(x * x)
    return np.sum(j @ value)


# Structured arguments, argnums, aux


@kernel(lambda d: (0.7, 1.1, d.signed(3)), argnums=(0, 1, 2), tags=TAGS)
def gradients_by_several_arguments(x, y, a):
    def f(u, v, w):
        return math.sin(u * v) * np.sum(w * w)

    du, dw = jitad.grad(f, argnums=(0, 2))(x, y, a)
    dv = jitad.grad(f, argnums=-2)(x, y, a * 2.0)
    return du * dv + np.sum(dw * a)


@kernel(lambda d: (d.signed(3), 0.6), argnums=(0, 1), tags=TAGS)
def gradient_by_a_dict(a, x):
    def f(p):
        return np.sum(np.sin(p["w"] * x)) * p["b"] ** 2

    g = jitad.grad(f)({"w": a, "b": x})
    return np.sum(g["w"]) * g["b"]


@kernel(lambda d: (0.8, 0.6), argnums=(0, 1), tags=TAGS)
def gradient_by_a_named_tuple(x, y):
    g = jitad.grad(lambda line, t: math.sin(line.slope * t + line.shift))(Line(x, y), x)
    return g.slope * g.shift


@kernel(lambda d: ((d.signed(2), [0.7, d.signed(3)]),), tags=TAGS)
def gradient_by_a_nested_structure(parts):
    def f(p):
        return np.sum(p[0]) ** 2 * p[1][0] + np.sum(np.sin(p[1][1] * p[1][0]))

    a, (x, b) = jitad.grad(f)(parts)
    return np.sum(a * parts[0]) * x + b[0]


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def gradient_by_the_same_array_twice(a):
    def f(u, v):
        return np.sum(u * u * v)

    g, h = jitad.grad(f, argnums=(0, 1))(a, a)
    return np.sum(g * h)


@kernel(lambda d: (d.signed(5),), tags=TAGS)
def gradient_by_two_views_of_one_array(a):
    def f(u, v):
        return np.sum(np.sin(u * v) * u)

    g, h = jitad.grad(f, argnums=(0, 1))(a[:-1], a[::-1][1:])
    return np.sum(g * h * a[1:])


@kernel(lambda d: (d.signed(3), 0.7), argnums=(0, 1), tags=TAGS)
def gradient_with_value_and_aux(a, x):
    def f(w):
        y = np.sin(w * x)
        return np.sum(y * w), (y, x * x)

    (value, (y, s)), g = jitad.value_and_grad(f, has_aux=True)(a)
    h, (z, _) = jitad.grad(f, has_aux=True)(g)
    return value * s * np.sum(g * y) + np.sum(h * z)


@kernel(lambda d: (d.signed(3).astype(np.float32), np.float32(0.7)), argnums=(0, 1), tags=("float32", *TAGS))
def gradient_in_single_precision(a, x):
    g = jitad.grad(lambda w: np.sum(np.sin(w * x)))(a)
    return np.sum(g * a)


@kernel(lambda d: (d.signed(3), 0.7), argnums=(0, 1), tags=TAGS)
def gradient_beside_integers(a, x):
    def f(w, i, flag, n):
        return w[i] ** n * x if flag else np.sum(w)

    return jitad.grad(f)(a, 1, True, 3)[1] * a[0] + jitad.grad(f)(a * x, 2, False, 2)[0] * x


@kernel(lambda d: (d.signed(3, 2),), tags=TAGS)
def gradient_by_a_transposed_matrix(a):
    def f(m):
        return np.sum((m @ a) ** 2)

    return np.sum(jitad.grad(f)(a.T) * a.T)


@kernel(lambda d: (d.signed(4),), tags=("vjp", *TAGS))
def gradient_as_the_result(a):
    return jitad.grad(_waves)(a * a)


@kernel(lambda d: (d.signed(3), 0.6), argnums=(0, 1), tags=("vjp", *TAGS))
def several_derivatives_as_results(a, x):
    value, g = jitad.value_and_grad(_waves)(a * x)
    return {"value": value, "gradient": (g, jitad.jacfwd(_fields)(a)), "tangent": jitad.jvp(_waves, (a,), (g,))[1]}


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def gradient_updated_in_place(a):
    g = jitad.grad(_waves)(a)
    g[0] *= a[0]
    g += a
    a[1] = g[0]
    return np.sum(g * a)


@kernel(lambda d: (0.7, 1.2), argnums=(0, 1), tags=TAGS)
def gradient_by_what_does_not_matter(x, y):
    g = jitad.grad(lambda a, b: a * a * x, argnums=(0, 1))(x, y)
    return g[0] * y + g[1]


@kernel(lambda d: (0.7,), tags=TAGS)
def gradient_that_raises_for_other_values(x):
    def f(y):
        if y > 10.0:
            raise ValueError("too large")
        return y**3

    return jitad.grad(f)(x * 2.0) * x
