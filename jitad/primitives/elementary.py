"""Elementary functions of ``math`` and NumPy with their derivative rules.

Kink policy, as in ``core``: a rule returns the derivative of the side that the function's own branch takes. Where
a function has a pole in its derivative (``sqrt`` at 0), the rule returns IEEE's infinity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jitad.primitives import core
from jitad.primitives.spec import ZERO, Partial, Primitive, ScalarPrimitive
from jitad.vector.functions import FUNCTIONS

_LOG_2 = math.log(2.0)
_LOG_10 = math.log(10.0)
_DEGREES = 180.0 / math.pi
_RADIANS = math.pi / 180.0


def call(
    function: Any,
    plain: Any,
    *partials: Partial,
    also: tuple[Any, ...] = (),
    cost: int = 20,
    typed_as: Any = None,
    prefix: str = "math_",
    name: str = "",
    **options: Any,
) -> ScalarPrimitive:
    """A primitive that is emitted as a call of ``function``, and of ``plain`` in uncompiled code."""
    name = name or function.__name__
    arguments = ", ".join(f"{{{position}}}" for position in range(len(partials)))
    emitted = f"{prefix}{function.__name__}"
    if function.__name__ in FUNCTIONS:
        also = (*also, f"jitad.math:{function.__name__}")
    return ScalarPrimitive(
        name=name,
        callables=tuple(dict.fromkeys((function, *((plain,) if isinstance(plain, np.ufunc) else ()), *also))),
        template=f"{emitted}({arguments})",
        typed_as=typed_as or function,
        partials=partials,
        cost=cost,
        names=((emitted, function),),
        plain_names=((emitted, plain),),
        **options,
    )


def _wide(x: Any) -> Any:
    """``x`` as a float64, or as it is when it is wider."""
    return x if isinstance(x, np.longdouble) else np.float64(x)


# Trigonometric and hyperbolic functions


def _sin(x, result):
    return math.cos(x)


def _cos(x, result):
    return -math.sin(x)


def _tan(x, result):
    return 1.0 + result * result


def _asin(x, result):
    return 1.0 / math.sqrt((1.0 - x) * (1.0 + x))


def _acos(x, result):
    return -1.0 / math.sqrt((1.0 - x) * (1.0 + x))


def _atan(x, result):
    return 1.0 / (1.0 + x * x)


def _atan2_y(y, x, result):
    # no derivative at the origin: nan there
    return x / (x * x + y * y)


def _atan2_x(y, x, result):
    return -y / (x * x + y * y)


def _sinh(x, result):
    return math.cosh(x)


def _cosh(x, result):
    return math.sinh(x)


def _tanh(x, result):
    return 1.0 - result * result


def _asinh(x, result):
    return 1.0 / math.hypot(1.0, x)


def _acosh(x, result):
    return 1.0 / (math.sqrt(x - 1.0) * math.sqrt(x + 1.0))


def _atanh(x, result):
    return 1.0 / ((1.0 - x) * (1.0 + x))


def _hypot_a(a, b, result):
    # kink at the origin: the derivative is 0 there
    return 0.0 if result == 0 else a / result


def _hypot_b(a, b, result):
    return 0.0 if result == 0 else b / result


def _sinc(x, result):
    # the quotient cancels near 0, where the Taylor series of cos(y)/y - sin(y)/y**2 is used, y = pi x
    y = math.pi * x
    z = y * y
    near = -y * (1.0 / 3.0 - z * (1.0 / 30.0 - z * (1.0 / 840.0 - z * (1.0 / 45360.0 - z / 3991680.0))))
    return math.pi * near if abs(y) < 0.3 else (math.cos(y) - math.sin(y) / y) / x


def _degrees(x, result):
    return _DEGREES


def _radians(x, result):
    return _RADIANS


# Exponentials, logarithms and powers


def _exp(x, result):
    return result


def _exp2(x, result):
    return result * _LOG_2


def _expm1(x, result):
    return result + 1.0


def _log(x, result):
    return 1.0 / x


def _log1p(x, result):
    return 1.0 / (1.0 + x)


def _log2(x, result):
    return 1.0 / (x * _LOG_2)


def _log10(x, result):
    return 1.0 / (x * _LOG_10)


def _logaddexp_a(a, b, result):
    # a == b also covers two equal infinities, where the exponent would be nan
    return 0.5 if a == b else math.exp(a - result)


def _logaddexp_b(a, b, result):
    return 0.5 if a == b else math.exp(b - result)


def _logaddexp2_a(a, b, result):
    return 0.5 if a == b else math.exp2(a - result)


def _logaddexp2_b(a, b, result):
    return 0.5 if a == b else math.exp2(b - result)


def _sqrt(x, result):
    # infinite at 0
    return 0.5 / result


def _cbrt(x, result):
    # infinite at 0
    return 1.0 / (3.0 * result * result)


def _square(x, result):
    return 2.0 * x


def _reciprocal(x, result):
    return -(result * result)


def _ldexp(x, exponent, result):
    return 2.0**exponent


def _nextafter_x(x, towards, result):
    # the distance to the next number is constant between powers of two
    return 1.0


# Signs and remainders


def _fabs(x, result):
    # kink at 0: the derivative is 0 there
    return 1.0 if x > 0 else (-1.0 if x < 0 else 0.0)


def _copysign(a, b, result):
    # kink at a == 0, where the sign of the zero decides
    return math.copysign(1.0, a) * math.copysign(1.0, b)


def _fmod_a(a, b, result):
    return 1.0


def _fmod_b(a, b, result):
    return -((a - result) / b)


_AT_THE_ORIGIN = (((0.0, 0.0), (0.0, 0.0)),)
_AT_INFINITY = (((-math.inf, -math.inf), (0.5, 0.5)),)
sin = call(math.sin, np.sin, _sin)
cos = call(math.cos, np.cos, _cos)
tan = call(math.tan, np.tan, _tan, cost=25)
tanh = call(math.tanh, np.tanh, _tanh, cost=25)
exp = call(math.exp, np.exp, _exp)
log = call(math.log, np.log, _log)
sqrt = call(math.sqrt, np.sqrt, _sqrt, cost=6, kink="infinite at 0", special=(((0.0,), (math.inf,)),))
hypot = call(math.hypot, np.hypot, _hypot_a, _hypot_b, cost=12, kink="0 at the origin", special=_AT_THE_ORIGIN)
fabs = call(math.fabs, np.fabs, _fabs, cost=1, kink="0 at 0", special=(((0.0,), (0.0,)),))
square = ScalarPrimitive(
    name="square", callables=(np.square,), template="({0} * {0})", typed_as=np.square, partials=(_square,)
)
math_pow = ScalarPrimitive(
    name="math_pow",
    callables=(math.pow, "jitad.math:pow"),
    template="math_pow({0}, {1})",
    typed_as=math.pow,
    partials=core.pow_.partials,
    cost=40,
    names=(("math_pow", math.pow),),
    plain_names=(("math_pow", np.power),),
    special=core.POWERS_OF_ZERO,
)

PRIMITIVES: tuple[Primitive, ...] = (
    *(sin, cos, tan, tanh, exp, log, sqrt, hypot, fabs, square, math_pow),
    call(math.asin, np.arcsin, _asin, kink="infinite at -1 and 1"),
    call(math.acos, np.arccos, _acos, kink="infinite at -1 and 1"),
    call(math.atan, np.arctan, _atan),
    call(
        math.atan2,
        np.arctan2,
        _atan2_y,
        _atan2_x,
        cost=30,
        kink="nan at the origin",
        special=(((0.0, 0.0), (math.nan, math.nan)),),
    ),
    call(math.sinh, np.sinh, _sinh, cost=25),
    call(math.cosh, np.cosh, _cosh, cost=25),
    call(math.asinh, np.arcsinh, _asinh, cost=25),
    call(math.acosh, np.arccosh, _acosh, cost=25, kink="infinite at 1"),
    call(math.atanh, np.arctanh, _atanh, cost=25),
    call(math.degrees, np.degrees, _degrees, also=(np.rad2deg,), cost=1),
    call(math.radians, np.radians, _radians, also=(np.deg2rad,), cost=1),
    call(math.exp2, np.exp2, _exp2, also=("scipy.special:exp2",)),
    call(math.expm1, np.expm1, _expm1, also=("scipy.special:expm1",)),
    call(math.log1p, np.log1p, _log1p, also=("scipy.special:log1p",)),
    call(math.log2, np.log2, _log2),
    call(math.log10, np.log10, _log10),
    call(np.logaddexp, np.logaddexp, _logaddexp_a, _logaddexp_b, cost=45, prefix="np_", special=_AT_INFINITY),
    call(np.logaddexp2, np.logaddexp2, _logaddexp2_a, _logaddexp2_b, cost=45, prefix="np_", special=_AT_INFINITY),
    call(
        *(np.cbrt, np.cbrt, _cbrt),
        also=(math.cbrt, "scipy.special:cbrt"),
        prefix="np_",
        kink="infinite at 0",
        special=(((0.0,), (math.inf,)),),
    ),
    call(np.reciprocal, np.reciprocal, _reciprocal, cost=4, prefix="np_"),
    call(math.ldexp, np.ldexp, _ldexp, ZERO, cost=2, cases=((1.3, 4), (-0.7, -3))),
    call(math.copysign, np.copysign, _copysign, ZERO, cost=1, kink="at 0 the sign of the zero decides"),
    call(
        *(np.fmod, np.fmod, _fmod_a, _fmod_b),
        also=(math.fmod,),
        cost=10,
        prefix="np_",
        kink="one-sided at multiples of the divisor",
    ),
    call(*(np.nextafter, np.nextafter, _nextafter_x, ZERO), cost=5, prefix="np_", kink="1 at powers of two"),
    call(np.spacing, np.spacing, ZERO, cost=5, prefix="np_", kink="jumps at powers of two"),
    ScalarPrimitive(
        name="float_power",
        callables=(np.float_power,),
        template="(float64({0}) ** float64({1}))",
        typed_as=np.float_power,
        partials=core.pow_.partials,
        cost=40,
        names=(("float64", np.float64),),
        plain_names=(("float64", _wide),),
        special=core.POWERS_OF_ZERO,
    ),
)
