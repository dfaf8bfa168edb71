"""Functions of complex numbers on numbers and, element by element, on arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from jitad.errors import KernelTypeError, UnsupportedCallError
from jitad.primitives.complexes import arithmetic
from jitad.program.builder import Builder
from jitad.program.statements import Operand
from jitad.program.types import REAL_DTYPES, Scalar
from jitad.reading.arrays.agreement import broadcast_shape, is_repeated
from jitad.reading.arrays.broadcasting import broadcast_element
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.materialize import materialize
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.complexes.parts import as_complex_lazy, holds_complex, in_memory, lazy_of, number_of
from jitad.reading.complexes.typing import part_name, result_dtype, typed
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

Definition = Any
"""A function of parts that is read where it is called, or something with a method ``emitted(ctx, operands)``."""
Part = ScalarValue | ComplexValue | LazyValue | ComplexLazy
Operands = Callable[[Builder, Sequence[Operand]], tuple[Operand, ...]]

COST = 12
"""What a function of complex numbers costs, in additions, roughly."""

REMEDY = "write it with real and imaginary parts (z.real, z.imag, abs(z)), or with jitad.view_as_real(z)"


def refuse_complex(ctx: Context, what: str, remedy: str = REMEDY) -> NoReturn:
    """Refuse a function that jitad has no rule for on complex numbers."""
    ctx.refuse(UnsupportedCallError, f"{what} isn't defined for complex numbers in a kernel", remedy)


def applied(
    ctx: Context, function: Any, definition: Definition, args: Sequence[Value], what: str, dtype: str | None = None
) -> Value:
    """``definition`` of numbers and arrays; ``function`` is what Numba types, unless the ``dtype`` is given."""
    parts = [_operand(ctx, arg, what) for arg in args]
    types = tuple(map(typed, parts))
    result = dtype or result_dtype(function, types)
    if result is None:
        listed = ", ".join(f"{name} array" if is_array else name for name, is_array in types)
        ctx.refuse(KernelTypeError, f"{what} isn't defined for ({listed})", REMEDY)
    part = Scalar(part_name(result, types))
    real: tuple[int, ...] = ()
    if definition is arithmetic.divide and not isinstance(parts[1], ComplexValue | ComplexLazy):
        definition, real = arithmetic.divide_by_real, (1,)
    arrays = [each for each in parts if isinstance(each, LazyValue | ComplexLazy)]
    if not arrays:
        operands = [o for at, each in enumerate(parts) for o in _number(ctx.builder, each, part, at in real)]
        return _as_number(ctx, definition, operands, result)
    shape = broadcast_shape(ctx, [each.re if isinstance(each, ComplexLazy) else each for each in arrays], what)
    ready = [_ready(ctx, each, shape) for each in parts]
    elements = [_operands(each, shape, part, at in real) for at, each in enumerate(ready)]
    reads = tuple(read for each in ready if isinstance(each, LazyValue | ComplexLazy) for read in each.reads)
    cost = COST + sum(each.cost for each in ready if isinstance(each, LazyValue | ComplexLazy))

    def whole(builder: Builder, index: Sequence[Operand]) -> list[Operand]:
        operands = [operand for each in elements for operand in each(builder, index)]
        with ctx.block(builder):
            return _typed(builder, _emitted(ctx, definition, operands), result)

    if result in REAL_DTYPES:

        def pair(builder: Builder, index: Sequence[Operand]) -> tuple[Operand, Operand]:
            re, im = whole(builder, index)
            return re, im

        return ComplexLazy(result, shape, pair, reads, cost)

    def single(builder: Builder, index: Sequence[Operand]) -> Operand:
        return whole(builder, index)[0]

    return LazyValue(result, shape, single, reads, cost)


def _as_number(ctx: Context, definition: Definition, operands: list[Operand], result: str) -> Value:
    found = _typed(ctx.builder, _emitted(ctx, definition, operands), result)
    return ComplexValue(found[0], found[1]) if result in REAL_DTYPES else ScalarValue(found[0])


def _emitted(ctx: Context, definition: Definition, operands: Sequence[Operand]) -> Sequence[Operand]:
    emitted = getattr(definition, "emitted", None)
    return ctx.define(definition, operands) if emitted is None else emitted(ctx, operands)


def _typed(builder: Builder, operands: Sequence[Operand], result: str) -> list[Operand]:
    type_ = Scalar(REAL_DTYPES.get(result, result))
    return [builder.cast(operand, type_) for operand in operands]


def _operand(ctx: Context, value: Value, what: str) -> Part:
    """A value as an operand of an elementwise function; arrays without axes count as numbers."""
    if isinstance(value, SequenceValue) and not holds_complex(value):
        value = from_sequence(ctx, value)
    match value:
        case ScalarValue() | ComplexValue():
            return value
        case ArrayValue() | LazyValue() | ComplexArrayValue() | ComplexLazy():
            lazy = lazy_of(ctx, value)
            for length in lazy.shape:
                note_at_least(ctx, length)
            if lazy.ndim:
                return lazy
            if isinstance(lazy, LazyValue):
                return ScalarValue(lazy.element(ctx.builder, ()))
            return ComplexValue(*lazy.element(ctx.builder, ()))
    ctx.refuse(KernelTypeError, f"{what} takes numbers and arrays only", "pass a number or an array")


def _number(builder: Builder, value: Part, part: Scalar, real: bool) -> tuple[Operand, ...]:
    assert isinstance(value, ScalarValue | ComplexValue)
    number = number_of(builder, value, part)
    return (number.re,) if real else (number.re, number.im)


def _ready(ctx: Context, value: Part, shape: Sequence[Operand]) -> Part:
    """The operand; computed into memory if broadcasting would compute its elements more than once."""
    if isinstance(value, LazyValue) and value.cost > 0 and is_repeated(value, shape):
        return lazy_of(ctx, materialize(ctx, value))
    if isinstance(value, ComplexLazy) and value.cost > 0 and is_repeated(value.re, shape):
        return as_complex_lazy(in_memory(ctx, value))
    return value


def _operands(value: Part, shape: Sequence[Operand], part: Scalar, real: bool) -> Operands:
    """What gives the operands of a definition's argument at an index."""
    if isinstance(value, ScalarValue | ComplexValue):

        def fixed(builder: Builder, index: Sequence[Operand]) -> tuple[Operand, ...]:
            return _number(builder, value, part, real)

        return fixed
    source: Any = broadcast_element(value, shape)  # type: ignore[arg-type]

    def element(builder: Builder, index: Sequence[Operand]) -> tuple[Operand, ...]:
        found = source(builder, index)
        number = ComplexValue(*found) if isinstance(found, tuple) else ScalarValue(found)
        return _number(builder, number, part, real)

    return element
