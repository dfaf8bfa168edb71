"""Which definition computes which function of complex numbers."""

from __future__ import annotations

import builtins
import cmath
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.primitives.complexes import arithmetic, elementary, inverse
from jitad.primitives.core import stop_gradient
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.types import FLOAT64, REAL_DTYPES
from jitad.reading.arrays.arguments import flag
from jitad.reading.complexes.elementwise import applied, refuse_complex
from jitad.reading.complexes.powers import power
from jitad.reading.complexes.typing import common_complex, typed
from jitad.reading.context import Context
from jitad.reading.values import ComplexValue, ScalarValue, SequenceValue, Value

DEFINITIONS: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys((operator.add, operator.iadd, np.add), arithmetic.add),
    **dict.fromkeys((operator.sub, operator.isub, np.subtract), arithmetic.subtract),
    **dict.fromkeys((operator.mul, operator.imul, np.multiply), arithmetic.multiply),
    **dict.fromkeys((operator.truediv, operator.itruediv, np.divide), arithmetic.divide),
    **dict.fromkeys((operator.neg, np.negative), arithmetic.negative),
    **dict.fromkeys((operator.pos, np.positive), arithmetic.positive),
    **dict.fromkeys((operator.eq, np.equal), arithmetic.equal),
    **dict.fromkeys((operator.ne, np.not_equal), arithmetic.not_equal),
    **dict.fromkeys((builtins.abs, operator.abs, np.absolute), arithmetic.absolute),
    np.square: arithmetic.square,
    np.reciprocal: arithmetic.reciprocal,
    np.conjugate: arithmetic.conjugate,
    np.isnan: arithmetic.isnan,
    np.isinf: arithmetic.isinf,
    np.isfinite: arithmetic.isfinite,
    np.exp: elementary.exp,
    np.exp2: elementary.exp2,
    np.expm1: elementary.expm1,
    np.log: elementary.log,
    np.log2: elementary.log2,
    np.log10: elementary.log10,
    np.log1p: elementary.log1p,
    np.sqrt: elementary.sqrt,
    np.sin: elementary.sin,
    np.cos: elementary.cos,
    np.tan: elementary.tan,
    np.sinh: elementary.sinh,
    np.cosh: elementary.cosh,
    np.tanh: elementary.tanh,
    np.arcsin: inverse.asin,
    np.arccos: inverse.acos,
    np.arctan: inverse.atan,
    np.arcsinh: inverse.asinh,
    np.arccosh: inverse.acosh,
    np.arctanh: inverse.atanh,
}
"""Functions that Numba types on complex numbers and arrays."""

POWERS = (operator.pow, operator.ipow, builtins.pow, np.power)

_TYPED_AS = {builtins.pow: operator.pow, builtins.abs: np.absolute, operator.abs: np.absolute}
"""Functions that Numba types on arrays in the place of others."""

_TO_COMPLEX: dict[Any, Callable[..., Any]] = {
    cmath.exp: elementary.exp,
    cmath.log10: elementary.log10,
    cmath.sqrt: elementary.sqrt,
    cmath.sin: elementary.sin,
    cmath.cos: elementary.cos,
    cmath.tan: elementary.tan,
    cmath.sinh: elementary.sinh,
    cmath.cosh: elementary.cosh,
    cmath.tanh: elementary.tanh,
    cmath.asin: inverse.asin,
    cmath.acos: inverse.acos,
    cmath.atan: inverse.atan,
    cmath.asinh: inverse.asinh,
    cmath.acosh: inverse.acosh,
    cmath.atanh: inverse.atanh,
}
_TESTS = {cmath.isnan: arithmetic.isnan, cmath.isinf: arithmetic.isinf, cmath.isfinite: arithmetic.isfinite}


def apply_primitive(ctx: Context, primitive: ScalarPrimitive, args: Sequence[Value]) -> Value:
    """A scalar primitive on arguments of which some are complex."""
    for function in primitive.callables:
        if function in POWERS or function in DEFINITIONS:
            return operation(ctx, function, args)
    refuse_complex(ctx, primitive.name)


def operation(ctx: Context, function: Any, args: Sequence[Value]) -> Value:
    """An operator or a ufunc on arguments of which some are complex."""
    name = getattr(function, "__name__", "the function")
    typed_as = _TYPED_AS.get(function, function)
    if function in POWERS:
        return power(ctx, typed_as, args)
    return applied(ctx, typed_as, DEFINITIONS[function], args, name)


def _of_cmath(function: Any, definition: Any, kind: str) -> Callable[..., Value]:
    """A function of ``cmath``, which takes numbers, real ones too."""

    def call(ctx: Context, z: Value) -> Value:
        dtype = _complex_of(z)
        result = {"complex": dtype, "real": REAL_DTYPES[dtype], "bool": "bool"}[kind]
        whole = z if isinstance(z, ComplexValue) else ScalarValue(ctx.scalar(z, f"the argument of {function.__name__}"))
        return applied(ctx, function, definition, (whole,), function.__name__, result)

    return call


def _complex_of(value: Value) -> str:
    dtype, _ = typed(value) if isinstance(value, ComplexValue | ScalarValue) else ("float64", False)
    return common_complex([dtype])


def _log(ctx: Context, z: Value, base: Value | None = None) -> Value:
    found = _of_cmath(cmath.log, elementary.log, "complex")(ctx, z)
    if base is None:
        return found
    return operation(ctx, operator.truediv, (found, _of_cmath(cmath.log, elementary.log, "complex")(ctx, base)))


def _polar(ctx: Context, z: Value) -> Value:
    size, angle = (_of_cmath(f, d, "real")(ctx, z) for f, d in _POLAR)
    return SequenceValue((size, angle))


_POLAR = ((cmath.polar, arithmetic.absolute), (cmath.phase, arithmetic.phase))


def _rect(ctx: Context, r: Value, phi: Value) -> Value:
    operands = [ctx.scalar(value, "an argument of rect") for value in (r, phi)]
    size, angle = (ctx.builder.cast(o, o.type if o.type.is_float else FLOAT64) for o in operands)  # type: ignore[arg-type]
    re, im = ctx.define(arithmetic.rect, (size, angle))
    return ComplexValue(re, im)


def angle(ctx: Context, z: Value, deg: Value | None = None) -> Value:
    """``np.angle``: in radians, or in degrees."""
    part = REAL_DTYPES[common_complex([typed(z)[0]])]
    found = applied(ctx, np.angle, arithmetic.phase, (z,), "angle", part)
    return ctx.call(np.degrees, [found], {}, "np.degrees") if flag(ctx, deg, "deg") else found


def tested(definition: Any) -> Callable[..., Value]:
    """A test of each number."""

    def test(ctx: Context, x: Value) -> Value:
        return applied(ctx, definition, definition, (x,), definition.__name__, "bool")

    return test


is_nonzero = tested(arithmetic.is_nonzero)
"""Whether numbers aren't zero: their truth."""


def stop(ctx: Context, x: Value) -> Value:
    """``stop_gradient`` of both parts."""
    return applied(ctx, stop_gradient, arithmetic.stopped, (x,), "stop_gradient", typed(x)[0])


CMATH: dict[Any, Callable[..., Value]] = {
    **{function: _of_cmath(function, definition, "complex") for function, definition in _TO_COMPLEX.items()},
    **{function: _of_cmath(function, definition, "bool") for function, definition in _TESTS.items()},
    cmath.phase: _of_cmath(cmath.phase, arithmetic.phase, "real"),
    cmath.log: _log,
    cmath.polar: _polar,
    cmath.rect: _rect,
}
"""The functions of ``cmath``, which are complex whatever they are given."""
