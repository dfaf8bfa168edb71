"""Exact derivatives at kinks, jumps and poles: what plugins/README.md says, in forward and in reverse mode."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled

INF, NAN = math.inf, math.nan


def one_hot(args: tuple[Any, ...], position: int, entry: int) -> tuple[Any, ...]:
    """The direction of one entry of one argument."""
    zeros = [np.zeros_like(arg) if isinstance(arg, np.ndarray) else 0.0 for arg in args]
    if isinstance(zeros[position], np.ndarray):
        zeros[position].flat[entry] = 1.0
    else:
        zeros[position] = 1.0
    return tuple(zeros)


def forward(kernel: Callable[..., Any], args: tuple[Any, ...]) -> list[Any]:
    """The gradient from one direction per entry."""
    found = []
    for position, arg in enumerate(args):
        columns = [jitad.jvp(kernel, args, one_hot(args, position, k))[1] for k in range(np.size(arg))]
        found.append(np.reshape(columns, np.shape(arg)))
    return found


def check(kernel: Callable[..., Any], args: tuple[Any, ...], *expected: Any) -> None:
    args = tuple(np.array(arg) if isinstance(arg, list) else arg for arg in args)
    with uncompiled(), np.errstate(all="ignore"):
        backwards = jitad.grad(kernel, argnums=tuple(range(len(args))))(*args)
        forwards = forward(kernel, args)
    for back, ahead, wanted in zip(backwards, forwards, expected, strict=True):
        np.testing.assert_array_equal(back, wanted)
        np.testing.assert_array_equal(ahead, wanted)


CHOICES = [
    (max, (2.0, 2.0), 1.0, 0.0),
    (min, (2.0, 2.0), 1.0, 0.0),
    (np.maximum, (2.0, 2.0), 1.0, 0.0),
    (np.minimum, (2.0, 2.0), 1.0, 0.0),
    (np.fmax, (2.0, NAN), 1.0, 0.0),
    (np.fmin, (NAN, 2.0), 0.0, 1.0),
    (np.max, ([1.0, 3.0, 3.0],), [0.0, 1.0, 0.0]),
    (np.min, ([1.0, 3.0, 1.0],), [1.0, 0.0, 0.0]),
    (np.ptp, ([3.0, 1.0, 3.0, 1.0],), [1.0, -1.0, 0.0, 0.0]),
    (np.nanmax, ([NAN, 3.0, 3.0],), [0.0, 1.0, 0.0]),
    (lambda x: np.sort(x)[1], ([3.0, 3.0, 1.0, 3.0],), [1.0, 0.0, 0.0, 0.0]),
    (lambda x: np.sort(x)[2], ([3.0, 3.0, 1.0, 3.0],), [0.0, 1.0, 0.0, 0.0]),
    (lambda x: np.sort(x)[1], ([NAN, 3.0, 1.0],), [0.0, 1.0, 0.0]),
    (np.median, ([1.0, 1.0, 1.0, 2.0],), [0.0, 0.5, 0.5, 0.0]),
    (np.median, ([2.0, 1.0, 2.0],), [1.0, 0.0, 0.0]),
    (lambda x: np.unique(x)[1], ([3.0, 1.0, 3.0],), [1.0, 0.0, 0.0]),
    (lambda x, y: np.where(x > y, x, y), (1.0, 1.0), 0.0, 1.0),
    *[(np.clip, (x, 0.0, 1.0), *bars) for x, bars in [(0.0, (1.0, 0.0, 0.0)), (1.0, (1.0, 0.0, 0.0))]],
    *[(np.clip, (x, 0.0, 1.0), *bars) for x, bars in [(-0.1, (0.0, 1.0, 0.0)), (1.1, (0.0, 0.0, 1.0))]],
]
POWERS = [
    (lambda x: x**0, (0.0,), 0.0),
    (lambda x: x**1, (0.0,), 1.0),
    (lambda x: x**2, (0.0,), 0.0),
    (lambda x, p: x**p, (0.0, 2.0), 0.0, 0.0),
    (lambda x, p: x**p, (0.0, 1.0), 1.0, 0.0),
    (lambda x, p: x**p, (0.0, 0.5), INF, 0.0),
    (lambda x, p: x**p, (0.0, 0.0), 0.0, 0.0),
    (lambda x, p: x**p, (-2.0, 3.0), 12.0, NAN),
    (np.sqrt, (0.0,), INF),
    (np.cbrt, (0.0,), INF),
    (abs, (0.0,), 0.0),
    (abs, (-0.0,), 0.0),
    (np.sign, (0.0,), 0.0),
    (np.sinc, (0.0,), 0.0),
    (np.hypot, (0.0, 0.0), 0.0, 0.0),
    (np.linalg.norm, ([0.0, 0.0],), [0.0, 0.0]),
    (np.linalg.norm, ([[0.0, 0.0]],), [[0.0, 0.0]]),
    (lambda x: np.linalg.norm(x, 1), ([0.0, -2.0],), [0.0, -1.0]),
    (lambda x: np.linalg.norm(x, np.inf), ([2.0, -2.0],), [1.0, 0.0]),
    (lambda x: np.linalg.norm(x, 3), ([0.0, 0.0],), [0.0, 0.0]),
    (np.std, ([1.0, 1.0],), [0.0, 0.0]),
    (np.nanstd, ([1.0, NAN, 1.0],), [0.0, 0.0, 0.0]),
    (np.prod, ([0.0, 2.0, 3.0],), [6.0, 0.0, 0.0]),
    (np.prod, ([0.0, 2.0, 0.0],), [0.0, 0.0, 0.0]),
    (lambda x: np.sum(np.abs(x) ** 1.5), ([0.0, 1.0],), [0.0, 1.5]),
]


def kernel_of(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A kernel with source that calls a function of so many arguments."""

    def one(a):
        return function(a)

    def two(a, b):
        return function(a, b)

    def three(a, b, c):
        return function(a, b, c)

    return (one, two, three)[count - 1]


