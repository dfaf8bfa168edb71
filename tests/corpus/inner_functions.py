"""What functions that a kernel differentiates may look like, and how they get their arguments."""

from __future__ import annotations

import math

import numpy as np

import jitad
import jitad as ad
from jitad import grad, jvp
from tests.corpus.case import kernel

TAGS = ("inner", "not-numba")
BOTH = (0, 1)


def _cubic(x):
    return x * x * x


@kernel(lambda d: (0.7,), tags=TAGS)
def constant_functions(x):
    return jitad.grad(lambda y: 3.0)(x) + x * jitad.grad(lambda y: x)(x) + jitad.grad(lambda y: y)(x) * x


@kernel(lambda d: (0.7,), tags=TAGS)
def results_without_derivatives(x):
    value, dot = jitad.jvp(lambda y: (3.0, y, None, 2, x, x * y), (x,), (x * x,))
    return dot[0] + dot[1] + dot[4] + dot[5] * value[3] * value[5]


@kernel(lambda d: (0.7,), tags=TAGS)
def one_number_for_two_arguments(x):
    a, b = jitad.grad(lambda u, v: u * u * v, argnums=(0, 1))(x, x)
    return a * b * jitad.jvp(lambda u, v: u * u * v, (x, x), (x, 1.0))[1]


@kernel(lambda d: (0.7, 1.1), argnums=(0, 1), tags=TAGS)
def active_keyword_arguments(x, y):
    def f(u, *, k=2.0, a):
        return math.sin(u * k) * a

    return jitad.grad(f)(x, k=y, a=x) * jitad.grad(f)(y, a=x * y)


@kernel(lambda d: (0.7, 1.1), argnums=(0, 1), tags=TAGS)
def active_default(x, y):
    def f(u, k=y):
        return math.sin(u * k)

    y = y * 2.0
    return jitad.grad(f)(x) * y


@kernel(lambda d: (0.7,), tags=TAGS)
def starred_parameters(x):
    g = jitad.grad(lambda *ys: ys[0] * ys[1] ** 2, argnums=(0, 1))(x, x * x)
    return g[0] * g[1]


@kernel(lambda d: (0.7,), tags=TAGS)
def imported_by_other_names(x):
    return grad(_cubic)(x) * ad.grad(_cubic, argnums=0)(x) + jvp(_cubic, (x,), (1.0,))[1]


@kernel(lambda d: (0.7, 1.2), argnums=(0, 1), tags=TAGS)
def argnums_from_the_module(x, y):
    a, b = jitad.grad(lambda u, v: u * u * v, argnums=BOTH)(x, y)
    return a * b


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def gradients_in_a_comprehension(x):
    slopes = [jitad.grad(lambda y: math.sin(y * x[i]))(x[0]) for i in range(3)]  # noqa: B023
    return slopes[0] * slopes[1] * slopes[2]


@kernel(lambda d: (0.7,), tags=TAGS)
def captures_what_a_branch_binds(x):
    if x > 0.0:
        k = x * 2.0

    def f(y):
        return math.sin(y * k)

    return jitad.grad(f)(x)


@kernel(lambda d: (0.7,), tags=TAGS)
def loop_over_functions(x):
    def f(y):
        return math.sin(y * x)

    def g(y):
        return y**3 * x

    total = 0.0
    for h in (f, g):
        total += jitad.grad(h)(x) * total + x
    return total + jitad.grad(g)(total)


@kernel(lambda d: (0.7,), tags=TAGS)
def early_return_of_the_inner_function(x):
    def f(y):
        for k in range(5):
            y = y * y + x
            if y > 3.0:
                return y * k
        return y

    return jitad.grad(f)(x)


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def early_return_with_a_gradient(x):
    for i in range(3):
        g = jitad.grad(lambda y: np.sin(y * x[i]) * y)(x[(i + 1) % 3])  # noqa: B023
        if g > 0.5:
            return g * x[0]
        x[i] = g
    return np.sum(x)


@kernel(lambda d: (0.7, 3), tags=TAGS)
def captures_a_loop_index(x, n):
    def f(y):
        s = y
        for i in range(n):
            s = s * y + i * x
        return s

    for n in range(1, 4):
        x = x * 0.5 + 0.01 * jitad.grad(f)(x)
    return x


@kernel(lambda d: (0.7,), tags=TAGS)
def functions_that_return_functions(x):
    def make(k):
        def f(y):
            return math.sin(k * y)

        return f

    return jitad.grad(make(x))(x) * jitad.grad(make(jitad.grad(make(2.0))(x)))(x)


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def gradient_by_a_list(x):
    g = jitad.grad(lambda p: np.sum(p[0] * p[1]) * p[1][0])([x, x * x])
    return np.sum(g[0] * g[1])


@kernel(lambda d: (0.8,), tags=TAGS)
def jacobians_of_numbers(x):
    first, second = jitad.jacfwd(lambda y: (y * y * x, math.sin(y)))(x)
    return first * second * jitad.jacrev(lambda y: y**3)(x)


@kernel(lambda d: (0.8, d.signed(2)), argnums=(0, 1), tags=TAGS)
def jacobian_of_a_dict_by_a_dict(x, a):
    def f(p):
        return {"u": p["k"] * p["a"], "v": np.sum(p["a"]) * p["k"]}

    j = jitad.jacfwd(f)({"k": x, "a": a})
    return np.sum(j["u"]["a"]) * j["v"]["k"] + np.sum(j["u"]["k"] * j["v"]["a"])


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def jacobian_with_aux(x):
    def f(a):
        a[0] = a[1] * a[2]
        return a * a, (a, 2)

    j, (aux, k) = jitad.jacfwd(f, has_aux=True)(x)
    return np.sum(j @ aux) * k + x[0]


@kernel(lambda d: (d.signed(3),), tags=TAGS)
def hessian_by_two_arguments(a):
    h = jitad.hessian(lambda u, v: np.sum(u * u * v) * v[0], argnums=(0, 1))(a, a * 2.0)
    return np.sum(h[0][1] @ a) + np.sum(h[1][0] * h[0][0])


@kernel(lambda d: (0.7,), tags=TAGS)
def gradient_of_a_jacobian_of_a_gradient(x):
    def f(y):
        return jitad.jacfwd(jitad.grad(lambda z: math.sin(z * y) * z))(y)

    return jitad.grad(f)(x)


@kernel(lambda d: (0.7,), tags=TAGS)
def aux_of_many_kinds(x):
    g, aux = jitad.grad(lambda y: (y * x * x, ("name", None, 3, y)), has_aux=True)(x)
    return g * aux[2] * aux[3]
