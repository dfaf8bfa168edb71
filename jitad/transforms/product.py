"""Multiply an adjoint by a partial derivative without spending operations that the partial's form saves."""

from __future__ import annotations

from jitad.primitives import core, guarded
from jitad.program.builder import Builder, is_const
from jitad.program.statements import Const, Operand
from jitad.program.types import Scalar


def product(builder: Builder, bar: Operand, partial: Operand, *, is_guarded: bool = False) -> Operand | None:
    """``bar * partial``, or None when the partial is the literal zero.

    A guarded product is 0 where ``bar`` is, even if the partial is infinite or NaN.

    A partial that selects 0 selects a zero product, whatever ``bar`` is: the side of a branch that isn't taken
    contributes nothing. Quotients divide ``bar`` first, so that two partials with one divisor share a division. Signs
    and small powers of two, which round nothing, go to the front, where later factors meet them.
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
        inner = product(builder, bar, made.args[0], is_guarded=is_guarded)
        return None if inner is None else builder.negative(inner)
    if made is not None and made.primitive is core.truediv and made.out.type == bar.type:
        quotient = builder.compute(guarded.over if is_guarded else core.truediv, bar, made.args[1])
        return product(builder, quotient, made.args[0], is_guarded=is_guarded)
    if made is not None and made.primitive is core.select:
        condition, then, otherwise = made.args
        nothing = Const(0.0, bar.type)
        sides = (product(builder, bar, side, is_guarded=is_guarded) or nothing for side in (then, otherwise))
        return builder.select(condition, *sides)
    if is_guarded and not isinstance(partial, Const):
        return builder.compute(guarded.times, bar, partial)
    negated = negation(builder, bar)
    if negated is not None:
        inner = product(builder, negated, partial)
        return None if inner is None else builder.negative(inner)
    scale, rest = _scaled(builder, bar)
    if isinstance(partial, Const):
        scaled = scale * partial.value
        if abs(scaled) > _LARGEST[bar.type.dtype]:
            return builder.times(bar, partial)
        return builder.times(rest, Const(scaled, bar.type))
    other_scale, other = _scaled(builder, partial)
    return builder.times(Const(scale * other_scale, bar.type), builder.times(rest, other))


def negation(builder: Builder, operand: Operand) -> Operand | None:
    """``x`` when the operand is ``-x``."""
    made = builder.made_by(operand)
    return made.args[0] if made is not None and made.primitive is core.neg else None


def add_term(builder: Builder, total: Operand | None, term: Operand) -> Operand:
    """``total + term`` (None is nothing yet), by a subtraction where the term is a negation."""
    if total is None:
        return term
    negated = negation(builder, term)
    return builder.plus(total, term) if negated is None else builder.minus(total, negated)


def _scaled(builder: Builder, operand: Operand) -> tuple[float, Operand]:
    """``(c, x)`` when the operand is ``c * x`` with a small power of two ``c``; else 1 and the operand itself."""
    made = builder.made_by(operand)
    if made is not None and made.primitive is core.mul and made.out.type == operand.type:
        for factor, other in (made.args, made.args[::-1]):
            if isinstance(factor, Const) and factor.value in _POWERS and other.type == operand.type:
                return float(factor.value), other
    return 1.0, operand


_POWERS = frozenset(2.0**k for k in range(1, 9))
"""Factors that are exact, and can't make a product overflow by being multiplied in later."""

_LARGEST = {"float32": 2.0**127, "float64": 2.0**1023}
"""Literals up to here are finite."""
