"""Derivative functions called from the user's compiled code, as plain compiled functions are."""

from __future__ import annotations

import functools
import math
import threading
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numba import cfunc, float64, guvectorize, njit, prange, types, vectorize
from numba.core.errors import TypingError
from numba.experimental import jitclass

import jitad
from jitad.errors import ShapeMismatchError, SharedMemoryError

pytestmark = pytest.mark.filterwarnings("ignore:First-class function type feature is experimental")

FUNCTION = types.FunctionType(float64(float64))
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
    return s, (s * x, flips, None, "ok", s > 0.0)


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


cube_grad, square_grad = jitad.grad(cube), jitad.grad(square)
both = (cube_grad, square_grad)


@njit
def call(function, *args):
    return function(*args)


def same(found: Any, expected: Any) -> None:
    """Assert that two results have the same structure and the same numbers (to rounding)."""
    if isinstance(expected, tuple):
        assert type(found) is type(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    elif isinstance(expected, float | np.floating):
        assert found == pytest.approx(expected, rel=1e-14)
    else:
        assert found is expected or found == expected


# Where a function may stand


def test_global_closure_argument_and_tuple() -> None:
    inside = jitad.grad(square)

    @njit
    def everywhere(function, functions, x):
        return cube_grad(x), inside(x), function(x), both[0](x), both[1](x), functions[0](x), functions[1](x)

    assert everywhere(square_grad, both, 2.0) == (12.0, 4.0, 4.0, 12.0, 4.0, 12.0, 4.0)


def test_one_of_two_functions() -> None:
    @njit
    def choose(is_cube, x):
        function = cube_grad if is_cube else square_grad
        return function(x)

    assert (choose(True, 2.0), choose(False, 2.0)) == (12.0, 4.0)


def test_declared_function_types() -> None:
    checked_grad = jitad.grad(checked)

    @njit(float64(FUNCTION, float64))
    def apply(function, x):
        return function(x)

    @jitclass([("function", FUNCTION)])
    class Holder:
        def __init__(self, function):
            self.function = function

        def at(self, x):
            return self.function(x)

    assert (apply(cube_grad, 2.0), apply(square_grad, 2.0)) == (12.0, 4.0)
    assert Holder(cube_grad).at(2.0) == 12.0
    with pytest.raises(ValueError, match="large"):
        apply(checked_grad, 2.5)


def test_keywords_and_defaults() -> None:
    by_x, by_last = jitad.grad(power), jitad.grad(power, argnums=-1)

    @njit
    def calls(x):
        return by_x(x), by_x(x, 3.0), by_x(x, n=2), by_x(y=4.0, x=x), by_x(x, 3.0, 1), by_last(x), by_last(x, 5.0)

    x = 2.0
    expected = (by_x(x), by_x(x, 3.0), by_x(x, n=2), by_x(y=4.0, x=x), by_x(x, 3.0, 1), by_last(x), by_last(x, 5.0))
    same(calls(x), expected)


def test_kinds_of_kernels() -> None:
    class Scale:
        def __init__(self) -> None:
            self.k = 3.0

        def scaled(self, x):
            return self.k * x * x

        @jitad.grad
        def slope(self, x):
            return self.k * x * x

    def starred(x, *rest):
        for value in rest:
            x = x * value
        return x

    def named(x, *, k=2.0):
        return k * x * x

    scale = Scale()
    kernels = [scale.scaled, lambda x: x * x, njit(fastmath=True)(square), functools.partial(power, n=2)]
    a, b, c, d = [jitad.grad(kernel) for kernel in kernels]
    e, f, g = scale.slope, jitad.grad(starred), jitad.grad(named)

    @njit
    def calls(x):
        return a(x), b(x), c(x), d(x), e(x), f(x, 2.0, 5.0), f(x), g(x), g(x, k=1.0)

    assert calls(2.0) == (12.0, 4.0, 4.0, 8.0, 12.0, 10.0, 1.0, 8.0, 4.0)


def test_parallel_loops_threads_and_recursion() -> None:
    gradient = jitad.value_and_grad(recurrence, has_aux=True)
    x = np.array([0.3, 0.7, 0.2])
    expected = gradient(x, 2000)[1]

    @njit(parallel=True)
    def in_parallel(x, count):
        out = np.empty((count, x.size))
        for i in prange(count):
            out[i] = gradient(x, 2000)[1]
        return out

    @njit(nogil=True)
    def steps(x, count):
        return x if count == 0 else steps(x - 0.1 * cube_grad(x), count - 1)

    np.testing.assert_allclose(in_parallel(x, 8), np.tile(expected, (8, 1)), rtol=1e-14)
    found: list[float] = []
    threads = [threading.Thread(target=lambda: found.append(steps(1.0, 100))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    point = 1.0
    for _ in range(100):
        point -= 0.1 * 3.0 * point * point
    assert found == [pytest.approx(point)] * 4


def test_ufuncs_and_callbacks() -> None:
    @vectorize([float64(float64)])
    def elementwise(x):
        return cube_grad(x)

    @cfunc(float64(float64))
    def callback(x):
        return cube_grad(x)

    @guvectorize([(float64[:], float64[:])], "(n)->(n)")
    def along(x, out):
        for i in range(x.size):
            out[i] = square_grad(x[i])

    x = np.arange(3.0)
    np.testing.assert_array_equal(elementwise(x), [0.0, 3.0, 12.0])
    np.testing.assert_array_equal(along(x), [0.0, 2.0, 4.0])
    assert callback.ctypes(2.0) == 12.0


# Types


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
        (1j, "argument 0 has the Numba type complex128", "pass numbers"),
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

    message = r"(?s)A kernel can't call open.*test_in_njit\.py.*What to do: read the file"
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
