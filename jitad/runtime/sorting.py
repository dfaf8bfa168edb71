"""Sorting orders into existing arrays."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload


def argsort(out: Any, a: Any) -> None:
    """``out[...]`` (int64) becomes the indices that sort the 1-d array ``a``; NaNs come last, equal elements
    keep their order."""
    out[:] = np.argsort(a, kind="stable")


@overload(argsort)
def _argsort(out, a):
    def run(out, a):
        out[:] = np.argsort(a, kind="mergesort")

    return run
