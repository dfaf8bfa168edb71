"""Sums whose terms may be added in any order."""

from __future__ import annotations

import operator
from typing import Any

from jitad.primitives import core
from jitad.primitives.spec import Primitive, ScalarPrimitive
from jitad.program.types import Scalar
from jitad.runtime import sums


def _one(total: Any, term: Any, result: Any) -> float:
    return 1.0


add_to_sum = ScalarPrimitive(
    name="add_to_sum",
    template="add_to_sum({0}, {1})",
    typed_as=operator.add,
    partials=(_one, _one),
    names=(("add_to_sum", sums.add_to_sum),),
    plain_names=(("add_to_sum", operator.add),),
    doc="``total + term`` in a sum that the reader or a transform made: its terms may be added in any order.",
)

ADDITIONS = frozenset({core.add, add_to_sum})

PRIMITIVES: tuple[Primitive, ...] = (add_to_sum,)


def addition(type_: Scalar) -> ScalarPrimitive:
    """What adds to a sum of this type in any order; integers are exact in every order."""
    return add_to_sum if type_.is_float and not type_.lanes else core.add
