"""Complex values and their parts: conversions, copies in memory, and parts put together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from jitad.errors import KernelTypeError, ShapeMismatchError
from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.statements import Const, Operand, ViewAxis
from jitad.program.types import REAL_DTYPES, Scalar
from jitad.reading.arrays.arguments import dtype_name
from jitad.reading.arrays.loops import for_each
from jitad.reading.arrays.maps import ZERO, allocate, as_lazy, base_index, load_element
from jitad.reading.arrays.materialize import materialize, settled
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayLike,
    ArrayValue,
    ComplexArrayLike,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    DictValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

TWO = const_int(2)
PAIR_AXIS_REMEDY = "give an array whose last axis has length 2 and lies whole in memory: np.ascontiguousarray(a)"

Pair = tuple[Operand, Operand]


def holds_complex(value: Value) -> bool:
    """True for a complex number or array, and for a structure with one in it."""
    match value:
        case SequenceValue(items=items):
            return any(map(holds_complex, items))
        case DictValue(items=entries):
            return any(map(holds_complex, entries.values()))
    return isinstance(value, ComplexValue | ComplexArrayValue | ComplexLazy)


def numbers_in(value: Value) -> list[Value]:
    """Everything in a structure that isn't a structure itself, complex numbers and arrays whole."""
    match value:
        case SequenceValue(items=items):
            return [leaf for item in items for leaf in numbers_in(item)]
        case DictValue(items=entries):
            return [leaf for item in entries.values() for leaf in numbers_in(item)]
    return [value]


def complex_dtype(value: Value | None) -> str | None:
    """The name of the complex dtype that a value stands for, such as ``np.complex64``; None for anything else."""
    if not isinstance(value, StaticValue) or not isinstance(value.obj, type | np.dtype | str):
        return None
    if isinstance(value.obj, str) and len(value.obj) == 1:  # "F" is an order of axes as well
        return None
    name = dtype_name(value.obj)
    return name if name in REAL_DTYPES else None


def constant(part: Scalar, number: float = 0.0) -> Const:
    """A literal of a floating-point type."""
    return core.convert_constant(Const(float(number), Scalar("float64")), part)


def number_of(builder: Builder, value: ScalarValue | ComplexValue, part: Scalar) -> ComplexValue:
    """A number as a complex one with parts of this type."""
    if isinstance(value, ComplexValue):
        return ComplexValue(builder.cast(value.re, part), builder.cast(value.im, part))
    return ComplexValue(builder.cast(value.operand, part), constant(part))


def as_complex_lazy(value: ComplexArrayLike) -> ComplexLazy:
    """A complex array seen as an expression."""
    if isinstance(value, ComplexLazy):
        return value
    re, im = value.re, value.im

    def element(builder: Builder, index: Sequence[Operand]) -> Pair:
        return load_element(builder, re, index), load_element(builder, im, index)

    return ComplexLazy(value.dtype, value.shape, element, (re, im))


def lazy_of(ctx: Context, value: ArrayLike | ComplexArrayLike) -> LazyValue | ComplexLazy:
    """An array, real or complex, seen as an expression."""
    if isinstance(value, ComplexArrayValue | ComplexLazy):
        return as_complex_lazy(value)
    return as_lazy(settled(ctx, value))


def converted(ctx: Context, value: ArrayLike | ComplexArrayLike, dtype: str) -> ComplexLazy:
    """An array, real or complex, as an expression of a complex dtype."""
    lazy = lazy_of(ctx, value)
    part = Scalar(REAL_DTYPES[dtype])
    zero = constant(part)

    def element(builder: Builder, index: Sequence[Operand]) -> Pair:
        if isinstance(lazy, LazyValue):
            return builder.cast(lazy.element(builder, index), part), zero
        re, im = lazy.element(builder, index)
        return builder.cast(re, part), builder.cast(im, part)

    return ComplexLazy(dtype, lazy.shape, element, lazy.reads, lazy.cost)


def constant_array(dtype: str, shape: tuple[Operand, ...], number: ComplexValue) -> ComplexLazy:
    """An array full of one number, whose parts have the right type."""

    def element(builder: Builder, index: Sequence[Operand]) -> Pair:
        return number.re, number.im

    return ComplexLazy(dtype, shape, element)


def fresh_pair(ctx: Context, name: str, dtype: str, shape: Sequence[Operand], fill: float | None = None) -> ArrayValue:
    """Fresh memory for a complex array, as a real array."""
    return allocate(ctx, name, REAL_DTYPES[dtype], [*shape, TWO], fill)


def store_pair(builder: Builder, target: ComplexArrayValue, index: Sequence[Operand], pair: Pair) -> None:
    """``target[index] = pair`` with a cast to its type."""
    for part, operand in zip((target.re, target.im), pair, strict=True):
        builder.store(part.base, base_index(builder, part, index), operand)


def in_memory(ctx: Context, value: ComplexArrayLike, name: str = "", fresh: bool = False) -> ComplexArrayValue:
    """The value as an array in memory: an expression is computed, an array is given back, or copied if ``fresh``."""
    if isinstance(value, ComplexArrayValue):
        if not fresh:
            return value
        name = name or value.pair.base.name
    lazy = as_complex_lazy(value)
    out = ComplexArrayValue(fresh_pair(ctx, name, lazy.dtype, lazy.shape))

    def body(builder: Builder, index: list[Operand]) -> None:
        store_pair(builder, out, index, lazy.element(builder, index))

    for_each(ctx, lazy.shape, body)
    return out


