"""``np.where`` of complex numbers and arrays."""

from __future__ import annotations

from typing import Any

from jitad.errors import KernelTypeError
from jitad.program.builder import Builder
from jitad.program.statements import Branch, Operand, Var
from jitad.program.types import BOOL, REAL_DTYPES, Scalar
from jitad.reading.arrays.agreement import broadcast_shape
from jitad.reading.arrays.broadcasting import broadcast_element
from jitad.reading.arrays.maps import as_lazy
from jitad.reading.arrays.materialize import settled
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.complexes.functions import array_in
from jitad.reading.complexes.parts import converted, holds_complex, number_of
from jitad.reading.complexes.typing import common_complex, typed, unified
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayValue,
    ComplexLazy,
    ComplexValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    Value,
)


def where(ctx: Context, condition: Value, x: Value, y: Value) -> Value:
    """``x if condition else y``, element by element; only the side taken is evaluated."""
    sides = [_side(ctx, side) for side in (x, y)]
    arrays = [side for side in sides if isinstance(side, ComplexLazy)]
    if not arrays and isinstance(condition, ScalarValue):
        dtype: str | None = unified(tuple(typed(side)[0] for side in sides))
    else:
        dtype = common_complex([typed(side)[0] for side in sides])
    part = Scalar(REAL_DTYPES[str(dtype)])
    test = _condition(ctx, condition)
    if not arrays and isinstance(test, ScalarValue):
        builder = ctx.builder
        then, otherwise = (
            number_of(builder, side, part) for side in sides if isinstance(side, ScalarValue | ComplexValue)
        )
        truth = builder.cast(test.operand, BOOL)
        return ComplexValue(builder.select(truth, then.re, otherwise.re), builder.select(truth, then.im, otherwise.im))
    tests = test if isinstance(test, LazyValue) else None
    shape = broadcast_shape(ctx, [*([tests] if tests else []), *(side.re for side in arrays)], "where")
    elements = [_element_of(side, shape, part) for side in sides]

    def element(builder: Builder, index: list[Operand]) -> tuple[Operand, Operand]:
        if tests is not None:
            holds = builder.cast(broadcast_element(tests, shape)(builder, index), BOOL)
        else:
            assert isinstance(test, ScalarValue)
            holds = builder.cast(test.operand, BOOL)
        return _chosen(ctx, builder, holds, part, [each(index) for each in elements])

    reads = tuple(read for each in (tests, *arrays) if each is not None for read in each.reads)
    cost = 1 + sum(each.cost for each in (tests, *arrays) if each is not None)
    return ComplexLazy(str(dtype), shape, element, reads, cost)  # type: ignore[arg-type]


def _condition(ctx: Context, condition: Value) -> ScalarValue | LazyValue:
    if isinstance(condition, SequenceValue) and not holds_complex(condition):
        condition = from_sequence(ctx, condition)
    if isinstance(condition, ScalarValue):
        return condition
    if not isinstance(condition, ArrayValue | LazyValue):
        ctx.refuse(KernelTypeError, "a condition of where is complex", "compare it: z != 0")
    return as_lazy(settled(ctx, condition))


def _side(ctx: Context, value: Value) -> ScalarValue | ComplexValue | ComplexLazy:
    if isinstance(value, ScalarValue | ComplexValue):
        return value
    array = array_in(ctx, value)
    return converted(ctx, array, array.dtype)


def _element_of(side: ScalarValue | ComplexValue | ComplexLazy, shape: Any, part: Scalar) -> Any:
    if not isinstance(side, ComplexLazy):

        def fixed(index: Any) -> Any:
            def number(builder: Builder) -> tuple[Operand, Operand]:
                found = number_of(builder, side, part)
                return found.re, found.im

            return number

        return fixed
    source: Any = broadcast_element(side, shape)  # type: ignore[arg-type]

    def element(index: Any) -> Any:
        def at(builder: Builder) -> tuple[Operand, Operand]:
            re, im = source(builder, index)
            return builder.cast(re, part), builder.cast(im, part)

        return at

    return element


def _chosen(ctx: Context, builder: Builder, test: Operand, part: Scalar, sides: list[Any]) -> tuple[Operand, Operand]:
    """The number of one of two sides, the other of which isn't evaluated."""
    arms, yields = [], []
    for side in sides:
        arm = builder.nested()
        with ctx.block(arm):
            yields.append(list(side(arm)))
        arms.append(arm.block)
    re, im = Var("chosen_re", part), Var("chosen_im", part)
    builder.add(Branch(test, arms[0], yields[0], arms[1], yields[1], [re, im]))
    return re, im
