"""The larger and the smaller of two numbers in a search for an extreme value: a NaN wins. They have no derivative."""

from __future__ import annotations

import numpy as np

from jitad.primitives.spec import ZERO, ScalarPrimitive
from jitad.runtime import extremes


def _extreme(name: str, plain: np.ufunc) -> ScalarPrimitive:
    return ScalarPrimitive(
        name=name,
        template=f"{name}({{0}}, {{1}})",
        typed_as=max,
        partials=(ZERO, ZERO),
        cost=2,
        names=((name, getattr(extremes, name)),),
        plain_names=((name, plain),),
    )


largest = _extreme("largest", np.maximum)
smallest = _extreme("smallest", np.minimum)
