"""``jvp`` and ``hvp``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled

X = np.array([1.1, 0.7, 0.4])
V = np.array([1.0, 0.5, -0.2])


def grows(x, k):
    total = 0.0
    i = 0
    while i < x.size and total < 50.0:
        x[i] = x[i] * x[i] * k
        total += np.sin(x[i]) * x[0]
        i += 1
    return total


def several(a, parts, n):
    return a @ parts["b"], (n, parts["c"] * a[0, 0])


def difference(function: Any, step: float = 1e-6) -> Any:
    return (function(step) - function(-step)) / (2 * step)


def test_jvp_compiled() -> None:
    before = X.copy()
    value, tangent = jitad.jvp(grows, (X, 2.0), (V, 0.5))
    assert value == pytest.approx(grows(X.copy(), 2.0), rel=1e-14)
    assert tangent == pytest.approx(difference(lambda e: grows(X + e * V, 2.0 + 0.5 * e)), rel=1e-8)
    np.testing.assert_array_equal(before, X)


def test_hvp_compiled_is_the_derivative_of_the_gradient() -> None:
    gradient = jitad.grad(grows)
    expected = difference(lambda e: gradient(X + e * V, 2.0))
    np.testing.assert_allclose(jitad.hvp(grows, (X, 2.0), V), expected, rtol=1e-7)


def test_hvp_of_several_arguments() -> None:
    with uncompiled():
        by_array, by_number = jitad.hvp(grows, (X, 2.0), (V, 1.0), argnums=(0, 1))
        gradient = jitad.grad(grows, argnums=(0, 1))
        expected = [difference(lambda e, at=at: gradient(X + e * V, 2.0 + e)[at]) for at in (0, 1)]
    np.testing.assert_allclose(by_array, expected[0], rtol=1e-7)
    assert isinstance(by_number, float)
    assert by_number == pytest.approx(expected[1], rel=1e-7)


def test_structure_and_kinds_are_kept() -> None:
    a = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    parts = {"b": np.ones(3), "c": 2.0}
    direction = {"b": np.array([1.0, 0.0, 0.0]), "c": 1.0}
    with uncompiled():
        value, tangent = jitad.jvp(several, (a, parts, 4), (np.ones((2, 3)), direction))
    np.testing.assert_array_equal(value[0], a @ parts["b"])
    np.testing.assert_array_equal(tangent[0], np.ones((2, 3)) @ parts["b"] + a[:, 0])
    assert value[1] == (4, 0.0)
    assert tangent[1] == (None, 2.0)


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        ((np.ones(2), 1.0), r"the tangent of argument 0 of 'grows' is an array of dtype float64 and shape \(2,\)"),
        ((np.ones(3, np.float32), 1.0), "dtype float32 .*; expected an array of dtype float64"),
        ((np.ones(3), "fast"), "the tangent of argument 1 of 'grows' is 'fast'; expected a number of dtype float64"),
        ((np.ones(3),), r"differentiates by the arguments \[0, 1\], and got 1 for tangents"),
    ],
)
def test_a_tangent_that_does_not_fit_is_refused(tangents: tuple[Any, ...], message: str) -> None:
    with uncompiled(), pytest.raises(jitad.ArgumentError, match=message):
        jitad.jvp(grows, (X, 2.0), tangents)


def test_an_integer_argument_is_refused() -> None:
    with uncompiled(), pytest.raises(jitad.ArgumentError, match="argument 1 of 'grows' is a number of dtype int64"):
        jitad.jvp(grows, (X, 2), (V, 1.0), argnums=(0, 1))


def test_hvp_of_an_array_result_is_refused() -> None:
    with uncompiled(), pytest.raises(jitad.NonScalarResultError, match="returns an array"):
        jitad.hvp(lambda x: x * x, (X,), V)
