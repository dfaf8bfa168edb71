"""The dtypes of complex results, as Numba types them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from jitad.inference import context
from jitad.program.types import REAL_DTYPES
from jitad.reading.values import ComplexValue, ScalarValue, Value

Typed = tuple[str, bool]
"""The dtype of an argument, and whether it is an array."""


def typed(value: Value) -> Typed:
    """The dtype of a number or an array, real or complex."""
    match value:
        case ScalarValue():
            return value.type.dtype, False
        case ComplexValue():
            return value.dtype, False
    return value.dtype, True  # type: ignore[attr-defined]


@lru_cache(maxsize=1024)
def result_dtype(function: Any, args: tuple[Typed, ...]) -> str | None:
    """The dtype (of the elements) that Numba gives ``function(*args)``; None when it doesn't take them."""
    from numba import types
    from numba.core.errors import NumbaError

    given = [types.Array(_numba(dtype), 1, "C") if is_array else _numba(dtype) for dtype, is_array in args]
    try:
        resolved = context().resolve_function_type(function, tuple(given), {})
    except NumbaError:
        return None
    result = getattr(resolved, "return_type", None)
    if isinstance(result, types.Array):
        result = result.dtype
    if isinstance(result, types.Boolean):
        return "bool"
    return str(types.unliteral(result)) if isinstance(result, types.Number) else None


@lru_cache(maxsize=1024)
def unified(dtypes: tuple[str, ...]) -> str | None:
    """The dtype of a variable that is assigned values of all these dtypes."""
    found = context().unify_types(*(_numba(dtype) for dtype in dtypes))
    return None if found is None else str(found)


def common_complex(dtypes: list[str]) -> str:
    """The complex dtype of an array that holds values of all these dtypes, one of which is complex."""
    return np.result_type(np.complex64, *dtypes).name


def part_name(result: str, args: tuple[Typed, ...]) -> str:
    """The dtype of the parts that a function computes with."""
    if result in REAL_DTYPES:
        return REAL_DTYPES[result]
    return REAL_DTYPES[common_complex([dtype for dtype, _ in args])]


def _numba(dtype: str) -> Any:
    from numba import types

    return types.boolean if dtype == "bool" else getattr(types, dtype)
