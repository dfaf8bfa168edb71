"""Functions with rules of the user's that write to arrays, make temporaries, and share memory with their arguments."""

from __future__ import annotations

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.testing import check_grads

X = np.array([0.4, -0.7, 1.1])


@pytest.fixture(autouse=True)
def _uncompiled():
    with uncompiled():
        yield


@jitad.custom_jvp
def same(x):
    return x


@same.defjvp
def same_jvp(primals, tangents):
    return primals[0], tangents[0] * 1.0


@jitad.custom_jvp
def same_again(x):
    return same(x)


@same_again.defjvp
def same_again_jvp(primals, tangents):
    return primals[0], tangents[0] * 1.0


@jitad.custom_jvp
def doubled_twice(x):
    t = x * 2.0
    return t, t


@doubled_twice.defjvp
def doubled_twice_jvp(primals, tangents):
    t = tangents[0] * 2.0
    return doubled_twice(primals[0]), (t, t)


@jitad.custom_jvp
def square_updating_tangents(x):
    return x * x


@square_updating_tangents.defjvp
def square_updating_tangents_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    x_dot *= 2.0
    x_dot *= x
    x *= x
    return x, x_dot


@jitad.custom_vjp
def square_updating_residuals(x):
    return x * x


def square_forward(x):
    return x * x, (x, x)


def square_updating_backward(residuals, y_bar):
    x, again = residuals
    x *= 2.0
    y_bar *= x * again / again
    return (y_bar,)


square_updating_residuals.defvjp(square_forward, square_updating_backward)


@jitad.custom_vjp
def square_by_elements(x):
    return x * x


def square_by_elements_backward(residuals, y_bar):
    x, _ = residuals
    x_bar = np.zeros(x.shape)
    turned = np.ones(2, np.float32)
    for i in range(x.size):
        pair, at = np.array([x[i], x[i]]), np.array([1, i])
        if pair[0] > -10.0:
            both = pair * y_bar[at[1]]
            x_bar[i] = both[0] + both[1] * at[0]
        turned = turned[::-1] * np.float32(0.5)
    return (x_bar + turned[0] * 0.0,)


square_by_elements.defvjp(square_forward, square_by_elements_backward)


def plain_square(x):
    return x * x


def in_a_loop_with_records(square):
    def kernel(x):
        z, n, s = np.sin(x), 1, np.float32(1.0)
        for i in range(4):
            z[:] = square(z) * 0.5 + x * z
            if z[0] > 0.1:
                n += i
                s *= np.float32(0.5)
                z = z * (1 + n) * s
        return np.sum(z) * z[1]

    return kernel


@pytest.mark.parametrize("square", [square_updating_tangents, square_updating_residuals, square_by_elements])
def test_rules_that_write_and_make_temporaries(square):
    kernel, plain = in_a_loop_with_records(square), in_a_loop_with_records(plain_square)
    expected = jitad.grad(plain)(X)
    np.testing.assert_allclose(jitad.grad(kernel)(X), expected, rtol=1e-12)
    assert jitad.jvp(kernel, (X,), (X,))[1] == pytest.approx(expected @ X, rel=1e-12)
    product = jitad.hvp(plain, (X,), X)
    np.testing.assert_allclose(jitad.hvp(kernel, (X,), X), product, rtol=1e-11)
    np.testing.assert_allclose(jitad.jacfwd(jitad.grad(kernel))(X) @ X, product, rtol=1e-11)


# A value that is an argument


def read_afterwards(x):
    z = x * 2.0
    a, b = doubled_twice(z)
    return np.sum(z * same_again(z) * a * b)


def written_before_each_call(x):
    h = np.zeros(3)
    for _ in range(3):
        h[:] = np.tanh(x * h + x)
        x = x + 0.1 * same(h)
    return np.sum(h * x)


def rebound(x):
    h = np.ones(3)
    for _ in range(3):
        h = same(np.tanh(x * h))
        h = same(h)
    h *= 2.0
    return np.sum(h * x)


def views_of_one_array(x):
    y = x * 1.0
    total = np.sum(same(y[1:]) ** 2) * same(y[:1])[0]
    y[:] = 0.5 * x
    return total + np.sum(y * y)


@pytest.mark.parametrize("kernel", [read_afterwards, written_before_each_call, rebound, views_of_one_array])
def test_a_value_that_is_an_argument(kernel):
    check_grads(kernel, (X,), order=2)
    assert jitad.value_and_grad(kernel)(X)[0] == pytest.approx(kernel(X.copy()), rel=1e-13)


