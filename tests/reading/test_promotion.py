"""The types of results are those that Numba infers for the same kernel."""

# ruff: noqa: PLW0108 - a kernel has source, which NumPy's functions themselves don't

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from tests.reading.driver import read

DTYPES = ("float64", "float32", "int64", "int32", "uint8", "bool")
BINARY = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "floor_divide": lambda a, b: a // b,
    "remainder": lambda a, b: a % b,
    "power": lambda a, b: a**b,
    "less": lambda a, b: a < b,
    "np.maximum": lambda a, b: np.maximum(a, b),
    "np.hypot": lambda a, b: np.hypot(a, b),
    "np.arctan2": lambda a, b: np.arctan2(a, b),
}
UNARY = {
    "negative": lambda a: -a,
    "twice": lambda a: a * 2,
    "half": lambda a: a / 2,
    "abs": lambda a: np.abs(a),
    "np.sin": lambda a: np.sin(a),
    "np.sqrt": lambda a: np.sqrt(a),
    "np.floor": lambda a: np.floor(a),
    "np.maximum": lambda a: np.maximum(a, 1),
    "math.sin": lambda a: math.sin(a),
    "math.floor": lambda a: math.floor(a),
    "math.lgamma": lambda a: math.lgamma(a),
    "np.mean": lambda a: np.mean(a),
}


def inferred(kernel: Callable[..., Any], args: tuple[Any, ...]) -> tuple[str, int] | None:
    """The element type and the number of axes of what Numba's type inference says; None when it refuses."""
    from numba.core import compiler, typed_passes
    from numba.core.errors import NumbaError
    from numba.core.registry import cpu_target

    typing, target = cpu_target.typing_context, cpu_target.target_context
    typing.refresh()
    ir = compiler.run_frontend(kernel)
    try:
        found = typed_passes.type_inference_stage(typing, target, ir, tuple(map(numba.typeof, args)), None)
    except NumbaError:
        return None
    result = numba.types.unliteral(found.return_type)
    return (str(getattr(result, "dtype", result)), getattr(result, "ndim", 0))


def example(dtype: str, is_array: bool) -> Any:
    array = np.array([1, 0, 1]).astype(dtype)
    return array if is_array else array[0]


def assert_promoted(kernel: Callable[..., Any], *args: Any) -> None:
    expected = inferred(kernel, args)
    if expected is None or expected[0] == "float16":
        return
    result = read(kernel, *args).program.results[0].type
    assert (result.dtype, getattr(result, "ndim", 0)) == expected, [numba.typeof(arg) for arg in args]


@pytest.mark.parametrize("name", BINARY)
def test_operations_of_two_promote_as_in_numba(name: str) -> None:
    for (first, second), (a, b) in itertools.product(
        itertools.product(DTYPES, DTYPES), [(False, False), (True, False), (True, True)]
    ):
        assert_promoted(BINARY[name], example(first, a), example(second, b))


@pytest.mark.parametrize("name", UNARY)
def test_operations_of_one_promote_as_in_numba(name: str) -> None:
    for dtype, is_array in itertools.product(DTYPES, (False, True)):
        if (name, dtype) != ("abs", "bool"):  # Numba gives a boolean back, NumPy too; jitad counts it as an int8
            assert_promoted(UNARY[name], example(dtype, is_array))
