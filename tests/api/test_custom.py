"""``custom_jvp`` and ``custom_vjp``: rules of the user's, in both modes, to higher orders, and what is refused."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import pytest

import jitad


class Pair(NamedTuple):
    a: float
    b: np.ndarray


SCALE = np.array([1.0, 2.0, 3.0])


@jitad.custom_jvp
def forward_exp(x):
    return np.exp(x)


@forward_exp.defjvp
def forward_exp_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return forward_exp(x), forward_exp(x) * x_dot


@jitad.custom_vjp
def reverse_scaled(x, k):
    return x * k


reverse_scaled.defvjp(lambda x, k: (x * k, k), lambda k, y_bar: (10.0 * k * y_bar, 0.0))


def cubed(x, k):
    return k * x**3


@jitad.custom_vjp
def reverse_exp(x):
    return np.exp(x)


def reverse_exp_forward(x):
    y = reverse_exp(x)
    return y, y


def reverse_exp_backward(y, y_bar):
    return (y * y_bar,)


reverse_exp.defvjp(reverse_exp_forward, reverse_exp_backward)


@jitad.custom_jvp
def doubled_slope(x):
    return x * x


@doubled_slope.defjvp
def doubled_slope_jvp(primals, tangents):
    return primals[0] * primals[0], 4.0 * primals[0] * tangents[0]


@jitad.custom_vjp
def sine_times(x, a, n=2):
    return n * a * np.sin(x), np.sum(x)


def sine_times_forward(x, a, n=2):
    return (n * a * np.sin(x), np.sum(x)), (x, a, n)


def sine_times_backward(residuals, bars):
    x, a, n = residuals
    y_bar, s_bar = bars
    return n * a * np.cos(x) * y_bar + s_bar, n * np.sum(np.sin(x) * y_bar), None


sine_times.defvjp(sine_times_forward, sine_times_backward)


def uses_rule(x):
    y, s = sine_times(x, x[0], 3)
    return np.sum(y * y) * s


def by_itself(x):
    y, s = 3 * x[0] * np.sin(x), np.sum(x)
    return np.sum(y * y) * s


@pytest.mark.parametrize("function", [forward_exp, reverse_exp])
def test_every_order_uses_the_rule(function):
    derivative = lambda x: function(2.0 * x)  # noqa: E731
    for order in range(4):
        value = 2.0**order * np.exp(1.4)
        assert np.allclose(jitad.vjp(derivative, 0.7)[0], value)
        assert np.allclose(jitad.jvp(derivative, (0.7,), (1.0,)), (value, 2 * value))
        derivative = jitad.grad(derivative)


def test_the_rule_is_used_and_not_the_body():
    assert doubled_slope(3.0) == 9.0
    assert jitad.value_and_grad(doubled_slope)(3.0) == (9.0, 12.0)
    assert jitad.jvp(doubled_slope, (3.0,), (1.0,)) == (9.0, 12.0)
    assert jitad.grad(lambda x: np.sum(doubled_slope(x)))(np.ones(2)).tolist() == [4.0, 4.0]


def test_a_reverse_rule_in_every_mode():
    x, v = np.array([0.3, 0.5, -0.2]), np.array([1.0, 2.0, 3.0])
    assert np.allclose(jitad.grad(uses_rule)(x), jitad.grad(by_itself)(x))
    assert np.allclose(jitad.jvp(uses_rule, (x,), (v,)), jitad.jvp(by_itself, (x,), (v,)))
    assert np.allclose(jitad.hvp(uses_rule, (x,), v), jitad.hvp(by_itself, (x,), v))
    along = jitad.jvp(jitad.grad(uses_rule), (x,), (v,))[1]
    assert np.allclose(along, jitad.hvp(by_itself, (x,), v))
    pulled = jitad.grad(lambda x: np.sum(jitad.grad(uses_rule)(x) * v))(x)
    assert np.allclose(pulled, jitad.hvp(by_itself, (x,), v))
    third = jitad.grad(lambda x, f: np.sum(jitad.hvp(f, (x,), v)))
    assert np.allclose(third(x, uses_rule), third(x, by_itself))


def test_jacobians_and_hessians():
    x = np.array([0.3, 0.5, -0.2])
    for derivative in (jitad.jacfwd, jitad.jacrev):
        found = derivative(lambda x: sine_times(x, x[1])[0])(x)
        assert np.allclose(found, derivative(lambda x: 2 * x[1] * np.sin(x))(x))
    assert np.allclose(jitad.hessian(uses_rule)(x), jitad.hessian(by_itself)(x))


@jitad.custom_vjp
def root(a):
    """The fixed point of Newton's iteration for the square root."""
    x = 1.0
    while abs(x * x - a) > 1e-14 * a:
        x = 0.5 * (x + a / x)
    return x