def value_written(x):
    z = x * 2.0
    y = same(z)
    y[0] = y[0] * y[1]
    return np.sum(z * z)


def argument_written(x):
    z = x * 2.0
    y = same(z)
    z[0] = z[0] * z[1]
    return np.sum(y * y)


def value_of_a_value_written(x):
    z = x * 2.0
    y = same_again(z)
    y[0] = y[1] * y[1]
    return np.sum(z * y)


def one_of_two_values_written(x):
    a, b = doubled_twice(x)
    a[0] = b[1] * b[1]
    return np.sum(a * b)


def written_in_the_next_iteration(x):
    z, y = x * 2.0, x * 3.0
    for _ in range(2):
        z[0] = y[0] * y[1]
        x = x * y
        y = same(z)
    return np.sum(x)


@pytest.mark.parametrize(
    ("kernel", "name"),
    [
        (value_written, "same"),
        (argument_written, "same"),
        (value_of_a_value_written, "same"),
        (one_of_two_values_written, "doubled_twice"),
        (written_in_the_next_iteration, "same"),
    ],
)
def test_writing_to_a_value_that_is_an_argument_is_refused(kernel, name):
    with pytest.raises(jitad.SharedMemoryError) as caught:
        jitad.grad(kernel)(X)
    message = str(caught.value)
    assert f"{name!r}, which has a derivative rule of its own" in message
    assert "[0] = " in message and "x.copy()" in message


@jitad.custom_jvp
def squared_in_place(k, x):
    x *= x
    return np.sum(x) * k


@squared_in_place.defjvp
def squared_in_place_jvp(primals, tangents):
    (k, x), (_, x_dot) = primals, tangents
    return np.sum(x * x) * k, np.sum(2.0 * x * x_dot) * k


@jitad.custom_vjp
def forward_in_place(x):
    return np.sum(x)


def forward_in_place_forward(x):
    v = x[1:]
    v[0] = 2.0
    return np.sum(x), None


def forward_in_place_backward(residuals, y_bar):
    return (np.full(3, y_bar),)


forward_in_place.defvjp(forward_in_place_forward, forward_in_place_backward)


@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        (lambda x: squared_in_place(2, x * 2.0), "'squared_in_place' writes to its argument 1"),
        (forward_in_place, "the forward rule of 'forward_in_place' writes to its argument 0"),
    ],
)
def test_writing_to_an_argument_is_refused(kernel, reason):
    with pytest.raises(jitad.SharedMemoryError, match=reason):
        jitad.grad(kernel)(X)


# A rule that calls its function


@jitad.custom_jvp
def power(x):
    return x


@power.defjvp
def power_jvp(primals, tangents):
    return power(primals[0]), 3.0 * power(primals[0]) * tangents[0]


def test_no_order_falls_back_to_the_body():
    f = power
    for order in range(1, 5):
        f = jitad.grad(f)
        assert f(2.0) == pytest.approx(2.0 * 3.0**order)
    with pytest.raises(jitad.MissingRuleError, match="The rule of 'power' calls 'power' itself"):
        jitad.grad(f)(2.0)
    assert jitad.jvp(jitad.hessian(power), (2.0,), (1.0,))[1] == pytest.approx(54.0)


def test_a_rule_is_not_read_for_integers():
    assert jitad.grad(lambda x: power(2) * x)(3.0) == 2.0
    assert jitad.grad(lambda x: square_by_elements(np.arange(3))[2] * x)(3.0) == 4.0


@jitad.custom_jvp
def square_by_number(x):
    return x * x


@square_by_number.defjvp
def square_by_number_jvp(primals, tangents):
    return square_by_number(primals[0]), 2.0 * primals[0] * tangents[0]


def test_inner_gradients_at_literals():
    def kernel(x):
        return jitad.grad(lambda t: square_by_number(t * x))(1.5) * jitad.hvp(
            lambda t: square_by_number(t * x), (0.5,), 2.0
        )

    assert jitad.value_and_grad(kernel)(0.7) == pytest.approx((12.0 * 0.7**4, 48.0 * 0.7**3))
    assert jitad.jvp(kernel, (0.7,), (1.0,)) == pytest.approx((12.0 * 0.7**4, 48.0 * 0.7**3))
    assert jitad.hvp(kernel, (0.7,), 1.0) == pytest.approx(144.0 * 0.7**2)
