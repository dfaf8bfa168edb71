"""The exponential function in LLVM's terms, to be inlined: a loop over it runs in vectors of any width, without a call.

By Cody and Waite's reduction (*Software Manual for the Elementary Functions*, 1980, chapter 6): x = k log 2 + r with an
integer k and |r| at most about log(2) / 2, so that e^x = 2^k e^r, and e^r is near 1 + r + r^2 q(r) with a polynomial q.
The integer is rounded by adding 1.5 times 2 to the number of fraction bits, and read from the sum's last bits (Muller
et al., *Handbook of Floating-Point Arithmetic*, 2018, section 10.6). 2^k is applied as two factors, so that results
below the normal range are rounded once. The error is at most 1.1 units in the last place; a NaN stays one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

UNCHANGED = ("arcp",)
"""Flags of every operation. With this one, which says something about divisions only, an operation is exempt from the
user's ``fastmath``, under which adding and subtracting a large number would be nothing."""


@dataclass(frozen=True)
class Format:
    """A format of numbers, and what the computation takes there."""

    number: Any
    bits: Any
    fraction: int
    """How many bits of a number follow its leading one."""
    bias: int
    lowest: float
    """Below it the result is 0; above ``highest`` it is infinite."""
    highest: float
    per_log2: float
    log2: tuple[float, float]
    """log 2 as a number that an integer k multiplies without rounding, and the rest."""
    q: tuple[float, ...]
    """The coefficients of q, from the constant on: the smallest relative error of e^r, found by Remez's algorithm."""


DOUBLE = Format(
    number=ir.DoubleType(),
    bits=ir.IntType(64),
    fraction=52,
    bias=1023,
    lowest=-746.0,
    highest=710.0,
    per_log2=float.fromhex("0x1.71547652b82fep+0"),
    log2=(float.fromhex("0x1.62e42fefa2p-1"), float.fromhex("0x1.9ef35793c7673p-41")),
    q=(  # off by 2^-57.9
        *(0.5000000000000011, 0.16666666666666413, 0.041666666666530267, 0.008333333333494335, 0.0013888888943597957),
        *(0.00019841269506775498, 2.4801493135881934e-05, 2.7557586269545227e-06, 2.763023404002919e-07),
        2.5000071512888897e-08,
    ),
)
SINGLE = Format(
    number=ir.FloatType(),
    bits=ir.IntType(32),
    fraction=23,
    bias=127,
    lowest=-104.0,
    highest=89.0,
    per_log2=float.fromhex("0x1.715476p+0"),
    log2=(float.fromhex("0x1.62e4p-1"), float.fromhex("0x1.7f7d1cp-20")),
    q=tuple(map(float.fromhex, ("0x1.fffffcp-2", "0x1.55548ep-3", "0x1.5559p-5", "0x1.123c24p-7", "0x1.6a2076p-10"))),
)  # off by 2^-28.2


def exponential(builder: Any, x: Any, format_: Format, *, fused: bool) -> Any:
    """Write e^x to ``builder``; ``fused`` where the machine multiplies and adds in one instruction."""
    return _Writer(builder, format_, fused=fused).exponential(x)


class _Writer:
    def __init__(self, builder: Any, format_: Format, *, fused: bool) -> None:
        self._builder = builder
        self._format = format_
        self._fused = fused

    def exponential(self, x: Any) -> Any:
        builder, known = self._builder, self._format
        x = self._limited(x, "<", known.lowest)
        x = self._limited(x, ">", known.highest)
        large = self._number(1.5 * 2.0**known.fraction)
        rounded = self._multiply_add(x, self._number(known.per_log2), large)
        k = builder.fsub(rounded, large, flags=UNCHANGED)
        r = x
        for part in known.log2:
            r = self._multiply_add(k, self._number(-part), r)
        square = builder.fmul(r, r, flags=UNCHANGED)
        odd, even = (self._polynomial(known.q[start::2], square) for start in (1, 0))
        q = self._multiply_add(odd, r, even)
        power = builder.fadd(self._multiply_add(q, square, r), self._number(1.0), flags=UNCHANGED)
        whole = builder.bitcast(rounded, known.bits)
        half = builder.lshr(whole, known.bits(1))
        for exponent in (half, builder.sub(whole, half)):
            power = builder.fmul(power, self._power_of_two(exponent), flags=UNCHANGED)
        return power

    def _number(self, value: float) -> Any:
        return ir.Constant(self._format.number, value)

    def _limited(self, x: Any, beyond: str, limit: float) -> Any:
        is_beyond = self._builder.fcmp_ordered(beyond, x, self._number(limit), flags=UNCHANGED)
        return self._builder.select(is_beyond, self._number(limit), x)

    def _multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        builder = self._builder
        if self._fused:
            return builder.fma(a, b, c)
        return builder.fadd(builder.fmul(a, b, flags=UNCHANGED), c, flags=UNCHANGED)

    def _polynomial(self, coefficients: Sequence[float], x: Any) -> Any:
        """Horner's rule."""
        value = self._number(coefficients[-1])
        for coefficient in coefficients[-2::-1]:
            value = self._multiply_add(value, x, self._number(coefficient))
        return value

    def _power_of_two(self, exponent: Any) -> Any:
        """2 to an integer, of which the bits that fit into a number's exponent count."""
        builder, known = self._builder, self._format
        shifted = builder.shl(exponent, known.bits(known.fraction))
        biased = builder.add(shifted, known.bits(known.bias << known.fraction))
        return builder.bitcast(biased, known.number)