@pytest.mark.parametrize(("function", "args", "expected"), [(f, args, bars) for f, args, *bars in [*CHOICES, *POWERS]])
def test_derivatives_at_kinks(function: Callable[..., Any], args: tuple[Any, ...], expected: list[Any]) -> None:
    check(kernel_of(function, len(args)), args, *expected)


# What isn't taken contributes nothing


def taken_in_one_expression(x):
    return np.sum(np.where(x > 0, np.log(x), 0.0))


def taken_from_a_name(x):
    y = np.log(x)
    return np.sum(np.where(x > 0, y, 0.0))


def taken_by_a_loop(x):
    total = 0.0
    for i in range(x.shape[0]):
        y = 1.0 / x[i]
        if x[i] > 0:
            total -= math.log(y)
    return total


def taken_by_a_maximum(x):
    return np.sum(np.maximum(np.log(x), -5.0)) * 1.0


@pytest.mark.parametrize(
    "kernel",
    [taken_in_one_expression, taken_from_a_name, taken_by_a_loop, taken_by_a_maximum],
    ids=lambda k: k.__name__,
)
def test_the_side_that_isnt_taken_contributes_nothing(kernel: Callable[..., Any]) -> None:
    check(kernel, ([2.0, 0.0],), [0.5, 0.0])


@pytest.mark.parametrize("function", [math.sqrt, math.log])
def test_numbers_that_arent_taken_contribute_nothing(function: Callable[..., Any]) -> None:
    def where(x):
        return np.where(x > 0, function(x), 3.0 * x)

    def conditional(x):
        y = np.sqrt(x) if function is math.sqrt else np.log(x)
        return y if x > 0 else 3.0 * x

    check(where, (0.0,), 3.0)
    check(conditional, (0.0,), 3.0)


def test_a_total_that_isnt_taken_contributes_nothing() -> None:
    def mean_or_nothing(x, count):
        total = 0.0
        for i in range(x.shape[0]):
            total += x[i]
        mean = total / count
        return mean if count > 0.0 else 0.0

    check(mean_or_nothing, ([1.0, 2.0], 0.0), [0.0, 0.0], 0.0)
    check(mean_or_nothing, ([1.0, 2.0], 2.0), [0.5, 0.5], -0.75)


def test_an_overflow_that_is_replaced_contributes_nothing() -> None:
    check(lambda x: np.sum(np.nan_to_num(np.exp(x))), ([0.0, 1000.0],), [1.0, 0.0])
    check(lambda x: np.nan_to_num(1.0 / x, posinf=7.0), (0.0,), 0.0)


def test_products_with_an_overflow_that_is_replaced_contribute_nothing() -> None:
    check(lambda x: np.minimum(np.exp(1000.0 * x) * x, 5.0), (1.0,), 0.0)
    check(lambda x: np.where(x > 700.0, x, x * np.exp(x) / (1.0 + np.exp(x))), (1000.0,), 1.0)


def squares_of_what_there_is(w, y):
    return np.nansum((y - w) ** 2)


def squares_in_a_loop(w, y):
    total = 0.0
    for i in range(y.shape[0]):
        square = (y[i] - w) ** 2
        total += square if math.isfinite(square) else 0.0
    return total


def squares_without_gaps(w, y):
    squares = (y - w) * (y - w)
    squares[~np.isfinite(squares)] = 0.0
    return np.sum(squares)


