"""What is known of values and dtypes while reading: kinds of results, and the limits of number formats."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import KernelTypeError
from jitad.primitives import kinds
from jitad.reading.arrays.arguments import dtype_name
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)


def _parts(ctx: Context, values: tuple[Value, ...]) -> list[tuple[np.dtype[Any], bool]]:
    parts: list[tuple[np.dtype[Any], bool]] = []
    for value in values:
        match value:
            case ScalarValue():
                parts.append((np.dtype(value.type.dtype), False))
            case ComplexValue():
                parts.append((np.dtype(value.dtype), False))
            case ComplexArrayValue() | ComplexLazy():
                parts.append((np.dtype(value.dtype), True))
            case ArrayValue() | LazyValue():
                parts.append((np.dtype(value.dtype), True))
            case SequenceValue(items=items):
                parts += _parts(ctx, items)
            case _:
                ctx.refuse(KernelTypeError, "numbers and arrays are needed here", "pass a number or an array")
    return parts


def common_type(ctx: Context, *values: Value) -> Value:
    return StaticValue(kinds.chosen_type(_parts(ctx, values)))


def float_type(ctx: Context, *values: Value) -> Value:
    return StaticValue(kinds.as_float(kinds.chosen_type(_parts(ctx, values))))


def _dtype(ctx: Context, value: Value, what: str) -> np.dtype[Any]:
    """The dtype that a value is or has."""
    match value:
        case ScalarValue():
            return np.dtype(value.type.dtype)
        case ComplexValue() | ComplexArrayValue() | ComplexLazy():
            return np.dtype(value.dtype)
        case ArrayValue() | LazyValue():
            return np.dtype(value.dtype)
        case StaticValue(obj):
            return np.dtype(dtype_name(obj))
    ctx.refuse(KernelTypeError, f"{what} takes a dtype", "write it as np.float64, say")


def finfo(ctx: Context, dtype: Value) -> Value:
    """The limits of a floating-point dtype."""
    found = _dtype(ctx, dtype, "np.finfo")
    if found.kind != "f":
        ctx.refuse(KernelTypeError, f"np.finfo of {found}, which isn't a floating-point dtype", "use np.iinfo")
    return StaticValue(np.finfo(found))


def iinfo(ctx: Context, int_type: Value) -> Value:
    """The limits of an integer dtype."""
    found = _dtype(ctx, int_type, "np.iinfo")
    if found.kind not in "iu":
        ctx.refuse(KernelTypeError, f"np.iinfo of {found}, which isn't an integer dtype", "use np.finfo")
    return StaticValue(np.iinfo(found))


def dtype(ctx: Context, dtype: Value) -> Value:
    """``np.dtype`` of a dtype."""
    return StaticValue(_dtype(ctx, dtype, "np.dtype"))