def cheap(ctx: Context, value: ComplexArrayLike) -> ComplexArrayLike:
    """The value, computed if its elements cost anything, so that its parts can be used apart from each other."""
    return in_memory(ctx, value) if isinstance(value, ComplexLazy) and value.cost > 0 else value


def part_of(ctx: Context, value: Value, which: int) -> Value:
    """The real (0) or imaginary (1) part of a number, an array or a structure of them; real ones have zeros."""
    match value:
        case ComplexValue(re, im):
            return ScalarValue((re, im)[which])
        case ComplexArrayValue() | ComplexLazy():
            return (value.re, value.im)[which]
        case SequenceValue(items, kind, fields):
            return SequenceValue(tuple(part_of(ctx, item, which) for item in items), kind, fields)
        case ScalarValue() if which:
            return ScalarValue(core.convert_constant(const_int(0), value.type))
        case ArrayValue() | LazyValue() if which:
            return zeros_as(value)
    return value


def zeros_as(value: ArrayLike) -> LazyValue:
    """Zeros of the shape and dtype of a real array."""
    zero = core.convert_constant(const_int(0), Scalar(value.dtype))

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        return zero

    return LazyValue(value.dtype, value.shape, element)


def joined(ctx: Context, re: Value, im: Value) -> Value:
    """The complex value of two parts: numbers, or arrays of one shape."""
    if isinstance(re, SequenceValue) and isinstance(im, SequenceValue):
        items = (joined(ctx, a, b) for a, b in zip(re.items, im.items, strict=True))
        return SequenceValue(tuple(items), re.kind, re.fields)
    if isinstance(re, ScalarValue) and isinstance(im, ScalarValue):
        return ComplexValue(re.operand, im.operand)
    assert isinstance(re, ArrayValue | LazyValue) and isinstance(im, ArrayValue | LazyValue)
    first, second = as_lazy(settled(ctx, re)), as_lazy(settled(ctx, im))
    dtype = np.result_type(first.dtype, np.complex64).name

    def element(builder: Builder, index: Sequence[Operand]) -> Pair:
        return first.element(builder, index), second.element(builder, index)

    return ComplexLazy(dtype, first.shape, element, (*first.reads, *second.reads), first.cost + second.cost)


def partwise(ctx: Context, value: ComplexArrayLike, function: Callable[[ArrayLike], Value]) -> Value:
    """``function`` of the real and of the imaginary parts, put together."""
    source = cheap(ctx, value)
    return joined(ctx, function(source.re), function(source.im))


def viewed(ctx: Context, value: ComplexArrayLike, function: Callable[[ArrayValue], Value]) -> Value:
    """What ``function``, which gives views of an array, makes of a complex array."""
    array = in_memory(ctx, value)
    return _moved(array, function(array.re))


def _moved(array: ComplexArrayValue, value: Value) -> Value:
    if isinstance(value, SequenceValue):
        return SequenceValue(tuple(_moved(array, item) for item in value.items), value.kind, value.fields)
    assert isinstance(value, ArrayValue) and value.base is array.pair.base
    return array.moved(value)


def view_as_real(ctx: Context, z: Value) -> Value:
    """The memory of a complex array as a real one with a last axis of 2; a number as an array of 2."""
    if isinstance(z, ComplexValue):
        out = fresh_pair(ctx, "parts", z.dtype, ())
        store_pair(ctx.builder, ComplexArrayValue(out), (), (z.re, z.im))
        return out
    if not isinstance(z, ComplexArrayValue | ComplexLazy):
        ctx.refuse(KernelTypeError, "view_as_real takes a complex array", "pass one, or leave the call out")
    return in_memory(ctx, z).pair


def view_as_complex(ctx: Context, a: Value) -> Value:
    """The memory of a real array whose last axis has length 2 as a complex array."""
    if not isinstance(a, ArrayValue | LazyValue) or a.dtype not in ("float32", "float64") or a.ndim == 0:
        ctx.refuse(
            KernelTypeError, "view_as_complex takes a floating-point array with a last axis of 2", PAIR_AXIS_REMEDY
        )
    array = materialize(ctx, a)
    last = array.axes[-1]
    whole = last.base_axis is None or (isinstance(array.starts[last.base_axis], Const) and is_const(last.step, 1))
    if not whole:
        ctx.refuse(KernelTypeError, "view_as_complex of an array whose last axis is a part of one", PAIR_AXIS_REMEDY)
    if not is_const(last.length, 2):
        differ = ctx.builder.compute(core.ne, last.length, TWO)
        ctx.fail_if(
            differ, ShapeMismatchError, "view_as_complex of an array whose last axis isn't of 2", PAIR_AXIS_REMEDY
        )
    axes = (*array.axes[:-1], ViewAxis(TWO, last.base_axis, last.step if last.base_axis is not None else ZERO))
    return ComplexArrayValue(ArrayValue(array.base, array.starts, axes))
