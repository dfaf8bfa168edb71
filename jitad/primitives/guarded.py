"""Products of derivatives in which zero wins: where nothing flows in, nothing flows out, however steep a function is.

What a kernel computes and then doesn't use has a zero adjoint. Beside a pole, IEEE's ``0 * inf`` would make NaN of it:
the logarithm of 0 in the side of ``np.where`` that isn't taken, or an overflow that is replaced. Functions whose
derivative is finite for finite arguments, here the tame ones, need no such care.
"""

from __future__ import annotations

import operator
from typing import TypeGuard

from jitad.primitives import core
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.statements import Compute, Const, Operand

TAME = frozenset(
    {
        *(
            "add",
            "sub",
            "mul",
            "neg",
            "pos",
            "abs",
            "fabs",
            "select",
            "square",
            "copysign",
            "ldexp",
            "degrees",
            "radians",
        ),
        *(
            "max",
            "min",
            "maximum",
            "minimum",
            "fmax",
            "fmin",
            "stop_gradient",
            "known_value",
            "nextafter",
            "splat",
        ),
        *("sin", "cos", "atan", "tanh", "asinh", "erf", "erfc", "sinc", "hypot", "root", "heaviside"),
        *("logaddexp", "logaddexp2", *(cast.name for cast in core.casts.values())),
    }
)
"""The names of primitives whose partial derivatives are finite for finite arguments."""

STEEP = frozenset({"sqrt", "cbrt", "pow", "math_pow", "float_power", "asin", "acos", "acosh"})
"""The names of primitives that are finite themselves where a partial derivative is infinite."""

_BY_DIVISORS = frozenset({core.truediv.name, core.mod.name, "fmod"})
"""The names of primitives that are tame where they divide by a number other than zero."""


times = ScalarPrimitive(
    name="guarded_product",
    template="({0} * {1} if {0} != 0 else {0})",
    typed_as=operator.mul,
    partials=core.mul.partials,
    cost=core.mul.cost + 1,
    doc="``a * b``, and 0 where ``a`` is 0, whatever ``b`` is.",
)


def is_tame(statement: Compute) -> bool:
    """True when an operation and its partial derivatives are finite for finite arguments."""
    if statement.primitive is core.pow_:
        exponent = statement.args[1]
        return _is_flat_at_zero(exponent) and float(exponent.value).is_integer()
    if statement.primitive.name in _BY_DIVISORS:
        divisor = statement.args[1]
        return isinstance(divisor, Const) and divisor.value != 0
    return statement.primitive.name in TAME


def is_steep(statement: Compute) -> bool:
    """True when an operation may be finite where a partial derivative is infinite."""
    if statement.primitive is core.pow_ and _is_flat_at_zero(statement.args[1]):
        return False
    return statement.primitive.name in STEEP


def may_overflow(statement: Compute) -> bool:
    """True when an operation may be infinite or NaN for finite arguments, beyond what products of large numbers are."""
    return not is_tame(statement) and statement.primitive.name != "cbrt"


def _is_flat_at_zero(exponent: Operand) -> TypeGuard[Const]:
    """True for an exponent of powers whose derivative at zero is finite."""
    return isinstance(exponent, Const) and (exponent.value >= 1 or exponent.value == 0)
