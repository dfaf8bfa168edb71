"""What the api refuses, and what its messages say."""

from __future__ import annotations

import re

import numpy as np
import pytest

import jitad


def square(x):
    return x * x


def inplace(x, y):
    for i in range(x.shape[0]):
        x[i] = x[i] * y[i]
    return x[0]


def refused(error: type[Exception], *parts: str):
    return pytest.raises(error, match="(?s)" + ".*".join(map(re.escape, parts)))


def test_integer_argument():
    with refused(jitad.ArgumentError, "argument 0 of 'square'", "dtype int64", "pass a float (2.0, not 2)"):
        jitad.grad(square)(2)
    with refused(jitad.ArgumentError, "argument 0 of 'square'", "an array of dtype int64", "x.astype(float)"):
        jitad.grad(square)(np.arange(3))
    with pytest.raises(TypeError):
        jitad.grad(square)(True)


def test_integer_part_of_an_argument():
    def f(p):
        return p["x"] ** p["n"]

    with refused(jitad.ArgumentError, "argument 0['n'] of 'f'", "int64", "pass it as a separate argument"):
        jitad.grad(f)({"x": 2.0, "n": 3})
    with refused(jitad.ArgumentError, "argument 0['k'] of 'f'", "is 'abc'"):
        jitad.grad(f)({"x": 2.0, "k": "abc"})


def test_static_or_empty_argument():
    with refused(jitad.ArgumentError, "argument 0 of 'square' is None"):
        jitad.grad(square)(None)
    with refused(jitad.ArgumentError, "holds no number and no array"):
        jitad.grad(square)(())


def test_argnums():
    with refused(jitad.ArgumentError, "argnums=1 asks for argument 1", "'square' gives 1 positional argument"):
        jitad.grad(square, argnums=1)(2.0)
    with refused(jitad.ArgumentError, "argnums=-2"):
        jitad.grad(square, argnums=-2)(2.0)
    with refused(jitad.ArgumentError, "argnums=(0, -1)", "twice"):
        jitad.grad(square, argnums=(0, -1))(2.0)
    for wrong in ("x", 1.0, (), (0, "x"), True, None):
        with refused(jitad.ArgumentError, f"argnums={wrong!r} isn't a position"):
            jitad.grad(square, argnums=wrong)


def test_not_a_function():
    with refused(jitad.ArgumentError, "A function was expected", "3.0", "not the result of a call"):
        jitad.grad(3.0)
    with refused(jitad.ArgumentError, "A function was expected"):
        jitad.vjp(3.0, 1.0)


@pytest.mark.parametrize(
    ("argument", "parts"),
    [
        (np.clongdouble(2 + 1j), ("a number of dtype complex256", "float64", "complex128")),
        (np.zeros(2, np.clongdouble), ("an array of dtype complex256",)),
        (np.zeros(2, ">c16"), (">c16", "newbyteorder")),
        (np.zeros(2, "f2"), ("float16",)),
        (np.zeros(2, object), ("object",)),
        (np.zeros(2, ">f8"), (">f8", "newbyteorder")),
        (np.ma.zeros(2), ("MaskedArray", "np.asarray")),
        ({1, 2}, ("a set, which a kernel can't take",)),
        ({1.5: 2.0}, ("the key 1.5",)),
        (2**70, ("doesn't fit in 64 bits",)),
    ],
)
def test_foreign_arguments(argument, parts):
    with refused(jitad.ArgumentError, "argument 0 ", *parts):
        jitad.grad(square)(argument)


def test_non_scalar_results():
    def array(x):
        return x * x

    def pair(x):
        return x, x

    def truth(x):
        return x > 0

    def nothing(x):
        pass

    def several(x):
        return {"a": x, "b": x}

    for f, x, what in (
        (array, np.ones(2), "'array' returns an array of dtype float64 with 1 axis"),
        (pair, 1.0, "'pair' returns a tuple of 2"),
        (truth, 1.0, "'truth' returns a number of dtype bool"),
        (nothing, 1.0, "'nothing' returns None"),
        (several, 1.0, "'several' returns a dict of 2"),
    ):
        with refused(jitad.NonScalarResultError, what, __file__, f"def {f.__name__}", "jitad.vjp"):
            jitad.grad(f)(x)
    with refused(jitad.NonScalarResultError, "has_aux=True asks for a pair"):
        jitad.grad(square, has_aux=True)(1.0)


def test_shared_memory():
    x = np.arange(1.0, 5.0)
    g = jitad.grad(inplace)
    with refused(jitad.SharedMemoryError, "'x' and 'y' share memory, and 'inplace' writes to 'x'", "y.copy()"):
        g(x, x)
    with pytest.raises(ValueError, match="share memory"):
        g(x[:3], x[1:])
    assert np.array_equal(g(x[::2], x[1::2]), [2.0, 0.0])  # neighbours, but no element in common
    assert np.array_equal(x, np.arange(1.0, 5.0))


def test_read_arguments_may_share_memory():
    def dot(x, y):
        return np.sum(x * y)

    x = np.arange(3.0)
    assert np.array_equal(jitad.grad(dot)(x, x), x)


def test_wrong_arguments():
    with refused(jitad.UnsupportedCallError, "square() takes 1 positional arguments and gets 2", "def square(x)"):
        jitad.grad(square)(1.0, 2.0)
    with refused(jitad.ArgumentError, "the parameters of 'square': missing a required argument: 'x'"):
        jitad.grad(square)()
    with refused(jitad.ArgumentError, "the parameters of 'square': got an unexpected keyword argument 'wrong'"):
        jitad.grad(square)(1.0, wrong=2.0)


def test_derivatives_in_kernels():
    def pulled(x):
        return jitad.vjp(square, x)[0]

    with refused(jitad.UnsupportedCallError, "'jitad.vjp' can't be called in a kernel", __file__, "use jitad.grad"):
        jitad.grad(pulled)(1.0)


def test_cotangents_that_do_not_fit():
    def f(x):
        return 2 * x, {"s": x[0], "n": x.shape[0]}

    x = np.ones(3)
    _, pullback = jitad.vjp(f, x)
    good = {"s": 1.0, "n": None}
    for cotangent, parts in (
        (x, ("the cotangent for the pullback of 'f'", "expected a tuple of 2")),
        ((np.ones(2), good), ("the cotangent[0]", "shape (2,)", "expected an array of dtype float64 and shape (3,)")),
        ((np.ones(3, "f4"), good), ("the cotangent[0]", "dtype float32", "expected an array of dtype float64")),
        ((1.0, good), ("the cotangent[0]", "is 1.0")),
        ((x, {"s": 1.0}), ("the cotangent[1]", "expected a dict with the keys ['s', 'n']")),
        ((x, {"s": x, "n": None}), ("the cotangent[1]['s']", "expected a number of dtype float64")),
        (
            (x, {"s": 1.0, "n": 3}),
            ("the cotangent[1]['n']", "is 3", "expected None, since the value there is of dtype int64"),
        ),
    ):
        with refused(jitad.ArgumentError, *parts):
            pullback(cotangent)
    assert np.array_equal(pullback((x, good))[0], [3.0, 2.0, 2.0])
