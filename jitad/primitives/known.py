"""A value that is known already, beside the computation that its derivative comes from."""

from __future__ import annotations

import operator
from typing import Any

from jitad.primitives.spec import ZERO, ScalarPrimitive


def _one(value: Any, again: Any, result: Any) -> float:
    return 1.0


known_value = ScalarPrimitive(
    name="known_value",
    template="({0} if True else {1})",
    typed_as=operator.add,
    partials=(ZERO, _one),
    cost=0,
    doc="``value``, with the derivative of ``again``, which is the same number; an adjoint doesn't compute it twice.",
)
