"""Arguments taken apart along ``in_axes``, and results put together along ``out_axes``."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import pytest

import jitad
from jitad.errors import ArgumentError

X = np.arange(12.0).reshape(3, 4)


class Pair(NamedTuple):
    a: np.ndarray
    b: float


def weighted(x, w):
    return np.sum(w * x)


def test_axes_of_arguments():
    expected = X @ np.arange(4.0)
    w = np.arange(4.0)
    ws = np.stack((w, w, w), axis=1)
    np.testing.assert_array_equal(jitad.batch(weighted, in_axes=(0, None))(X, w), expected)
    np.testing.assert_array_equal(jitad.batch(weighted, in_axes=(1, None))(X.T, w), expected)
    np.testing.assert_array_equal(jitad.batch(weighted, in_axes=(-2, -1))(X, ws), expected)
    np.testing.assert_array_equal(jitad.batch(weighted)(X[:, ::2], ws.T[:, ::2]), (X * w)[:, ::2].sum(axis=1))


@pytest.mark.parametrize("given", [X, np.asfortranarray(X), np.stack((X, X), axis=-1)[..., 0], X.astype(np.float32)])
def test_layouts_and_dtypes(given):
    found = jitad.batch(lambda x: 2 * x)(given)
    np.testing.assert_array_equal(found, 2 * given)
    assert found.dtype == given.dtype


def test_arguments_that_cannot_be_written_to():
    x = X.copy()
    x.setflags(write=False)
    np.testing.assert_array_equal(jitad.batch(lambda x: x[0] + x[1])(x), X[:, 0] + X[:, 1])
    np.testing.assert_array_equal(jitad.batch(weighted, in_axes=(0, None))(X, x[0]), X @ X[0])


def test_structures():
    def kernel(pair, options):
        return {"p": Pair(pair.a * options["k"], pair.b), "rest": (options["n"], None)}

    pairs = Pair(X, np.arange(3.0))
    found = jitad.batch(kernel, in_axes=((0, 0), {"k": None, "n": 0}))(pairs, {"k": 2.0, "n": np.arange(3)})
    assert type(found["p"]) is Pair
    np.testing.assert_array_equal(found["p"].a, 2 * X)
    np.testing.assert_array_equal(found["p"].b, np.arange(3.0))
    np.testing.assert_array_equal(found["rest"][0], np.arange(3))
    assert found["rest"][1] is None


def test_axes_of_results():
    def kernel(x):
        return x[0], {"twice": 2 * x, "count": 3}

    first, rest = jitad.batch(kernel, out_axes=(0, {"twice": -1, "count": 0}))(X)
    np.testing.assert_array_equal(first, X[:, 0])
    np.testing.assert_array_equal(rest["twice"], 2 * X.T)
    np.testing.assert_array_equal(rest["count"], [3, 3, 3])


def test_keywords_and_defaults():
    def kernel(x, power=2, scale=1.0):
        return scale * x**power

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(jitad.batch(kernel)(x), x**2)
    np.testing.assert_array_equal(jitad.batch(kernel)(x, scale=np.array([1.0, 3.0])), [1.0, 12.0])
    np.testing.assert_array_equal(jitad.batch(functools.partial(kernel, power=3))(x), x**3)


def test_numbers_and_arrays_of_all_kinds():
    given = (np.arange(3), np.array([True, False, True]), np.arange(3, dtype=np.int32), np.arange(3) + 1j, X + 2j)
    found = jitad.batch(lambda *args: args)(*given)
    for one, other in zip(found, given, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_complex_numbers_and_arrays():
    z, w = np.array([1 + 1j, 2.0, 3j]), (X + 1j * X[::-1]).astype(np.complex64)

    def kernel(z, w):
        return z * z, w * z, abs(z)

    square, product, size = jitad.batch(kernel)(z, w)
    np.testing.assert_array_equal(square, z * z)
    np.testing.assert_allclose(product, w * z[:, None])
    np.testing.assert_allclose(size, abs(z))


def test_an_array_captured_by_the_kernel_is_seen_as_it_is():
    scale = np.array([1.0, 2.0, 3.0, 4.0])
    batched = jitad.batch(jitad.grad(lambda x: np.sum(scale * x)))
    np.testing.assert_array_equal(batched(X), np.tile(scale, (3, 1)))
    scale[:] = 5.0
    np.testing.assert_array_equal(batched(X), np.full((3, 4), 5.0))


def test_the_result_of_one_sample_has_the_axis():
    assert jitad.batch(lambda x: x * x)(np.array([3.0])).shape == (1,)
    assert jitad.batch(lambda x: x * x)(np.ones((1, 0))).shape == (1, 0)


def refused(message, function, *args, **options):
    with pytest.raises(ArgumentError, match=message):
        jitad.batch(function, **options)(*args)


def test_refused_axes():
    refused(r"in_axes has 1 entry, and the call gives 2 positional arguments", weighted, X, X, in_axes=(0,))
    refused(r"argument 1 is the number 2.0, and in_axes gives it the axis 0", weighted, X, 2.0)
    refused(r"argument 0\['w'\]\[1\] is the number 2.0", lambda d: d, {"w": (X, 2.0)})
    refused(r"argument 0 is an array .* shape \(3, 4\), and in_axes gives it the axis 2", np.sum, X, in_axes=2)
    refused(r"in_axes has \(0, 0\) for argument 0, which is an array", np.sum, X, in_axes=((0, 0),))
    refused(r"in_axes has \(0,\) for argument 0, which is a tuple of 2", lambda t: t, (X, X), in_axes=((0,),))
    refused(r"in_axes has \{'b': 0\} for argument 0, which is a dict of 1", lambda d: d, {"a": X}, in_axes=({"b": 0},))
    refused(r"in_axes is a dict", lambda d: d, {"a": X}, in_axes={"a": 0})
    refused(r"in_axes holds 'x', which isn't an axis", np.sum, X, in_axes="x")
    refused(r"in_axes holds True, which isn't an axis", np.sum, X, in_axes=(True,))


def test_refused_samples():
    refused(r"argument 0, an array .* shape \(0, 4\), holds no sample along axis 0", np.sum, X[:0])
    refused(r"argument 1, .*, holds 4 samples along axis 0, and argument 0, .*, holds 3 along axis 0", weighted, X, X.T)
    refused(r"no argument holds samples", np.sum, X, in_axes=None)
    refused(r"argument 0 is an array of dtype object", np.sum, X.astype(object))
    refused(r"argument 0 is a MaskedArray", np.sum, np.ma.array(X))
    refused(r"argument 0 is a number of dtype float16", lambda x: x, np.ones(3, np.float16))


def test_refused_results():
    refused(r"out_axes has 2 for the result, which has 2 axes", lambda x: x, X, out_axes=2)
    refused(r"out_axes has None for the result\[1\], which has 1 axes", lambda x: (x, x[0]), X, out_axes=(0, None))
    refused(r"out_axes has \(0,\) for the result, which has 2 items", lambda x: (x, x), X, out_axes=(0,))


def test_refused_options():
    refused(r"target='tpu' isn't a target", np.sum, target="tpu")
    refused(r"shared='mean' doesn't say", np.sum, shared="mean")
    refused(r"threads=0 isn't a number of threads", np.sum, threads=0)
    refused(r"A function was expected", 3.0)
