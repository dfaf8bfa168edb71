"""Multiply an adjoint by a partial derivative without spending operations that the partial's form saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from jitad.primitives import core, guarded
from jitad.primitives.sums import add_to_sum
from jitad.program.builder import Builder, is_const
from jitad.program.statements import Const, Operand
from jitad.program.types import Scalar


def partials_of(
    builder: Builder, args: Sequence[Operand], partials: Sequence[Operand | None]
) -> list[tuple[Operand, Operand]]:
    """Each argument with its partial derivative, without those that have none (None).

    An operand that stands for several arguments with one partial, as in ``x * x``, comes once, with the sum of them.
    """
    rows = [(arg, partial) for arg, partial in zip(args, partials, strict=True) if partial is not None]
    found = []
    for (arg, partial), count in Counter(rows).items():
        assert isinstance(partial.type, Scalar)
        if count > 1 and partial.type.is_float:
            found.append((arg, builder.times(Const(float(count), partial.type), partial)))
        else:
            found += [(arg, partial)] * count
    return found


def product(builder: Builder, bar: Operand, partial: Operand, *, is_guarded: bool = False) -> Operand | None:
    """``bar * partial``, or None when the partial is the literal zero.

    A guarded product is 0 where ``bar`` is, even if the partial is infinite or NaN.

    A partial that selects 0 selects a zero product, whatever ``bar`` is: the side of a branch that isn't taken
    contributes nothing. Where a partial is a quotient, ``bar`` is multiplied by the reciprocal of the divisor: however
    many adjoints are divided by it, there is one division, and none waits for another. (The reciprocal of a subnormal
    number may overflow where the quotient doesn't.) Signs and small powers of two, which round nothing, go to the
    front, where later factors meet them.
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
        numerator, divisor = made.args
        reciprocal = builder.compute(core.truediv, Const(1.0, bar.type), divisor)
        return product(builder, _times(builder, bar, reciprocal, is_guarded), numerator, is_guarded=is_guarded)
    if made is not None and made.primitive is core.select:
        condition, then, otherwise = made.args
        nothing = Const(0.0, bar.type)
        sides = (product(builder, bar, side, is_guarded=is_guarded) or nothing for side in (then, otherwise))
        return builder.select(condition, *sides)
    return _times(builder, bar, partial, is_guarded)


def _times(builder: Builder, bar: Operand, factor: Operand, is_guarded: bool) -> Operand:
    """``bar * factor``, with signs and powers of two in front."""
    assert isinstance(bar.type, Scalar)
    if is_const(bar, -1):
        return builder.negative(factor)
    negated = negation(builder, bar)
    if negated is not None:
        return builder.negative(_times(builder, negated, factor, is_guarded))
    bar_scale, rest = _scaled(builder, bar)
    factor_scale, other = _scaled(builder, factor)
    scale = bar_scale * factor_scale
    literal, number = (rest, other) if isinstance(rest, Const) else (other, rest)
    if isinstance(literal, Const) and abs(scale * literal.value) <= _LARGEST[bar.type.dtype]:
        return builder.times(Const(scale * literal.value, bar.type), number)
    for one, another in ((rest, other), (other, rest)):
        whole = _without(builder, one, 1 / scale) if scale != 1 else None
        if whole is not None:  # a half meets a two
            scale, rest, other = 1.0, *((whole, another) if one is rest else (another, whole))
    if is_guarded and not isinstance(rest, Const):
        return builder.times(Const(scale, bar.type), builder.compute(guarded.times, rest, other))
    return builder.times(Const(scale, bar.type), builder.times(rest, other))


def negation(builder: Builder, operand: Operand) -> Operand | None:
    """``x`` when the operand is ``-x``."""
    made = builder.made_by(operand)
    return made.args[0] if made is not None and made.primitive is core.neg else None


def add_term(builder: Builder, total: Operand | None, term: Operand, *, free: bool = False) -> Operand:
    """``total + term`` (None is nothing yet), by a subtraction where the term is a negation.

    With ``free``, the terms of the sum may be added in any order. Twice a half of a number is that number.
    """
    if total is None:
        return term
    if total is term:
        for factor, other in _factors(builder, term):
            if abs(factor.value) in _FRACTIONS:
                return builder.times(Const(2.0 * factor.value, factor.type), other)
    if free:
        return builder.compute(add_to_sum, total, term)
    negated = negation(builder, term)
    return builder.plus(total, term) if negated is None else builder.minus(total, negated)


def _scaled(builder: Builder, operand: Operand) -> tuple[float, Operand]:
    """``(c, x)`` when the operand is ``c * x`` with a small power of two ``c``; else 1 and the operand itself."""
    for factor, other in _factors(builder, operand):
        if factor.value in _POWERS:
            return float(factor.value), other
    return 1.0, operand


def _without(builder: Builder, operand: Operand, literal: float) -> Operand | None:
    """``x`` when the operand is ``literal * x``."""
    return next((other for factor, other in _factors(builder, operand) if factor.value == literal), None)


def _factors(builder: Builder, operand: Operand) -> Iterator[tuple[Const, Operand]]:
    """The literal and the other factor of a product that has a literal."""
    made = builder.made_by(operand)
    if made is not None and made.primitive is core.mul and made.out.type == operand.type:
        for factor, other in (made.args, made.args[::-1]):
            if isinstance(factor, Const) and other.type == operand.type:
                yield factor, other


_POWERS = frozenset(2.0**k for k in range(1, 9))
"""Factors that are exact, and can't make a product overflow by being multiplied in later."""

_FRACTIONS = frozenset(1 / power for power in _POWERS)

_LARGEST = {"float32": 2.0**127, "float64": 2.0**1023}
"""Literals up to here are finite."""
