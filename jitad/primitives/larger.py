"""The larger and the smaller of two numbers, as Python and NumPy choose them.

Kink policy, as in ``core``: a tie goes to the first argument, so its derivative does too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jitad.primitives.spec import Partial, Primitive, ScalarPrimitive


def _max_a(a, b, result):
    # ties go to the first argument, as Python's max returns it
    return 0.0 if b > a else 1.0


def _max_b(a, b, result):
    return 1.0 if b > a else 0.0


def _min_a(a, b, result):
    # ties go to the first argument, as Python's min returns it
    return 0.0 if b < a else 1.0


def _min_b(a, b, result):
    return 1.0 if b < a else 0.0


def _maximum_a(a, b, result):
    # ties go to the first argument; so does a nan in it, which the result passes on
    return 1.0 if (a >= b) | (a != a) else 0.0


def _maximum_b(a, b, result):
    return 0.0 if (a >= b) | (a != a) else 1.0


def _minimum_a(a, b, result):
    # ties go to the first argument; so does a nan in it, which the result passes on
    return 1.0 if (a <= b) | (a != a) else 0.0


def _minimum_b(a, b, result):
    return 0.0 if (a <= b) | (a != a) else 1.0


def _fmax_a(a, b, result):
    # ties go to the first argument; a nan loses
    return 1.0 if (a >= b) | (b != b) else 0.0


def _fmax_b(a, b, result):
    return 0.0 if (a >= b) | (b != b) else 1.0


def _fmin_a(a, b, result):
    # ties go to the first argument; a nan loses
    return 1.0 if (a <= b) | (b != b) else 0.0


def _fmin_b(a, b, result):
    return 0.0 if (a <= b) | (b != b) else 1.0


def _choice(
    name: str, function: Any, condition: str, first: Partial, second: Partial, *special: Any
) -> ScalarPrimitive:
    """``a if condition else b`` on two numbers of one type; a select, which vectorises, not a call."""
    return ScalarPrimitive(
        name=name,
        callables=(function,),
        template=f"({{0}} if {condition} else {{1}})",
        typed_as=max,
        partials=(first, second),
        kink="ties go to the first argument",
        special=(((2.0, 2.0), (1.0, 0.0)), *special),
    )


_NAN_COUNTS = (((math.nan, 1.0), (1.0, 0.0)), ((1.0, math.nan), (0.0, 1.0)))
_NAN_LOSES = (((math.nan, 1.0), (0.0, 1.0)), ((1.0, math.nan), (1.0, 0.0)))

PRIMITIVES: tuple[Primitive, ...] = (
    _choice("max", max, "not ({1} > {0})", _max_a, _max_b),
    _choice("min", min, "not ({1} < {0})", _min_a, _min_b),
    _choice("maximum", np.maximum, "(({0} >= {1}) | ({0} != {0}))", _maximum_a, _maximum_b, *_NAN_COUNTS),
    _choice("minimum", np.minimum, "(({0} <= {1}) | ({0} != {0}))", _minimum_a, _minimum_b, *_NAN_COUNTS),
    _choice("fmax", np.fmax, "(({0} >= {1}) | ({1} != {1}))", _fmax_a, _fmax_b, *_NAN_LOSES),
    _choice("fmin", np.fmin, "(({0} <= {1}) | ({1} != {1}))", _fmin_a, _fmin_b, *_NAN_LOSES),
)
