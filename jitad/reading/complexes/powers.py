"""Powers of complex numbers: products for exponents that are integers known while reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jitad.primitives.complexes import arithmetic
from jitad.program.statements import Const, Operand
from jitad.program.types import Scalar
from jitad.reading.complexes.elementwise import applied
from jitad.reading.complexes.parts import constant
from jitad.reading.context import Context
from jitad.reading.values import ComplexValue, ScalarValue, Value

MOST = 100
"""Powers up to this one are products."""


def power(ctx: Context, function: Any, args: Sequence[Value]) -> Value:
    """``base ** exponent``; ``function`` is what Numba types."""
    times = _known_integer(args[1])
    definition = arithmetic.power if times is None else Product(times)
    return applied(ctx, function, definition, args, "**")


def _known_integer(value: Value) -> int | None:
    operands: tuple[Operand, ...] = (value.re, value.im) if isinstance(value, ComplexValue) else ()
    if isinstance(value, ScalarValue):
        operands = (value.operand,)
    numbers = [operand.value for operand in operands if isinstance(operand, Const)]
    if not numbers or len(numbers) < len(operands) or any(numbers[1:]):
        return None
    return int(numbers[0]) if abs(numbers[0]) <= MOST and numbers[0] == int(numbers[0]) else None


@dataclass(frozen=True)
class Product:
    """The power with an integer exponent, by squaring; with a negative one, the reciprocal of that."""

    times: int

    def emitted(self, ctx: Context, operands: Sequence[Operand]) -> Sequence[Operand]:
        """The parts of the power of the number whose parts are the first two operands."""
        square, count = operands[:2], abs(self.times)
        part = square[0].type
        assert isinstance(part, Scalar)
        found: Sequence[Operand] | None = None
        while count:
            if count & 1:
                found = square if found is None else ctx.define(arithmetic.multiply, (*found, *square))
            count >>= 1
            if count:
                square = ctx.define(arithmetic.multiply, (*square, *square))
        if found is None:
            return constant(part, 1.0), constant(part)
        return found if self.times > 0 else ctx.define(arithmetic.reciprocal, found)
