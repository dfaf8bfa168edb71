"""Functions that make complex numbers and arrays."""

from __future__ import annotations

from collections.abc import Callable

from jitad.errors import KernelTypeError
from jitad.primitives.complexes import arithmetic
from jitad.program.statements import Const, Operand
from jitad.program.types import FLOAT64, REAL_DTYPES, Scalar
from jitad.reading.arrays import creation
from jitad.reading.arrays.arguments import is_absent, shape_of
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.complexes.elementwise import applied
from jitad.reading.complexes.parts import (
    complex_dtype,
    constant,
    constant_array,
    converted,
    fresh_pair,
    holds_complex,
    in_memory,
    joined,
    number_of,
    numbers_in,
    part_of,
)
from jitad.reading.complexes.typing import common_complex, typed
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    Value,
)

REAL_REMEDY = "take the part that is meant: z.real, z.imag or abs(z)"


def _dtype(ctx: Context, dtype: Value | None, default: str) -> str:
    """The complex dtype of a result. Refuses a real one, which would drop imaginary parts."""
    if dtype is None or is_absent(dtype):
        return default
    name = complex_dtype(dtype)
    if name is None:
        ctx.refuse(KernelTypeError, "complex numbers can't be kept in an array of that dtype", REAL_REMEDY)
    return name


def zeros(ctx: Context, shape: Value, dtype: Value | None = None) -> Value:
    name = _dtype(ctx, dtype, "complex128")
    return ComplexArrayValue(fresh_pair(ctx, "zeros", name, shape_of(ctx, shape), 0.0))


def ones(ctx: Context, shape: Value, dtype: Value | None = None) -> Value:
    return _full(ctx, shape_of(ctx, shape), ScalarValue(Const(1.0, FLOAT64)), dtype)


def empty(ctx: Context, shape: Value, dtype: Value | None = None) -> Value:
    name = _dtype(ctx, dtype, "complex128")
    return ComplexArrayValue(fresh_pair(ctx, "empty", name, shape_of(ctx, shape)))


def full(ctx: Context, shape: Value, fill_value: Value, dtype: Value | None = None) -> Value:
    return _full(ctx, shape_of(ctx, shape), fill_value, dtype)


def _full(ctx: Context, shape: tuple[Operand, ...], fill_value: Value, dtype: Value | None) -> ComplexLazy:
    if not isinstance(fill_value, ComplexValue):
        fill_value = ScalarValue(ctx.scalar(fill_value, "the fill value"))
    name = _dtype(ctx, dtype, common_complex([typed(fill_value)[0]]))
    return constant_array(name, shape, number_of(ctx.builder, fill_value, Scalar(REAL_DTYPES[name])))


def _like(ctx: Context, a: Value, dtype: Value | None) -> tuple[str, tuple[Operand, ...]]:
    """The dtype and shape of an array like another, which one of the two makes complex."""
    if isinstance(a, SequenceValue):
        a = from_values(ctx, a)
    if isinstance(a, ScalarValue | ComplexValue):
        return _dtype(ctx, dtype, common_complex([typed(a)[0]])), ()
    if not isinstance(a, ArrayValue | LazyValue | ComplexArrayValue | ComplexLazy):
        ctx.refuse(KernelTypeError, "the array to be like must be an array", "pass an array here")
    return _dtype(ctx, dtype, common_complex([a.dtype])), tuple(a.shape)


def _other_like(ctx: Context, function: Callable[..., Value], a: Value, dtype: Value | None) -> Value | None:
    """A real array like a complex one, where a real dtype is asked for."""
    if dtype is None or is_absent(dtype) or complex_dtype(dtype) is not None:
        return None
    return function(ctx, part_of(ctx, a, 0), dtype)


def zeros_like(ctx: Context, a: Value, dtype: Value | None = None) -> Value:
    other = _other_like(ctx, creation.zeros_like, a, dtype)
    return other or ComplexArrayValue(fresh_pair(ctx, "zeros", *_like(ctx, a, dtype), 0.0))


def empty_like(ctx: Context, a: Value, dtype: Value | None = None) -> Value:
    other = _other_like(ctx, creation.empty_like, a, dtype)
    return other or ComplexArrayValue(fresh_pair(ctx, "empty", *_like(ctx, a, dtype)))


def ones_like(ctx: Context, a: Value, dtype: Value | None = None) -> Value:
    other = _other_like(ctx, creation.ones_like, a, dtype)
    if other is not None:
        return other
    name, shape = _like(ctx, a, dtype)
    part = Scalar(REAL_DTYPES[name])
    return constant_array(name, shape, ComplexValue(constant(part, 1.0), constant(part)))


def full_like(ctx: Context, a: Value, fill_value: Value, dtype: Value | None = None) -> Value:
    if not holds_complex(a) and complex_dtype(dtype) is None:
        ctx.refuse(KernelTypeError, "a complex number can't fill an array of real ones", "give dtype=np.complex128")
    name, shape = _like(ctx, a, dtype)
    if not isinstance(fill_value, ComplexValue):
        fill_value = ScalarValue(ctx.scalar(fill_value, "the fill value"))
    return constant_array(name, shape, number_of(ctx.builder, fill_value, Scalar(REAL_DTYPES[name])))


