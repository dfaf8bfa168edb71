"""Whether arrays share memory, in compiled code."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload, register_jitable


def overlap(a: Any, b: Any) -> bool:
    """True when the ranges of addresses that two arrays span have a byte in common.

    Arrays whose elements alternate in memory (``x[::2]`` and ``x[1::2]``) count as overlapping.
    """
    return bool(np.may_share_memory(a, b))


@register_jitable
def _span(a):
    low = np.intp(a.ctypes.data)
    high = low + a.itemsize
    for length, stride in zip(a.shape, a.strides):  # noqa: B905 - Numba's zip takes no options
        if stride > 0:
            high += (length - 1) * stride
        else:
            low += (length - 1) * stride
    return low, high


@overload(overlap)
def _overlap(a, b):
    def run(a, b):
        if a.size == 0 or b.size == 0:
            return False
        a_low, a_high = _span(a)
        b_low, b_high = _span(b)
        return a_low < b_high and b_low < a_high

    return run
