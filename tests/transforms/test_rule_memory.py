"""Memory that a rule takes for itself is given back after it; what it is handed stays."""

from __future__ import annotations

import numpy as np

import jitad
from jitad.plugin import array
from jitad.testing import Uncompiled, check_grads


@array
def spread_into(out, a, scale):
    """``scale * a``, and zeros behind it."""
    out[:] = 0.0
    out[: a.size] = scale * a


@spread_into.vjp
def spread_vjp(out, out_bar, a, a_bar, scale, scale_bar):
    if out_bar is not None and a_bar is not None:
        step = np.empty(a.size)
        step[:] = scale * out_bar[: a.size]
        a_bar += step


@spread_into.jvp
def spread_jvp(out, out_dot, a, a_dot, scale, scale_dot):
    if out_dot is not None and a_dot is not None:
        out_dot[: a.size] += scale * a_dot


def two_calls_in_a_loop(x):
    """The reverse sweep needs the shadows of ``a`` and ``b`` after the rules, and their values nowhere."""
    total = 0.0
    for k in range(2):
        a = x * 1.0
        b = x * (k + 2.0)
        first, second = np.empty(x.size + 2), np.empty(x.size + 2)
        spread_into(first, a, 1)
        spread_into(second, b, 1)
        for i in range(first.size):
            total += i * first[i] + 3.0 * i * second[i]
    return total


X = np.arange(1.0, 5.0)


def test_shadows_outlive_the_rules_that_add_to_them():
    expected = 17.0 * np.arange(4.0)
    np.testing.assert_allclose(jitad.grad(two_calls_in_a_loop)(X), expected)
    check_grads(two_calls_in_a_loop, (X,), order=2)
    run = Uncompiled(two_calls_in_a_loop, (X,))
    np.testing.assert_allclose(run.value_and_gradient([0])[1][0], expected)  # released memory is nan here