def eye(
    ctx: Context,
    N: Value,  # noqa: N803 (NumPy's names, which callers may use)
    M: Value | None = None,  # noqa: N803
    k: Value | None = None,
    dtype: Value | None = None,
) -> Value:
    found = creation.eye(ctx, N, M, k)
    assert isinstance(found, LazyValue)
    return converted(ctx, found, _dtype(ctx, dtype, "complex128"))


def identity(ctx: Context, n: Value, dtype: Value | None = None) -> Value:
    return eye(ctx, n, None, None, dtype)


def array(ctx: Context, object: Value, dtype: Value | None = None) -> Value:
    """``np.array``: numbers, nested sequences of them, or a copy of an array."""
    if isinstance(object, ComplexArrayValue | ComplexLazy | ArrayValue | LazyValue):
        return converted(ctx, object, _dtype(ctx, dtype, common_complex([object.dtype])))
    made = from_values(ctx, object)
    return converted(ctx, made, _dtype(ctx, dtype, made.dtype))


def asarray(ctx: Context, a: Value, dtype: Value | None = None) -> Value:
    """``np.asarray``: an array of the right dtype is given back as it is."""
    if isinstance(a, ComplexArrayValue | ComplexLazy) and _dtype(ctx, dtype, a.dtype) == a.dtype:
        return a
    return array(ctx, a, dtype)


def ascontiguousarray(ctx: Context, a: Value) -> Value:
    from jitad.reading.arrays.maps import layout_of

    made = asarray(ctx, a)
    if isinstance(made, ComplexArrayValue) and layout_of(ctx.builder, made.pair) == "C":
        return made
    assert isinstance(made, ComplexArrayValue | ComplexLazy)
    return in_memory(ctx, made, fresh=True)


def copy(ctx: Context, a: Value) -> Value:
    """A copy: an expression, so that keeping it makes fresh memory."""
    return array(ctx, a)


def astype(ctx: Context, a: Value, dtype: Value) -> Value:
    """A copy in another dtype. Refuses a real one, which would drop imaginary parts."""
    if isinstance(a, ComplexArrayValue | ComplexLazy) and complex_dtype(dtype) is None:
        ctx.refuse(KernelTypeError, "a conversion to real numbers would drop the imaginary parts", REAL_REMEDY)
    return array(ctx, a, dtype)


def from_values(ctx: Context, value: Value) -> ComplexLazy:
    """The array of a sequence of numbers, arrays or sequences of them (all of one shape), some of them complex."""
    if isinstance(value, ScalarValue | ComplexValue):
        made = number_of(ctx.builder, value, Scalar(REAL_DTYPES[common_complex([typed(value)[0]])]))
        return constant_array(made.dtype, (), made)
    if not isinstance(value, SequenceValue):
        ctx.refuse(KernelTypeError, "an array's items must be numbers or arrays", "leave the other items out")
    for leaf in numbers_in(value):
        if not isinstance(leaf, ScalarValue | ComplexValue | ArrayValue | LazyValue | ComplexArrayValue | ComplexLazy):
            ctx.refuse(KernelTypeError, "an array's items must be numbers or arrays", "leave the other items out")
    dtype = common_complex([typed(leaf)[0] for leaf in numbers_in(value)])
    made_parts = [from_sequence(ctx, part_of(ctx, value, which), REAL_DTYPES[dtype]) for which in (0, 1)]
    found = joined(ctx, *made_parts)
    assert isinstance(found, ComplexLazy)
    return found


def number(dtype: str) -> Callable[..., Value]:
    """``complex(real, imag)``, or the conversion of a number or an array to a complex dtype."""

    def convert(ctx: Context, real: Value | None = None, imag: Value | None = None) -> Value:
        part = Scalar(REAL_DTYPES[dtype])
        if isinstance(real, ArrayValue | LazyValue | ComplexArrayValue | ComplexLazy) and real.ndim and imag is None:
            return converted(ctx, real, dtype)
        first = _number(ctx, real, part)
        if imag is None:
            return first
        second = _number(ctx, imag, part)
        if not isinstance(real, ComplexValue) and not isinstance(imag, ComplexValue):
            return ComplexValue(first.re, second.re)
        builder = ctx.builder
        return ComplexValue(builder.minus(first.re, second.im), builder.plus(first.im, second.re))

    return convert


def _number(ctx: Context, value: Value | None, part: Scalar) -> ComplexValue:
    if value is None:
        return ComplexValue(constant(part), constant(part))
    if isinstance(value, ComplexValue):
        return number_of(ctx.builder, value, part)
    if isinstance(value, ComplexArrayValue | ComplexLazy):
        taken = applied(ctx, None, arithmetic.positive, (value,), "complex", value.dtype)
        if isinstance(taken, ComplexValue):
            return number_of(ctx.builder, taken, part)
        ctx.refuse(KernelTypeError, "complex() of an array", "convert it with astype(np.complex128)")
    return number_of(ctx.builder, ScalarValue(ctx.scalar(value, "an argument of complex()")), part)
