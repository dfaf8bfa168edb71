"""``linearize``: agreement with ``jvp`` and ``vjp``, independence of later changes, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad

X = np.array([1.1, 0.7, 0.4])
SCALE = np.ones(3)


def rippled(x, parts, n):
    out = np.zeros((n, x.shape[0]))
    for i in range(n):
        for j in range(x.shape[0]):
            x[j] = np.sin(x[j]) * parts["k"]
            out[i, j] = x[j] * x[0]
    return out, {"sum": np.sum(x), "n": n}


def scaled(x):
    return SCALE * x * x


ARGS = (X, {"k": 1.5}, 2)
TANGENTS = (np.array([1.0, -0.5, 0.2]), {"k": 0.3})
COTANGENT = (np.arange(6.0).reshape(2, 3), {"sum": 2.0, "n": None})


def test_the_value_is_the_functions() -> None:
    (array, rest), _ = jitad.linearize(rippled, *ARGS)
    expected, expected_rest = rippled(X.copy(), {"k": 1.5}, 2)
    np.testing.assert_allclose(array, expected, rtol=1e-15)
    assert rest == {"sum": pytest.approx(expected_rest["sum"]), "n": 2}
    np.testing.assert_array_equal(X, [1.1, 0.7, 0.4])


def test_tangents_are_those_of_jvp() -> None:
    _, linear = jitad.linearize(rippled, *ARGS)
    _, (array, rest) = jitad.jvp(rippled, ARGS, TANGENTS)
    found, found_rest = linear(*TANGENTS)
    np.testing.assert_array_equal(found, array)
    assert found_rest == rest
    assert found_rest["n"] is None


def test_the_transpose_is_the_pullback_of_vjp() -> None:
    _, linear = jitad.linearize(rippled, *ARGS)
    by_x, by_parts, by_n = linear.transpose(COTANGENT)
    expected = jitad.vjp(rippled, *ARGS)[1](COTANGENT)
    np.testing.assert_array_equal(by_x, expected[0])
    assert by_parts == expected[1]
    assert by_n is None
    array, rest = linear(*TANGENTS)
    forward = np.sum(COTANGENT[0] * array) + COTANGENT[1]["sum"] * rest["sum"]
    assert forward == pytest.approx(by_x @ TANGENTS[0] + by_parts["k"] * TANGENTS[1]["k"], rel=1e-13)


def test_compiled(compiled: None) -> None:
    value, linear = jitad.linearize(scaled, X)
    np.testing.assert_array_equal(value, X * X)
    np.testing.assert_array_equal(linear(np.ones(3)), 2.0 * X)
    np.testing.assert_array_equal(linear.transpose(np.ones(3))[0], 2.0 * X)


def test_later_changes_do_not_matter() -> None:
    x = X.copy()
    captured = np.ones(3)

    def product(x):
        return captured * x * x

    _, linear = jitad.linearize(product, x)
    x[:] = captured[:] = 9.0
    np.testing.assert_array_equal(linear(np.ones(3)), 2.0 * X)
    np.testing.assert_array_equal(linear.transpose(np.ones(3))[0], 2.0 * X)


def test_a_result_that_is_constant() -> None:
    _, linear = jitad.linearize(lambda x: (3, np.ones(2)), X)
    assert linear(X)[0] is None
    np.testing.assert_array_equal(linear(X)[1], np.zeros(2))
    np.testing.assert_array_equal(linear.transpose((None, np.ones(2)))[0], np.zeros(3))


def test_no_floating_point_argument() -> None:
    value, linear = jitad.linearize(lambda n: 2.0 * n, 3)
    assert value == 6.0
    assert linear() == 0.0
    assert linear.transpose(1.0) == (None,)


def test_repr() -> None:
    assert repr(jitad.linearize(scaled, X)[1]) == "<derivative of scaled as a linear function>"


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        ((TANGENTS[0],), r"the linear function of 'rippled' differentiates by the arguments \[0, 1\], and got 1"),
        (
            (np.ones(2), {"k": 1.0}),
            r"the tangent of argument 0 of 'rippled' is an array of dtype float64 and shape \(2,",
        ),
        ((np.ones(3, np.float32), {"k": 1.0}), "dtype float32 .*; expected an array of dtype float64 and shape"),
        ((np.ones(3), {"l": 1.0}), r"the tangent of argument 1 of 'rippled' is a dict of 1; expected .* keys \['k'\]"),
        ((np.ones(3), {"k": "fast"}), r"the tangent of argument 1 of 'rippled'\['k'\] is 'fast'; expected a number"),
    ],
)
def test_a_tangent_that_does_not_fit_is_refused(tangents: tuple[Any, ...], message: str) -> None:
    _, linear = jitad.linearize(rippled, *ARGS)
    with pytest.raises(jitad.ArgumentError, match=message):
        linear(*tangents)


def test_a_cotangent_that_does_not_fit_is_refused() -> None:
    _, linear = jitad.linearize(rippled, *ARGS)
    with pytest.raises(jitad.ArgumentError, match=r"the cotangent\[0\] .* shape \(3,\); expected .* shape \(2, 3\)"):
        linear.transpose((np.ones(3), {"sum": 1.0, "n": None}))


def test_what_is_not_a_function_is_refused() -> None:
    with pytest.raises(jitad.ArgumentError, match="A function was expected to differentiate, not 3"):
        jitad.linearize(3.0, X)
