"""Functions that change the shape of complex arrays, the order of their elements, or put arrays together."""

from __future__ import annotations

from collections.abc import Callable

from jitad.program.builder import const_int
from jitad.program.types import REAL_DTYPES, Scalar
from jitad.reading.arrays import shapes
from jitad.reading.arrays.maps import layout_of
from jitad.reading.complexes.creation import from_values
from jitad.reading.complexes.parts import (
    cheap,
    converted,
    in_memory,
    joined,
    number_of,
    numbers_in,
    part_of,
    partwise,
    viewed,
)
from jitad.reading.complexes.typing import common_complex, typed
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayLike,
    ArrayValue,
    ComplexArrayLike,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    Value,
)

Handler = Callable[..., Value]


def array_in(ctx: Context, value: Value) -> ComplexArrayLike:
    """The array that a value is, or that a number or a sequence makes."""
    if isinstance(value, ComplexArrayValue | ComplexLazy):
        return value
    if isinstance(value, ArrayValue | LazyValue):
        return converted(ctx, value, common_complex([value.dtype]))
    return from_values(ctx, value)


def as_view(handler: Handler) -> Handler:
    """A function that gives views of an array: the same of a complex one, which share its memory."""

    def call(ctx: Context, a: Value, *args: Value, **kwargs: Value) -> Value:
        def function(part: ArrayValue) -> Value:
            return handler(ctx, part, *args, **kwargs)

        return viewed(ctx, array_in(ctx, a), function)

    return call


def by_parts(handler: Handler) -> Handler:
    """A function that puts elements or sums of them in a new array: the same of both parts."""

    def call(ctx: Context, a: Value, *args: Value, **kwargs: Value) -> Value:
        def function(part: ArrayLike) -> Value:
            return handler(ctx, part, *args, **kwargs)

        return partwise(ctx, array_in(ctx, a), function)

    return call


def of_several(handler: Handler) -> Handler:
    """A function that puts several arrays together; real ones among them become complex."""

    def call(ctx: Context, *args: Value, **kwargs: Value) -> Value:
        leaves = [leaf for arg in args if _is_data(arg) for leaf in numbers_in(arg) if _is_number(leaf)]
        dtype = common_complex([typed(leaf)[0] for leaf in leaves])
        ready = [_all_complex(ctx, arg, dtype) if _is_data(arg) else arg for arg in args]
        parts = ([part_of(ctx, arg, which) if _is_data(arg) else arg for arg in ready] for which in (0, 1))
        re, im = (handler(ctx, *each, **kwargs) for each in parts)
        return joined(ctx, re, im)

    return call


def _is_data(value: Value) -> bool:
    """True for arrays and structures with arrays or complex numbers in them, rather than axes and the like."""
    return any(not isinstance(leaf, ScalarValue) and _is_number(leaf) for leaf in numbers_in(value))


def _is_number(value: Value) -> bool:
    return isinstance(value, ScalarValue | ComplexValue | ArrayValue | LazyValue | ComplexArrayValue | ComplexLazy)


def _all_complex(ctx: Context, value: Value, dtype: str) -> Value:
    match value:
        case SequenceValue(items, kind, fields):
            return SequenceValue(tuple(_all_complex(ctx, item, dtype) for item in items), kind, fields)
        case ScalarValue() | ComplexValue():
            return number_of(ctx.builder, value, Scalar(REAL_DTYPES[dtype]))
        case ArrayValue() | LazyValue() | ComplexArrayValue() | ComplexLazy():
            return cheap(ctx, converted(ctx, value, dtype))
    return value


# Shapes


def reshape(ctx: Context, a: Value, *newshape: Value) -> Value:
    """The same elements in row order under another shape; one length may be -1."""
    array = in_memory(ctx, array_in(ctx, a))
    items = newshape[0].items if len(newshape) == 1 and isinstance(newshape[0], SequenceValue) else newshape
    pair = shapes.reshape(ctx, array.pair, SequenceValue((*items, ScalarValue(const_int(2)))))
    assert isinstance(pair, ArrayValue)
    return ComplexArrayValue(pair)


def ravel(ctx: Context, a: Value) -> Value:
    """The elements in row order: a view where memory allows it, else a copy."""
    array = in_memory(ctx, array_in(ctx, a))
    if array.ndim == 1:
        return array
    if layout_of(ctx.builder, array.pair) != "C":
        array = in_memory(ctx, array, fresh=True)
    return reshape(ctx, array, ScalarValue(const_int(-1)))


def flatten(ctx: Context, a: Value) -> Value:
    """The elements in row order, copied."""
    return reshape(ctx, in_memory(ctx, array_in(ctx, a), fresh=True), ScalarValue(const_int(-1)))


def transposed(ctx: Context, a: Value, *axes: Value) -> Value:
    """The axes in the opposite order, or in that of ``axes``."""
    return as_view(shapes.transposed)(ctx, a, *axes)


def roll(ctx: Context, a: Value, shift: Value, axis: Value | None = None) -> Value:
    return by_parts(shapes.roll)(ctx, in_memory(ctx, array_in(ctx, a)), shift, axis)