def squares_that_equal_themselves(w, y):
    squares = (y - w) * (y - w)
    return np.sum(np.where((squares == squares) & (squares < 1e300), squares, 0.0))


MISSING = [squares_in_a_loop, squares_without_gaps, squares_that_equal_themselves]


@pytest.mark.parametrize("kernel", MISSING, ids=lambda k: k.__name__)
def test_missing_data_contribute_nothing(kernel: Callable[..., Any]) -> None:
    check(kernel, (1.0, [1.5, NAN, INF, 3.0]), -5.0, [1.0, 0.0, 0.0, 4.0])


def test_sums_and_means_that_skip_missing_data() -> None:
    check(squares_of_what_there_is, (1.0, [1.5, NAN, 3.0]), -5.0, [1.0, 0.0, 4.0])
    check(lambda w, y: np.nanmean(w * y), (3.0, [1.5, NAN, 3.5]), 2.5, [1.5, 0.0, 1.5])
    check(lambda w, y: np.sum(np.nan_to_num(w * y)), (3.0, [1.5, NAN]), 1.5, [3.0, 0.0])


def test_what_nothing_reads_of_an_array_contributes_nothing() -> None:
    check(lambda x: np.max(np.sqrt(x)) + np.sort(np.sqrt(x))[1], ([0.0, 4.0],), [0.0, 0.5])

    def behind_the_first(x):
        roots = np.empty(x.shape[0])
        for i in range(x.shape[0]):
            roots[i] = math.sqrt(x[i])
        return np.sum(roots[1:] * roots[1:])

    check(behind_the_first, ([0.0, 4.0],), [0.0, 1.0])


def test_zero_seeds_and_directions_stay_zero_beside_a_pole() -> None:
    def roots(x):
        return np.sqrt(x)

    with uncompiled(), np.errstate(all="ignore"):
        for jacobian in (jitad.jacfwd(roots), jitad.jacrev(roots)):
            np.testing.assert_array_equal(jacobian(np.array([0.0, 4.0])), [[INF, 0.0], [0.0, 0.25]])


def test_second_derivatives_pass_guarded_products() -> None:
    def kernel(x):
        y = np.log(x) * np.sqrt(x)
        return np.sum(np.where(x > 0.5, y * y, 0.0))

    from jitad.testing import check_grads

    with uncompiled():
        check_grads(kernel, (np.array([0.1, 0.9, 2.0]),), order=3)


# Scatters with repeated indices


def overwritten(x):
    a = np.zeros(3)
    a[np.array([0, 1, 0])] = x
    return a[0] * 2.0 + a[1]


def added_once(x):
    a = np.ones(3)
    a[np.array([0, 1, 0])] += x
    return a[0] ** 2 + a[1]


def added_in_a_loop(x):
    a = np.ones(3)
    places = np.array([0, 1, 0])
    for k in range(3):
        a[places[k]] += x[k]
    return a[0] ** 2 + a[1]


def scaled_once(x):
    a = x.copy()
    a[np.array([0, 1, 0])] *= 2.0
    return a[0] ** 2 + a[1]


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (overwritten, [0.0, 1.0, 2.0]),
        (added_once, [0.0, 1.0, 8.0]),
        (added_in_a_loop, [10.0, 1.0, 10.0]),
        (scaled_once, [8.0, 2.0, 0.0]),
    ],
)
def test_scatters_with_repeated_indices(kernel: Callable[..., Any], expected: list[float]) -> None:
    check(kernel, ([1.0, 2.0, 3.0],), expected)


# Compiled


def test_compiled_kinks() -> None:
    x = np.array([2.0, 0.0])
    np.testing.assert_array_equal(jitad.grad(taken_from_a_name)(x), [0.5, 0.0])
    np.testing.assert_array_equal(jitad.grad(taken_by_a_loop)(x), [0.5, 0.0])
    np.testing.assert_array_equal(jitad.grad(squares_without_gaps)(1.0, np.array([1.5, NAN, INF, 3.0])), -5.0)
    np.testing.assert_array_equal(jitad.grad(lambda x: np.sort(x)[2])(np.array([3.0, 3.0, 1.0, 3.0])), [0, 1, 0, 0])


def test_compiled_jacobians_beside_a_pole() -> None:
    def roots(x):
        y = np.log(x)
        return np.where(x > 0, np.sqrt(x) * y, 0.0) + np.sqrt(x)

    x = np.array([0.0, 1.0, 4.0])
    expected = np.diag([INF, 1.5, (math.log(4.0) + 2.0) / 4.0 + 0.25])
    for jacobian in (jitad.jacfwd(roots), jitad.jacrev(roots)):
        np.testing.assert_allclose(jacobian(x), expected, rtol=1e-14)