def root_forward(a):
    x = root(a)
    return x, x


def root_backward(x, x_bar):
    return (x_bar / (2.0 * x),)


root.defvjp(root_forward, root_backward)


def test_implicit_differentiation_of_an_iteration():
    derivative = root
    for expected in (2.0**0.5, 0.5 * 2.0**-0.5, -0.25 * 2.0**-1.5, 0.375 * 2.0**-2.5):
        assert np.isclose(jitad.vjp(derivative, 2.0)[0], expected)
        derivative = jitad.grad(derivative)
    assert not jitad.explain(root, 2.0).records  # nothing of the iteration


def test_rules_in_loops_branches_and_on_views():
    def kernel(x):
        grid = np.zeros((x.shape[0], 3))
        total = 0.0
        for i in range(x.shape[0]):
            grid[i] = x[i] * SCALE
            y, s = sine_times(grid[i], total + x[i])
            if s > 0.5:
                total += forward_exp(0.1 * s) * y[1]
            else:
                total -= reverse_exp(-s)
            grid[i, :] = y
        return total + np.sum(grid)

    def plainly(x):
        grid = np.zeros((x.shape[0], 3))
        total = 0.0
        for i in range(x.shape[0]):
            grid[i] = x[i] * SCALE
            a = total + x[i]
            s = np.sum(grid[i])
            y = 2 * a * np.sin(grid[i])
            if s > 0.5:
                total += np.exp(0.1 * s) * y[1]
            else:
                total -= np.exp(-s)
            grid[i, :] = y
        return total + np.sum(grid)

    x, v = np.array([0.3, -0.2, 0.4, 0.1]), np.array([1.0, -1.0, 0.5, 2.0])
    assert np.allclose(jitad.value_and_grad(kernel)(x)[1], jitad.grad(plainly)(x))
    assert np.allclose(jitad.jvp(kernel, (x,), (v,)), jitad.jvp(plainly, (x,), (v,)))
    assert np.allclose(jitad.hvp(kernel, (x,), v), jitad.hvp(plainly, (x,), v))


@jitad.custom_jvp
def structured(pair, weights, n):
    return {"sum": pair.a * n + np.sum(pair.b * weights["w"]), "n": n, "w": weights["w"] * pair.a}


@structured.defjvp
def structured_jvp(primals, tangents):
    pair, weights, n = primals
    pair_dot, weights_dot, n_dot = tangents
    assert n_dot is None
    total = pair_dot.a * n + np.sum(pair_dot.b * weights["w"] + pair.b * weights_dot["w"])
    w = weights_dot["w"] * pair.a + weights["w"] * pair_dot.a
    return structured(pair, weights, n), {"sum": total, "n": None, "w": w}


def test_structured_arguments_and_values():
    def kernel(pair, weights, n):
        found = structured(pair, weights, n=n)
        return found["sum"] ** 2 + found["n"] * np.sum(found["w"] * SCALE)

    def plainly(pair, weights, n):
        total = pair.a * n + np.sum(pair.b * weights["w"])
        return total**2 + n * np.sum(weights["w"] * pair.a * SCALE)

    args = (Pair(1.5, np.array([1.0, 2.0, -1.0])), {"w": np.array([0.5, 0.2, 0.1])}, 4)
    found, expected = (jitad.grad(f, argnums=(0, 1))(*args) for f in (kernel, plainly))
    assert isinstance(found[0], Pair)
    assert np.isclose(found[0].a, expected[0].a)
    assert np.allclose(found[0].b, expected[0].b)
    assert np.allclose(found[1]["w"], expected[1]["w"])


