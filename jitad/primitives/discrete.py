"""Functions whose derivative is zero wherever it exists: rounding, tests, logic, and functions of integers."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from jitad.primitives.elementary import call
from jitad.primitives.spec import ZERO, CompositePrimitive, Primitive, ScalarPrimitive


def _to_int64(x: Any) -> Any:
    return np.asarray(x).astype(np.int64)[()]


def _plain_floor(x):
    return _to_int64(np.floor(x))


def _plain_ceil(x):
    return _to_int64(np.ceil(x))


def _plain_trunc(x):
    return _to_int64(np.trunc(x))


def round_to_integer(x):
    """Python's ``round(x)``: the nearest integer, ties to even."""
    return int(np.rint(x))


def round_to_digits(x, digits):
    """Python's ``round(x, digits)``."""
    return round(x, digits)


def _round(number, ndigits=None):
    if ndigits is None:
        return round_to_integer(number)
    return round_to_digits(number, ndigits)


def _divmod(a, b):
    return a // b, a % b


def _plain_round(x):
    return _to_int64(np.rint(x))


def _plain_round_to_digits(x, digits):
    return type(x)(round(x, int(digits)))


def _test(name: str, function: Any, template: str) -> ScalarPrimitive:
    """A NumPy test written as an expression, which vectorises."""
    partials = (ZERO,) * (2 if "{1}" in template else 1)
    return ScalarPrimitive(name=name, callables=(function,), template=template, typed_as=function, partials=partials)


def _rounding(name: str, functions: tuple[Any, ...], compiled: Any, plain: Any, arity: int = 1) -> ScalarPrimitive:
    arguments = ", ".join(f"{{{position}}}" for position in range(arity))
    return ScalarPrimitive(
        name=name,
        callables=functions,
        template=f"{name}({arguments})",
        typed_as=compiled,
        partials=(ZERO,) * arity,
        cost=2,
        kink="jumps",
        names=((name, compiled),),
        plain_names=((name, plain),),
    )


PRIMITIVES: tuple[Primitive, ...] = (
    _rounding("math_floor", (math.floor,), math.floor, _plain_floor),
    _rounding("math_ceil", (math.ceil,), math.ceil, _plain_ceil),
    _rounding("math_trunc", (math.trunc,), math.trunc, _plain_trunc),
    _rounding("np_floor", (np.floor,), np.floor, np.floor),
    _rounding("np_ceil", (np.ceil,), np.ceil, np.ceil),
    _rounding("np_trunc", (np.trunc, np.fix), np.trunc, np.trunc),
    _rounding("np_rint", (np.rint,), np.rint, np.rint),
    _rounding("python_round", (round_to_integer,), round, _plain_round),
    _rounding("python_round_digits", (round_to_digits,), round, _plain_round_to_digits, arity=2),
    CompositePrimitive(name="round", callables=(round,), definition=_round, cases=((2.3,), (2.347, 1))),
    CompositePrimitive(
        name="divmod", callables=(divmod, np.divmod), definition=_divmod, cases=((5.3, 1.7), (-2.9, 0.8))
    ),
    call(np.sign, np.sign, ZERO, prefix="np_", cost=2, kink="jumps at 0"),
    call(np.signbit, np.signbit, ZERO, prefix="np_", cost=1),
    call(math.isnan, np.isnan, ZERO, cost=1),
    call(math.isinf, np.isinf, ZERO, cost=1),
    call(math.isfinite, np.isfinite, ZERO, cost=1),
    call(math.gcd, np.gcd, ZERO, ZERO, cost=40),
    call(np.lcm, np.lcm, ZERO, ZERO, prefix="np_", cost=40),
    _test("logical_and", np.logical_and, "(({0} != 0) & ({1} != 0))"),
    _test("logical_or", np.logical_or, "(({0} != 0) | ({1} != 0))"),
    _test("logical_xor", np.logical_xor, "(({0} != 0) ^ ({1} != 0))"),
    _test("logical_not", np.logical_not, "({0} == 0)"),
    ScalarPrimitive(
        name="truth",
        callables=(operator.truth,),
        template="({0} != 0)",
        typed_as=bool,
        partials=(ZERO,),
    ),
)
