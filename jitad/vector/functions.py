"""The elementary functions that may run in vector registers, and what C calls them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class VectorFunction:
    """A function of ``arity`` numbers of one dtype; ``scalar`` is what Numba calls for one element."""

    name: str
    scalar: Callable[..., Any]
    arity: int = 1

    def c_name(self, dtype: str) -> str:
        """Its name in C for a dtype."""
        return self.name + SUFFIXES[dtype]


SUFFIXES = {"float64": "", "float32": "f"}
"""The dtypes there are, and what ends the names of their C functions."""

FUNCTIONS: dict[str, VectorFunction] = {
    function.name: function
    for function in (
        *(VectorFunction(name, getattr(math, name)) for name in ("exp", "exp2", "expm1")),
        *(VectorFunction(name, getattr(math, name)) for name in ("log", "log1p", "log2", "log10")),
        *(VectorFunction(name, getattr(math, name)) for name in ("sin", "cos", "tan", "asin", "acos", "atan")),
        *(VectorFunction(name, getattr(math, name)) for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh")),
        *(VectorFunction(name, getattr(math, name)) for name in ("erf", "erfc")),
        VectorFunction("cbrt", np.cbrt),
        *(VectorFunction(name, getattr(math, name), arity=2) for name in ("atan2", "pow", "hypot")),
    )
}