def test_float32_stays_float32():
    x = np.float32(0.5)
    for function in (forward_exp, reverse_exp):
        value, gradient = jitad.value_and_grad(function)(x)
        assert type(value) is type(gradient) is np.float32
        assert np.isclose(gradient, np.exp(x))


def test_one_array_given_twice():
    @jitad.custom_jvp
    def dot(a, b):
        return np.sum(a * b)

    @dot.defjvp
    def dot_jvp(primals, tangents):
        return np.sum(primals[0] * primals[1]), np.sum(primals[0] * tangents[1] + tangents[0] * primals[1])

    x = np.array([1.0, 2.0, 3.0])
    assert jitad.grad(lambda x: dot(x, x))(x).tolist() == [2.0, 4.0, 6.0]
    assert jitad.grad(lambda x: dot(x[1:], x[:-1]))(x).tolist() == [2.0, 4.0, 2.0]
    assert jitad.hvp(lambda x: dot(x, x) ** 2, (x,), np.ones(3)).tolist() == [104.0, 152.0, 200.0]


def test_captured_arrays_and_changed_rules():
    weights = np.array([1.0, 2.0])

    @jitad.custom_jvp
    def weighted(x):
        return x

    @weighted.defjvp
    def weighted_jvp(primals, tangents):
        return primals[0], weights * tangents[0]

    slope = jitad.grad(lambda x: np.sum(weighted(x)))
    assert slope(np.ones(2)).tolist() == [1.0, 2.0]
    weights[0] = 5.0
    assert slope(np.ones(2)).tolist() == [5.0, 2.0]

    @weighted.defjvp
    def changed(primals, tangents):
        return primals[0], 7.0 * tangents[0]

    assert slope(np.ones(2)).tolist() == [7.0, 7.0]


def test_a_rule_that_is_no_true_derivative():
    """A straight-through estimator: its second derivatives are those of the rule, in both orders of modes."""

    @jitad.custom_jvp
    def rounded(x):
        return np.round(x)

    @rounded.defjvp
    def rounded_jvp(primals, tangents):
        return rounded(primals[0]), tangents[0]

    @jitad.custom_jvp
    def skewed(x, y):
        return 0.0 * x

    @skewed.defjvp
    def skewed_jvp(primals, tangents):
        return 0.0 * primals[0], primals[1] * tangents[0]  # d/dx = y, d/dy = 0: the "Hessian" is [[0, 1], [0, 0]]

    assert jitad.grad(lambda x: rounded(x) ** 2)(1.6) == 4.0
    assert jitad.grad(jitad.grad(lambda x: rounded(x) ** 2))(1.6) == 2.0
    point = np.array([1.0, 2.0])
    loss = lambda x: skewed(x[0], x[1])  # noqa: E731
    expected = [[0.0, 1.0], [0.0, 0.0]]
    assert jitad.jacfwd(jitad.grad(loss))(point).tolist() == expected
    assert jitad.jacrev(jitad.grad(loss))(point).tolist() == expected


def refused(error, *parts):
    return pytest.raises(error, match="(?s)" + ".*".join(parts))


