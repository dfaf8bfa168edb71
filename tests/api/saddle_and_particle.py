"""Two problems whose answers need derivatives of minimisations: a saddle point, and a charged particle's path.

They are those of J. M. Siskind and B. A. Pearlmutter, "Putting the automatic back into AD: Part I, What's wrong",
Purdue University, TR-ECE-08-02 (2008), where their answers are given as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import jitad

Gradient = Callable[[Any, Any], Any]


def forward(f, x):
    """The gradient, one tangent after another."""
    gradient = np.zeros(x.size)
    for i in range(x.size):
        direction = np.zeros(x.size)
        direction[i] = 1.0
        _, gradient[i] = jitad.jvp(f, (x,), (direction,))
    return gradient


def reverse(f, x):
    """The gradient."""
    return jitad.grad(f)(x)


def argmin(f, gradient, x):
    """Gradient descent, whose step grows after ten improvements and shrinks after a failure."""
    x = x.copy()
    fx = f(x)
    gx = gradient(f, x)
    eta = 1e-5
    i = 0
    while np.sqrt(np.sum(gx * gx)) > 1e-5:
        if i == 10:
            eta *= 2.0
            i = 0
        else:
            new = x - eta * gx
            if np.sqrt(np.sum((x - new) ** 2)) <= 1e-5:
                break
            f_new = f(new)
            if f_new < fx:
                x = new
                fx = f_new
                gx = gradient(f, x)
                i += 1
            else:
                eta /= 2.0
                i = 0
    return x


def saddle(inner: Gradient, outer: Gradient) -> Callable[[Any], Any]:
    """The function of a start that gives min over a of max over b of |a|² - |b|²."""

    def kernel(start):
        def f(a, b):
            return (a[0] ** 2 + a[1] ** 2) - (b[0] ** 2 + b[1] ** 2)

        def worst(a):
            b = argmin(lambda b: -f(a, b), inner, start)
            return f(a, b)

        a = argmin(worst, outer, start)
        return a, argmin(lambda b: -f(a, b), inner, start)

    return kernel


def miss(inner: Gradient) -> Callable[[Any], Any]:
    """The square of where the particle ends, as a function of the control ``w``."""

    def kernel(w):
        charges = np.array([[10.0, 10.0 - w[0]], [10.0, 0.0]])

        def potential(x):
            p = 0.0
            for c in range(2):
                p += 1.0 / np.sqrt((x[0] - charges[c, 0]) ** 2 + (x[1] - charges[c, 1]) ** 2)
            return p

        x, v, dt = np.array([0.0, 8.0]), np.array([0.75, 0.0]), 0.1
        acceleration = -inner(potential, x)
        new = x + dt * v
        while new[1] > 0.0:
            x = new
            v = v + dt * acceleration
            acceleration = -inner(potential, x)
            new = x + dt * v
        rest = (0.0 - x[1]) / v[1]
        return (x[0] + rest * v[0]) ** 2

    return kernel


def particle(inner: Gradient, outer: Gradient) -> Callable[[Any], Any]:
    """The function of a start that gives the control with which the particle ends nearest to 0."""
    end = miss(inner)
    return lambda start: argmin(end, outer, start)
