"""Products of derivatives in which zero wins: where nothing flows in, nothing flows out, however steep a function is.

What a kernel computes and then doesn't use has a zero adjoint. Beside a pole, IEEE's ``0 * inf`` would make NaN of it:
the logarithm of 0 in the side of ``np.where`` that isn't taken, or an overflow that is replaced. Functions whose
derivative is finite for finite arguments, here the tame ones, need no such care.
"""

from __future__ import annotations

import operator

from jitad.primitives import core
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.statements import Compute, Const

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
            "mod",
            "fmod",
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

_ROOTS = frozenset({"sqrt", "cbrt", "asin", "acos"})
"""The names of steep primitives that are finite wherever their arguments are."""


times = ScalarPrimitive(
    name="guarded_product",
    template="({0} * {1} if {0} != 0 else {0})",
    typed_as=operator.mul,
    partials=core.mul.partials,
    cost=core.mul.cost + 1,
    doc="``a * b``, and 0 where ``a`` is 0, whatever ``b`` is.",
)


def is_tame(statement: Compute) -> bool:
    """True when an operation's partial derivatives are finite for finite arguments."""
    if statement.primitive is core.pow_:
        exponent = statement.args[1]
        return isinstance(exponent, Const) and (exponent.value >= 1 or exponent.value == 0)
    if statement.primitive is core.truediv:
        divisor = statement.args[1]
        return isinstance(divisor, Const) and divisor.value != 0
    return statement.primitive.name in TAME


def is_steep(statement: Compute) -> bool:
    """True when an operation may be finite where a partial derivative is infinite."""
    return statement.primitive.name in STEEP and not is_tame(statement)


def may_overflow(statement: Compute) -> bool:
    """True when an operation may be infinite for finite arguments, beyond what products of large numbers are."""
    return not is_tame(statement) and statement.primitive.name not in _ROOTS
