"""Multiply an adjoint by a partial derivative without spending operations that the partial's form saves."""

from __future__ import annotations

from jitad.primitives import core
from jitad.program.builder import Builder, is_const
from jitad.program.statements import Const, Operand
from jitad.program.types import Scalar


def product(builder: Builder, bar: Operand, partial: Operand) -> Operand | None:
    """``bar * partial``, or None when the partial is the literal zero.

    A partial that selects 0 selects a zero product, whatever ``bar`` is: the side of a branch that isn't taken
    contributes nothing. Quotients divide ``bar`` first, so that two partials with one divisor share a division.
    """
    assert isinstance(bar.type, Scalar)
    partial = builder.cast(partial, bar.type)
    if is_const(partial, 0):
        return None
    if is_const(partial, 1):
        return bar
    if is_const(partial, -1):
        return builder.negative(bar)
    made = builder.made_by(partial)
    if made is not None and made.primitive is core.neg:
        inner = product(builder, bar, made.args[0])
        return None if inner is None else builder.negative(inner)
    if made is not None and made.primitive is core.truediv and made.out.type == bar.type:
        quotient = builder.compute(core.truediv, bar, made.args[1])
        return product(builder, quotient, made.args[0])
    if made is not None and made.primitive is core.select:
        condition, then, otherwise = made.args
        nothing = Const(0.0, bar.type)
        return builder.select(
            condition, product(builder, bar, then) or nothing, product(builder, bar, otherwise) or nothing
        )
    return builder.times(bar, partial)