def test_refused():
    @jitad.custom_jvp
    def unruled(x):
        return x

    with refused(jitad.MissingRuleError, "'unruled' has no derivative rule yet", "defjvp"):
        jitad.grad(unruled)(1.0)
    with refused(jitad.ArgumentError, "A function was expected"):
        jitad.custom_vjp(3.0)
    with refused(jitad.ArgumentError, "3.0 isn't a rule"):
        jitad.custom_vjp(np.sin).defvjp(np.sin, 3.0)

    @jitad.custom_jvp
    def wrong(x):
        return x * x

    for rule, parts in (
        (lambda primals, tangents: tangents[0], ["the rule of 'wrong' returns a", "return the pair"]),
        (lambda primals, tangents: (primals[0], (tangents[0], 1.0)), ["the rule of 'wrong' gives a tuple of 2 for"]),
        (lambda primals, tangents: (primals[0], 1.0), ["gives a number .float64. for a 1-d array of float64"]),
        (lambda primals, tangents: (primals[0], tangents[0].astype(np.float32)), ["a 1-d array of float32 for"]),
    ):
        wrong.defjvp(rule)
        with refused(jitad.KernelTypeError, *parts):
            jitad.jvp(wrong, (np.ones(3),), (np.ones(3),))
    wrong.defjvp(lambda primals, tangents: (primals[0], tangents[0][1:]))
    with refused(jitad.ShapeMismatchError, "The rule of 'wrong' gives an array whose shape"):
        jitad.jvp(wrong, (np.ones(3),), (np.ones(3),))
    with refused(jitad.ShapeMismatchError, "The rule of 'wrong' gives an array whose shape"):
        jitad.grad(lambda x: np.sum(wrong(x)))(np.ones(3))

    @jitad.custom_vjp
    def pulled(x, y):
        return x * y

    pulled.defvjp(lambda x, y: x * y, lambda residuals, bar: (bar, bar))
    with refused(jitad.KernelTypeError, "the forward rule of 'pulled' returns", "value, residuals"):
        jitad.grad(pulled)(1.0, 2.0)
    pulled.defvjp(lambda x, y: (x * y, None), lambda residuals, bar: bar)
    with refused(jitad.KernelTypeError, "the backward rule of 'pulled' returns", "each of the 2 arguments"):
        jitad.grad(pulled)(1.0, 2.0)


def test_compiled(compiled):
    x, v = np.array([0.3, 0.5, -0.2]), np.array([1.0, 2.0, 3.0])
    assert np.allclose(jitad.grad(uses_rule)(x), jitad.grad(by_itself)(x))
    assert np.allclose(jitad.hvp(uses_rule, (x,), v), jitad.hvp(by_itself, (x,), v))
    assert np.isclose(jitad.grad(jitad.grad(root))(2.0), -0.25 * 2.0**-1.5)


def test_called_from_compiled_code():
    from numba import njit

    @njit
    def outer(x):
        return forward_exp(x) + 1.0

    assert np.isclose(outer(0.5), np.exp(0.5) + 1.0)


def test_rules_that_are_not_linear():
    @jitad.custom_vjp
    def clipped(x):
        return x

    clipped.defvjp(lambda x: (x, None), lambda residuals, bar: (min(max(bar, -1.0), 1.0),))
    loss = lambda x: 5.0 * clipped(x)  # noqa: E731
    assert jitad.grad(loss)(2.0) == 1.0
    assert jitad.jacobian(loss)(2.0) == 1.0  # by reverse mode
    with refused(
        jitad.MissingRuleError, "The rule of 'clipped' isn't linear in its cotangent", "test_custom", "jitad.grad"
    ):
        jitad.jvp(loss, (2.0,), (1.0,))

    @jitad.custom_jvp
    def odd(x):
        return x

    odd.defjvp(lambda primals, tangents: (primals[0], tangents[0] ** 2))
    assert jitad.jvp(odd, (2.0,), (3.0,)) == (2.0, 9.0)
    with refused(jitad.MissingRuleError, "The rule of 'odd' isn't linear in its tangents", "test_custom", "jitad.jvp"):
        jitad.grad(odd)(2.0)

    @jitad.custom_jvp
    def cubic(x):
        return x

    cubic.defjvp(lambda primals, tangents: (primals[0], jitad.grad(lambda t: t**3)(tangents[0])))
    assert jitad.jvp(cubic, (2.0,), (3.0,)) == (2.0, 27.0)
    with refused(jitad.MissingRuleError, "The rule of 'cubic' isn't linear in its tangents", "jitad.jvp"):
        jitad.grad(cubic)(2.0)


def test_rules_with_derivatives_that_are_linear():
    @jitad.custom_jvp
    def slope(x):
        return 3.0 * x * x

    slope.defjvp(lambda primals, tangents: (slope(primals[0]), jitad.hvp(lambda y: y**3, primals, tangents[0])))
    assert np.isclose(jitad.grad(slope)(2.0), 12.0)


def test_a_rule_holds_under_partial():
    assert jitad.grad(functools.partial(reverse_scaled, k=2.0))(3.0) == 20.0
    assert jitad.grad(functools.partial(jitad.grad(cubed), k=2.0))(3.0) == 36.0
