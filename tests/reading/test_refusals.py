"""What can't be read is refused with the place, the reason and a remedy."""

from __future__ import annotations

import math
import os

import numba
import numpy as np
import pytest

import jitad.errors as e
from tests.reading.driver import read, run


def trying(x):
    try:
        y = x
    except ValueError:
        y = 1.0
    return y


def undefined(x):
    return nowhere + x  # noqa: F821


@numba.vectorize(["float64(float64)"])
def halved(x):
    return x / 2.0


@numba.guvectorize(["void(float64[:], float64[:])"], "(n)->(n)")
def doubled(x, out):
    for i in range(x.shape[0]):
        out[i] = 2.0 * x[i]


def vectorized_of_two(x):
    return halved(x, x, x)


def vectorized_reduction(a):
    return halved.reduce(a)


def generalized_without_its_result(a):
    return np.sum(doubled(a))


def generalized_with_too_few_axes(x):
    return doubled(x, x)


def generalized_of_another_type(a):
    out = np.empty(a.shape[0])
    doubled(a.astype(np.float32), out)
    return out[0]


def recursive(x):
    return recursive(x - 1) * x if x > 0 else 1.0


def printing(x):
    return [print(x), x][1]


def two_kinds(x):
    if x > 0:
        r = (x, 1)
    else:
        r = x
    return r


def global_write(x):
    global WRITTEN
    WRITTEN = x


def growing_list(x, n):
    values = []
    for _ in range(n):
        values.append(x)
    return values


def array_truth(a):
    if a:
        return 1.0
    return 2.0


def complex_order(x):
    return x if x < 1j else 0.0


def forgotten_return(x):
    if x > 0:
        return 1.0


def generator(x):
    yield x


def changed_beside(a):
    def bump(b):
        b[0] = 7.0
        return 1.0

    return np.sum(a * 2 + bump(a))


def two_functions(x, n):
    f = lambda z: z  # noqa: E731
    if n > 2:
        f = lambda z: 2 * z  # noqa: E731
    return f(x)


def unreadable(x):
    return os.getpid() + x


def attribute_write(x):
    x.y = 1.0


def wrong_unpacking(x):
    a, b, c = (x, x)
    return a + b + c


def too_many(x):
    return printing(x, x)


def zero_step(n):
    s = 0.0
    for _ in range(0, n, 0):
        s += 1.0
    return s


def summing_by_name(x):
    return np.einsum("i,i->", x, x)


ONE = np.ones(2)


@pytest.mark.parametrize(
    ("kernel", "args", "error", "part"),
    [
        (trying, (1.0,), e.UnsupportedSyntaxError, "try statement"),
        (undefined, (1.0,), e.KernelNameError, "'nowhere' is not defined"),
        (vectorized_of_two, (1.0,), e.KernelTypeError, "takes arguments: 1, and gets 3"),
        (vectorized_reduction, (ONE,), e.UnsupportedCallError, "halved.reduce isn't one"),
        (generalized_without_its_result, (ONE,), e.KernelTypeError, "takes 2 arguments in a kernel, its results among"),
        (generalized_with_too_few_axes, (1.0,), e.KernelTypeError, "too few axes for (n)->(n)"),
        (generalized_of_another_type, (ONE,), e.KernelTypeError, "no signature with float32 as argument 1"),
        (recursive, (1.0,), e.RecursionRefusedError, "calls itself"),
        (printing, (1.0,), e.UnsupportedCallError, "print inside an expression"),
        (two_kinds, (1.0,), e.KernelTypeError, "'r' is a tuple of 2 on one path and a number"),
        (global_write, (1.0,), e.UnsupportedSyntaxError, "global statement"),
        (growing_list, (1.0, 2), e.KernelTypeError, "return an array of it"),
        (array_truth, (ONE,), e.KernelTypeError, "truth of an array"),
        (complex_order, (1.0,), e.UnsupportedCallError, "lt isn't defined for complex numbers"),
        (forgotten_return, (1.0,), e.KernelTypeError, "None on another"),
        (generator, (1.0,), e.UnsupportedSyntaxError, "generator"),
        (changed_beside, (ONE,), e.KernelTypeError, "a name on a line of its own"),
        (two_functions, (1.0, 3), e.KernelTypeError, "function"),
        (unreadable, (1.0,), e.UnsupportedCallError, "os.getpid"),
        (summing_by_name, (ONE,), e.UnsupportedCallError, "np.einsum"),
        (attribute_write, (1.0,), e.UnsupportedSyntaxError, "attribute ('y')"),
        (wrong_unpacking, (1.0,), e.KernelValueError, "2 values can't be unpacked into 3 names"),
        (too_many, (1.0,), e.UnsupportedCallError, "takes 1 positional arguments and gets 2"),
        (zero_step, (2,), e.KernelValueError, "step of zero"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_message_tells_the_place_and_the_remedy(kernel, args, error, part):
    with pytest.raises(error) as caught:
        read(kernel, *args)
    message = str(caught.value)
    assert part in message
    assert f'File "{__file__}", line' in message
    assert "^" in message
    assert caught.value.remedy
    assert caught.value.origin.line >= kernel.__code__.co_firstlineno


def failing(x):
    raise ZeroDivisionError("always")


def test_a_kernel_that_always_raises_raises_its_own_exception():
    with pytest.raises(ZeroDivisionError, match="always"):
        run(failing, 1.0)


def test_a_function_without_source():
    namespace = {}
    exec("def f(x):\n    return x", namespace)
    with pytest.raises(e.SourceUnavailableError, match="can't be found"):
        read(namespace["f"], 1.0)


def test_a_callable_that_is_not_python():
    with pytest.raises(e.UnsupportedCallError, match="isn't a Python function"):
        read(math.ulp, 1.0)
