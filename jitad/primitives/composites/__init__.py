"""NumPy functions defined by kernels in terms of other primitives.

Their arguments are those that Numba takes, and often a few more of NumPy's. Results have NumPy's dtypes. Where a
function chooses among elements (an order, a maximum, a set), the choice is a constant and derivatives flow through what
is chosen; of equal elements the first one is chosen.
"""

from __future__ import annotations

from jitad.primitives.composites import (
    comparing,
    grids,
    limiting,
    neighbours,
    ordering,
    products,
    rearranging,
    searching,
    selecting,
    sets,
    skipping_nan,
    statistics,
)
from jitad.primitives.spec import CompositePrimitive

PRIMITIVES: tuple[CompositePrimitive, ...] = (
    *comparing.PRIMITIVES,
    *grids.PRIMITIVES,
    *limiting.PRIMITIVES,
    *neighbours.PRIMITIVES,
    *ordering.PRIMITIVES,
    *products.PRIMITIVES,
    *rearranging.PRIMITIVES,
    *searching.PRIMITIVES,
    *selecting.PRIMITIVES,
    *sets.PRIMITIVES,
    *skipping_nan.PRIMITIVES,
    *statistics.PRIMITIVES,
)
