"""Derivative functions called from the user's compiled code: types of arguments and results, tapes, and errors."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numba import njit, types
from numba.core.errors import TypingError

import jitad
from jitad.errors import ShapeMismatchError, SharedMemoryError
from tests.api.compiled_calls import call, same

WEIGHTS = np.array([1.0, 2.0, 3.0])


class Pair(NamedTuple):
    array: Any
    number: Any


class TooLarge(Exception):
    pass


def cube(x):
    return x * x * x


def square(x):
    return x * x


def power(x, y=2.0, n=3):
    return y * x**n


def recurrence(x, n):
    s = 1.0
    flips = 0
    for i in range(n):
        if s > 0.95:
            s = np.sin(s * x[i % x.size] + 1.0)
        else:
            s = s + x[0]
            flips += 1
    return s, (s * x, flips, None, "ok", s > 0.0, x > 0.5, np.outer(x, x).astype(np.float32))


def structured(p, t):
    return np.sum(p.array * t[0]) * p.number + t[1][0] ** 2


def checked(x):
    if x > 3.0:
        raise TooLarge("too large", 3)
    if x > 2.0:
        raise ValueError("large")
    assert x > 0.0, "negative"
    return x * x


def overwrites(a, b):
    a[0] = 2.0 * b[1]
    return np.sum(a * a * b[0])


def selected(x, how="sum"):
    return np.sum(x) if how == "sum" else np.sum(x * x)


cube_grad = jitad.grad(cube)


def test_numbers() -> None:
    gradient = jitad.value_and_grad(power)
    for x, n in ((np.float32(1.5), 3), (1.5, np.int8(2)), (1.5, True)):
        value, slope = gradient(x, 2.0, n)
        found = call(gradient, x, 2.0, n)
        assert found[0] == pytest.approx(float(value))
        assert found[1] == pytest.approx(float(slope))


@pytest.mark.parametrize("layout", ["C", "F", "A", "read-only", "empty", "0-d"])
def test_arrays(layout: str) -> None:
    def kernel(a):
        return np.sum(a * a * a) if a.ndim else np.sin(a[()])

    base = np.arange(24.0).reshape(4, 6)
    array = {
        "C": base,
        "F": np.asfortranarray(base),
        "A": base[::2, ::-2],
        "read-only": base.copy(),
        "empty": base[:0],
        "0-d": np.array(3.0),
    }[layout]
    array.setflags(write=layout != "read-only")
    gradient = jitad.grad(kernel)
    found, expected = call(gradient, array), gradient(array)
    same(found, expected)
    assert found.flags.f_contiguous == expected.flags.f_contiguous
    assert found.flags.owndata or found.base is not None
    np.testing.assert_array_equal(base, np.arange(24.0).reshape(4, 6))


def test_structures() -> None:
    gradient = jitad.value_and_grad(structured, argnums=(0, 1))
    args = (Pair(np.arange(3.0), 2.0), (np.ones(3), (3.0,)))
    same(call(gradient, *args), gradient(*args))


def test_aux_and_copies_of_results() -> None:
    x = np.array([0.3, 0.7, 0.2])
    for make in (jitad.grad, jitad.value_and_grad):
        gradient = make(recurrence, has_aux=True)
        first, second = call(gradient, x, 5), call(gradient, x, 4)
        same(first, gradient(x, 5))
        same(second, gradient(x, 4))


def test_tapes_of_all_dtypes_grow_and_are_remembered() -> None:
    gradient = jitad.grad(recurrence, has_aux=True)
    x = np.array([0.3, 0.7, 0.2])
    for n in (10, 100_000, 10, 1000):
        same(call(gradient, x, n), gradient(x, n))


def test_captured_arrays_are_frozen() -> None:
    weights = WEIGHTS.copy()

    def weighted(x):
        weights[0] = weights[0] * 1.0
        return np.sum(weights * x * x)

    gradient = jitad.grad(weighted)

    @njit
    def solve(x):
        return gradient(x)

    np.testing.assert_array_equal(solve(WEIGHTS), [2.0, 8.0, 18.0])
    weights[1] = 0.0
    np.testing.assert_array_equal(solve(WEIGHTS), [2.0, 8.0, 18.0])
    np.testing.assert_array_equal(gradient(WEIGHTS), [2.0, 0.0, 18.0])


def test_functions_and_literals_as_arguments() -> None:
    by_function = jitad.grad(lambda x, function: function(x) * x)
    by_how = jitad.grad(selected)
    squared = njit(square)

    @njit
    def calls(x):
        first = by_how(x)
        return (
            first,
            by_how(x, "squares"),
            by_how(x, how="squares"),
            by_function(2.0, squared),
            by_function(0.0, np.sin),
        )

    x = np.arange(3.0)
    same(calls(x), (np.ones(3), 2.0 * x, 2.0 * x, 12.0, 0.0))


# Errors


@pytest.mark.parametrize(
    ("argument", "reason", "remedy"),
    [
        (2, "argument 0 of 'cube' is a number of dtype int64", "pass a float"),
        (np.arange(3), "is an array of dtype int64", r"x\.astype\(float\)"),
        (np.arange(3.0), "'cube' returns an array of dtype float64", "jitad.vjp"),
        ("abc", "argument 0 of 'cube' is 'abc'", "pass a float"),
        (np.ones(2, np.complex64), "'cube' returns an array of complex numbers", "z.real or abs"),
        (numba.typed.List([1.0]), "argument 0 has the Numba type ListType", "in an array or in a tuple"),
        ((1.0, numba.typed.Dict.empty(types.int64, types.int64)), r"argument 0\[1\] has the Numba type", "named tuple"),
    ],
)
def test_arguments_without_a_derivative(argument: Any, reason: str, remedy: str) -> None:
    @njit
    def solve(x):
        return cube_grad(x)

    with pytest.raises(TypingError, match=f"(?s){reason}.*What to do: .*{remedy}"):
        solve(argument)


def test_what_cannot_be_read() -> None:
    def opens(x):
        return open(x)  # noqa: PTH123

    message = r"(?s)A kernel can't call open.*test_in_njit_types\.py.*What to do: read the file"
    with pytest.raises(TypingError, match=message):
        call(jitad.grad(opens), 1.0)


def test_exceptions_of_the_kernel() -> None:
    gradient = jitad.grad(checked)
    assert call(gradient, 1.0) == 2.0
    with pytest.raises(ValueError, match=r"^large$"):
        call(gradient, 2.5)
    with pytest.raises(TooLarge) as caught:
        call(gradient, 4.0)
    assert caught.value.args == ("too large", 3)
    with pytest.raises(AssertionError, match="negative"):
        call(gradient, -1.0)


def test_shared_memory() -> None:
    gradient = jitad.grad(overwrites, argnums=(0, 1))
    x = np.arange(6.0)
    same(call(gradient, x[:3], x[3:]), gradient(x[:3], x[3:]))
    with pytest.raises(SharedMemoryError, match=r"(?s)'a' and 'b' share memory.*b\.copy\(\)"):
        call(gradient, x[:4], x[2:])
    with pytest.raises(SharedMemoryError):
        call(gradient, x[::2], x[1::2])
    np.testing.assert_array_equal(x, np.arange(6.0))


def test_broadcasting_along_an_axis_of_length_one_must_be_visible() -> None:
    gradient = jitad.grad(lambda a, b: np.sum(a * b))
    with pytest.raises(ShapeMismatchError, match="don't fit together"):
        call(gradient, np.ones((3, 1)), np.ones((1, 2)))


def test_options_of_the_caller_stay_with_the_caller() -> None:
    """``fastmath`` is the kernel's own choice: (x + 1e20) - 1e20 isn't x."""
    gradient = jitad.value_and_grad(lambda x: ((x + 1e20) - 1e20) * x)

    @njit(fastmath=True)
    def solve(x):
        return gradient(x)

    assert solve(2.0) == gradient(2.0)
    assert math.copysign(1.0, solve(2.0)[0]) == 1.0
