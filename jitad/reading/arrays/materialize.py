"""From array expressions to arrays: fresh memory, filled by the loops of the whole expression at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jitad.errors import KernelTypeError
from jitad.primitives.core import convert_constant
from jitad.program.builder import Builder
from jitad.program.statements import Const, Operand, Var
from jitad.program.types import Scalar
from jitad.reading.arrays.loops import for_each
from jitad.reading.arrays.maps import allocate, as_lazy, as_variable
from jitad.reading.context import Context
from jitad.reading.values import ArrayLike, ArrayValue, LazyValue, ScalarValue, Value


@dataclass(frozen=True, eq=False)
class ProductValue(LazyValue):
    """A library call that hasn't been made: ``write(ctx, out, accumulate)`` emits it.

    It has no elements of its own; ``settled`` computes it where elements are needed.
    """

    write: Callable[[Context, Var, bool], None] | None = None
    can_accumulate: bool = False


@dataclass(frozen=True, eq=False)
class FilledValue(LazyValue):
    """An array full of one constant; ``fill`` is None when its contents don't matter (``np.empty``)."""

    fill: int | float | bool | None = None


def filled(dtype: str, shape: tuple[Operand, ...], fill: float | bool | None) -> FilledValue:
    """A fresh array of one constant."""
    number = Const(0 if fill is None else fill, Scalar("float64" if isinstance(fill, float) else "int64"))
    value = convert_constant(number, Scalar(dtype))

    def element(builder: Builder, index: object) -> Operand:
        return value

    return FilledValue(dtype, shape, element, (), 0, None if fill is None else value.value)


def materialize(ctx: Context, value: Value, name: str = "", fresh: bool = False) -> ArrayValue:
    """The value as an array in memory.

    An array expression is computed into a fresh C-contiguous array. An array is given back as it is, or copied
    if ``fresh``.
    """
    if isinstance(value, ArrayValue):
        if not fresh:
            return value
        name = name or value.base.name
    if isinstance(value, ProductValue):
        out = allocate(ctx, name, value.dtype, value.shape)
        assert value.write is not None
        value.write(ctx, out.base, False)
        return out
    if isinstance(value, FilledValue):
        return allocate(ctx, name, value.dtype, value.shape, value.fill)
    if isinstance(value, ScalarValue):
        out = allocate(ctx, name, value.type.dtype, ())
        ctx.builder.store(out.base, (), value.operand)
        return out
    if not isinstance(value, ArrayValue | LazyValue):
        ctx.refuse(KernelTypeError, "an array is needed here", "pass an array")
    expression = as_lazy(value)
    out = allocate(ctx, name, expression.dtype, expression.shape)

    def body(builder: Builder, index: list[Operand]) -> None:
        builder.store(out.base, index, expression.element(builder, index))

    for_each(ctx, out.shape, body)
    return out


def settled(ctx: Context, value: ArrayLike) -> ArrayLike:
    """The value with elements: a pending library call is made now."""
    return materialize(ctx, value) if isinstance(value, ProductValue) else value


def contiguous(ctx: Context, value: ArrayLike, layouts: str = "C") -> Var:
    """The value as an array variable of one of the layouts; copied if it has another."""
    array = materialize(ctx, value)
    var = as_variable(ctx, array)
    if var.type.layout in layouts:  # type: ignore[union-attr]
        return var
    return materialize(ctx, array, fresh=True).base
