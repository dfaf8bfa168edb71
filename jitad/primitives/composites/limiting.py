"""Numbers kept within bounds, rounded, or replaced where they aren't numbers; results have the argument's dtype."""

from __future__ import annotations

import numpy as np

from jitad.primitives.composites.collection import Collection
from jitad.primitives.discrete import round_to_digits
from jitad.primitives.kinds import common_type

PRIMITIVES = Collection()


@PRIMITIVES.define("clip", kink="a number on a bound keeps its derivative", is_expression=True)
def clip(a, a_min=None, a_max=None):
    """Numbers kept between two bounds, either of which may be left out."""
    return (
        np.positive(a)
        if a_min is None and a_max is None
        else np.minimum(a, common_type(a, a_max)(a_max))
        if a_min is None
        else np.maximum(a, common_type(a, a_min)(a_min))
        if a_max is None
        else np.minimum(np.maximum(a, common_type(a, a_min)(a_min)), common_type(a, a_max)(a_max))
    )


@PRIMITIVES.define("around", "round", kink="jumps", is_expression=True)
def around(a, decimals=0):
    """Numbers rounded to decimals, ties to even."""
    return np.rint(a) if decimals == 0 else common_type(a)(round_to_digits(a, decimals))


@PRIMITIVES.define("nan_to_num", kink="0 where a number is replaced")
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """Numbers with others in the place of NaN, infinity and minus infinity."""
    kind = common_type(x)
    if kind != np.float64 and kind != np.float32:
        return 1 * x
    highest = np.finfo(kind).max if posinf is None else posinf
    lowest = np.finfo(kind).min if neginf is None else neginf
    finite = np.where(np.isnan(x), kind(nan), x)
    return np.where(finite == np.inf, kind(highest), np.where(finite == -np.inf, kind(lowest), finite))
