"""What Numba compiles calls vector functions, and computes what the scalar ones do."""

from __future__ import annotations

import math as scalar_math
import re

import numpy as np
import pytest
from numba import njit

import jitad
from jitad import math
from jitad.building import compile as building
from jitad.primitives import registry
from jitad.testing import check_grads
from jitad.vector import choice
from jitad.vector.functions import FUNCTIONS
from tests.fixtures import uncompiled

needs_library = pytest.mark.skipif(not choice.served(), reason="no vector library here, or it is switched off")
SIZE = 4096  # no element is left over from the vectors


def vector_calls(dispatcher):
    """The vector functions that the loops of a compiled function call."""
    text = "\n".join(dispatcher.inspect_llvm().values())
    return {name for name, count in re.findall(r"call [^\n]*@jitad_(\w+?)x(\d+)\(", text)}


@njit(error_model="numpy")
def cosines(x, y):
    for i in range(x.size):
        y[i] = math.cos(x[i])


@njit(error_model="numpy")
def sum_of_cosines(x):
    total = 0.0
    for i in range(x.size):
        total += math.cos(x[i])
    return total


@njit(error_model="numpy")
def of_arrays(x, y):
    return math.hypot(x, y), math.tanh(x)


@needs_library
def test_loops_in_users_code_run_in_vectors_and_sums_keep_their_order():
    x = np.random.default_rng(0).normal(size=SIZE)
    y = np.empty_like(x)
    cosines(x, y)
    np.testing.assert_allclose(y, np.cos(x), rtol=1e-15)
    total = 0.0
    for term in y:
        total += term
    assert sum_of_cosines(x) == total
    assert vector_calls(cosines) == {"cos_float64"}
    assert vector_calls(sum_of_cosines) == {"cos_float64"}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_arrays_and_numbers_in_compiled_code(dtype):
    x = np.linspace(0.1, 2.0, 6, dtype=dtype).reshape(2, 3)
    distance, bounded = of_arrays(x, x[:, :1])
    assert distance.dtype == bounded.dtype == dtype
    np.testing.assert_allclose(distance, np.hypot(x, x[:, :1]), rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(bounded, np.tanh(x), rtol=4 * np.finfo(dtype).eps)
    assert of_arrays(3, 4.0)[0] == 5.0
    np.testing.assert_allclose(of_arrays(x.T[:, 0], 1)[0], np.hypot(x.T[:, 0], 1.0), rtol=1e-6)


def of_elements(x):
    return np.sum(np.tanh(x) * np.cos(x))


@needs_library
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_kernels_run_in_vectors(dtype):
    x = np.linspace(-3.0, 3.0, 1001, dtype=dtype)
    value, gradient = jitad.value_and_grad(of_elements)(x)
    wide = x.astype(np.float64)
    slope = (1 - np.tanh(wide) ** 2) * np.cos(wide) - np.tanh(wide) * np.sin(wide)
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=8 * np.finfo(dtype).eps)
    assert value == pytest.approx(0.0, abs=float(1000 * np.finfo(dtype).eps))
    called = set().union(*(vector_calls(made) for made in building._dispatchers if made.stats.cache_misses))
    assert {f"cos_{x.dtype}", f"tanh_{x.dtype}"} <= called


def decided(x):
    place = int(np.exp(x[0]))
    total = 0.0
    for i in range(x.shape[0]):
        if np.sin(x[i]) > 0.5:
            total += np.cos(x[i])
    return total * x[place]


@needs_library
def test_what_decides_is_computed_by_the_scalar_functions():
    source = str(jitad.explain(decided, np.linspace(0.0, 2.0, 5))).split("The emitted sweeps")[1]
    assert "math_exp(" in source and "vector_exp(" not in source
    assert "math_sin(" in source
    assert "vector_cos(" in source and "math_cos(" not in source


def stored_and_decided(x):
    y = np.zeros(x.shape[0])
    for i in range(x.shape[0]):
        y[i] = np.exp(x[i])
    largest = 0
    for i in range(x.shape[0]):
        if y[i] > y[largest]:
            largest = i
    return x[largest] ** 2.5 + x[0] ** 2


@needs_library
def test_decisions_are_followed_through_memory():
    source = str(jitad.explain(stored_and_decided, np.linspace(0.0, 2.0, 5))).split("The emitted sweeps")[1]
    assert "math_exp(" in source and "vector_exp(" not in source
    assert "vector_pow(" in source


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_public_functions_are_numpys_and_have_rules(name):
    function, known = getattr(math, name), FUNCTIONS[name]
    primitive = registry.lookup(function)
    assert primitive is not None and primitive is registry.lookup(known.scalar)
    args = (1.25,) if name == "acosh" else (0.25, 1.75)[: known.arity]
    assert function(*args) == pytest.approx(known.scalar(*args), rel=1e-15)
    assert function(*map(np.float32, args)).dtype == np.float32
    assert function.__name__ == name in math.__all__
    with uncompiled():
        check_grads(lambda *numbers: function(*numbers), args)  # noqa: PLW0108 - a kernel has source


def test_integers():
    assert math.pow(2, -1) == 0.5
    assert math.exp(1) == scalar_math.e
    np.testing.assert_array_equal(math.pow([1, 2], [2, 3]), [1.0, 8.0])
