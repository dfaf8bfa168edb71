"""The square root of a sum of squares, whose derivative at 0 is 0: norms and standard deviations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jitad.primitives.spec import ScalarPrimitive


def root(x: Any) -> Any:
    """The square root of a number that is never negative.

    A norm has a kink at 0, where 0 is the smallest of its subgradients. (``sqrt`` itself has an infinite derivative.)
    """
    return math.sqrt(x)


def _root(x: Any, result: Any) -> Any:
    return 0.0 if result == 0 else 0.5 / result


PRIMITIVES: tuple[ScalarPrimitive, ...] = (
    ScalarPrimitive(
        name="root",
        callables=(root,),
        template="math_sqrt({0})",
        typed_as=math.sqrt,
        partials=(_root,),
        cost=6,
        names=(("math_sqrt", math.sqrt),),
        plain_names=(("math_sqrt", np.sqrt),),
        kink="0 at 0",
        special=(((0.0,), (0.0,)),),
        doc="The square root of a sum of squares.",
    ),
)
