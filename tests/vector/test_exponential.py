"""The exponential function that is written out: as exact as promised, the same bits in vectors as alone, no calls."""

from __future__ import annotations

import re

import numpy as np
import pytest
from llvmlite import ir
from numba import njit

import jitad
from jitad import math
from jitad.building import compile as building
from jitad.vector import choice, libraries
from jitad.vector.exponential import DOUBLE, SINGLE, exponential

needs_auto = pytest.mark.skipif(choice.setting() != "auto", reason="libraries are asked for, or nothing")
FORMATS = {"float64": DOUBLE, "float32": SINGLE}
COUNT = 1_000_000


def computed(dtype, x, *, fused):
    """What the function as it is written gives for an array, one element after the other."""
    from tests.vector import machine

    number = FORMATS[dtype].number
    module = ir.Module("exponential")
    function = ir.Function(module, ir.FunctionType(number, [number]), f"e_{dtype}_{fused}")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(exponential(builder, function.args[0], FORMATS[dtype], fused=fused))
    return machine.vectors(machine.compiled(str(module), function.name), "exp", dtype, 1, x)


@pytest.mark.skipif(not libraries.is_possible(), reason="C's long double isn't longer everywhere")
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("dtype", FORMATS)
def test_the_error_is_about_one_unit(dtype, fused):
    from tests.vector import machine, points

    (x,) = points.arguments("exp", dtype, 1, COUNT)
    judge = points.Judge(machine.true_values("exp", dtype, x), dtype)
    result = computed(dtype, x, fused=fused)
    error, at = judge.worst(result)
    assert error < 1.1, f"{error} at {x[at]!r}"
    wrong = judge.wrong(result)
    assert not wrong.size, f"{result[wrong[0]]} at {x[wrong[0]]!r}"


@njit(error_model="numpy")
def exponentials(x, y):
    for i in range(x.size):
        y[i] = math.exp(x[i])


@njit(error_model="numpy", fastmath=True)
def hurried(x, y):
    for i in range(x.size):
        y[i] = math.exp(x[i])


@njit(error_model="numpy")
def alone(x):
    return math.exp(x)


@needs_auto
@pytest.mark.parametrize("dtype", FORMATS)
def test_vectors_hold_what_numbers_alone_give(dtype):
    x = np.concatenate([np.linspace(-800.0, 800.0, 4099), [np.inf, -np.inf, np.nan, 0.0, -0.0]]).astype(dtype)
    y, z = np.empty_like(x), np.empty_like(x)
    exponentials(x, y)
    np.testing.assert_array_equal(y, [alone(value) for value in x])
    np.testing.assert_array_equal(y[-5:], [np.inf, 0.0, np.nan, 1.0, 1.0])
    finite = np.isfinite(x) & np.isfinite(y)
    hurried(x, z)
    np.testing.assert_allclose(z[finite], y[finite], rtol=2 * np.finfo(dtype).eps)
    text = exponentials.inspect_llvm(exponentials.signatures[-1])
    assert re.search(r"<\d+ x (double|float)> @llvm\.fma|fmul arcp <\d+ x (double|float)>", text)
    assert "call double @jitad" not in text and "call float @jitad" not in text


def log_sum_exp(x):
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


@needs_auto
def test_loops_of_kernels_call_nothing():
    x = np.linspace(-3.0, 3.0, 1001)
    before = set(building._dispatchers)
    _, gradient = jitad.value_and_grad(log_sum_exp)(x)
    powers = np.exp(x - 3.0)
    np.testing.assert_allclose(gradient, powers / np.sum(powers), rtol=0, atol=1e-15)
    (made,) = set(building._dispatchers) - before
    text = "\n".join(made.inspect_llvm().values())
    assert not re.search(r"call (double|<8 x double>) @(jitad_inline_|jitad_|llvm\.)?exp", text)
