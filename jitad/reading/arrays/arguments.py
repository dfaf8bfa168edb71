"""Arguments of array functions that must be known while reading: axes, dtypes, flags and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import KernelTypeError, KernelValueError
from jitad.primitives import core
from jitad.program.statements import Const, Operand
from jitad.reading.arrays.facts import is_nonnegative, not_below_zero
from jitad.reading.arrays.maps import ZERO
from jitad.reading.arrays.slicing import integer
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, LazyValue, ScalarValue, SequenceValue, StaticValue, Value


def is_absent(value: Value | None) -> bool:
    """True for an argument left out or given as None."""
    return value is None or (isinstance(value, StaticValue) and value.obj is None)


def known_integer(ctx: Context, value: Value, what: str) -> int:
    """An integer that must be a literal."""
    if not isinstance(value, ScalarValue) or not isinstance(value.operand, Const) or value.type.is_float:
        ctx.refuse(KernelTypeError, f"{what} must be an integer known while reading", "write it as a literal")
    return int(value.operand.value)


def axes_of(ctx: Context, axis: Value | None, ndim: int) -> list[int]:
    """The axes that an ``axis`` argument names, in order; all of them when it is left out."""
    if axis is None or is_absent(axis):
        return list(range(ndim))
    items = axis.items if isinstance(axis, SequenceValue) else (axis,)
    return sorted(one_axis(ctx, item, ndim) for item in items)


def one_axis(ctx: Context, axis: Value, ndim: int) -> int:
    """One axis, counted from the front."""
    number = known_integer(ctx, axis, "the axis")
    if not -ndim <= number < ndim:
        ctx.refuse(KernelValueError, f"axis {number} of an array of {ndim} axes", f"use -{ndim} to {ndim - 1}")
    return number % ndim


def flag(ctx: Context, value: Value | None, what: str) -> bool:
    """A truth value that must be known while reading."""
    if value is None or is_absent(value):
        return False
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const):
        return bool(value.operand.value)
    if not isinstance(value, StaticValue):
        ctx.refuse(KernelTypeError, f"{what} must be known while reading", "write True or False")
    return bool(value.obj)


def dtype_of(ctx: Context, value: Value | None, default: str = "float64") -> str:
    """The name of a dtype argument."""
    if value is None or is_absent(value):
        return default
    if not isinstance(value, StaticValue):
        ctx.refuse(KernelTypeError, "the dtype must be known while reading", "write it as np.float64, say")
    name = dtype_name(value.obj)
    if name not in core.DTYPES:
        known = ", ".join(core.DTYPES)
        ctx.refuse(KernelTypeError, f"{value.obj!r} isn't a dtype that jitad takes", f"use one of {known}")
    return name


def dtype_name(obj: Any) -> str:
    """The name of what ``obj`` means as a dtype."""
    try:
        return np.dtype(obj).name
    except (TypeError, ValueError, SyntaxError):  # NumPy reads a string as a list of dtypes
        return str(obj)


def shape_of(ctx: Context, value: Value) -> tuple[Operand, ...]:
    """A shape argument: an integer or a tuple of integers, none negative."""
    if isinstance(value, SequenceValue):
        items = value.items
    elif isinstance(value, ArrayValue | LazyValue):
        ctx.refuse(KernelTypeError, "a shape must be an integer or a tuple of integers", "write the tuple out")
    else:
        items = (value,)
    return tuple(length_of(ctx, item) for item in items)


def length_of(ctx: Context, value: Value) -> Operand:
    """A length argument: an integer that isn't negative, which is checked at run time.

    The operand is another one than the argument's, which may be negative elsewhere.
    """
    length = integer(ctx, value, "a length")
    if not is_nonnegative(ctx, length):
        negative = ctx.builder.compute(core.lt, length, ZERO)
        ctx.fail_if(negative, KernelValueError, "an array's length can't be negative", "check the lengths")
        return not_below_zero(ctx, length)
    return length
