"""The elementary functions for your own compiled code: in loops they run in vector registers where they can.

In an ``@njit`` function they take numbers and arrays. A loop over such calls, on neighbouring elements and without a
branch, computes several at a time, in float64 and float32, with an error of at most 4 units in the last place.
Where the machine has no vector library, all but ``exp`` are Numba's own, and ``exp`` is, too, with
``JITAD_VECTOR_MATH=off``. In plain Python they are NumPy's (SciPy's for ``erf`` and ``erfc``). Kernels may call them,
too: they have derivatives.

>>> from jitad.math import hypot, tanh
>>> float(hypot(3.0, 4.0)), tanh([0.0, 0.5]).round(3).tolist()
(5.0, [0.0, 0.462])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "hypot",
    "log",
    "log1p",
    "log2",
    "log10",
    "pow",
    "sin",
    "sinh",
    "tan",
    "tanh",
]


def _of_one(name: str, ufunc: np.ufunc) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        return ufunc(x)

    return _named(function, name, f"``np.{ufunc.__name__}`` of a number or of each element of an array.")


def _of_two(name: str, ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def function(x: Any, y: Any) -> Any:
        return ufunc(x, y)

    return _named(function, name, f"``np.{ufunc.__name__}`` of two numbers or arrays, broadcast.")


def _named(function: Any, name: str, doc: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


exp = _of_one("exp", np.exp)
exp2 = _of_one("exp2", np.exp2)
expm1 = _of_one("expm1", np.expm1)
log = _of_one("log", np.log)
log1p = _of_one("log1p", np.log1p)
log2 = _of_one("log2", np.log2)
log10 = _of_one("log10", np.log10)
sin = _of_one("sin", np.sin)
cos = _of_one("cos", np.cos)
tan = _of_one("tan", np.tan)
asin = _of_one("asin", np.arcsin)
acos = _of_one("acos", np.arccos)
atan = _of_one("atan", np.arctan)
sinh = _of_one("sinh", np.sinh)
cosh = _of_one("cosh", np.cosh)
tanh = _of_one("tanh", np.tanh)
asinh = _of_one("asinh", np.arcsinh)
acosh = _of_one("acosh", np.arccosh)
atanh = _of_one("atanh", np.arctanh)
cbrt = _of_one("cbrt", np.cbrt)
atan2 = _of_two("atan2", np.arctan2)
hypot = _of_two("hypot", np.hypot)


def pow(x: Any, y: Any) -> Any:  # noqa: A001 - the name that the function has everywhere
    """``x ** y`` of two numbers or arrays, broadcast; that of integers is a float, as ``math.pow``'s is."""
    integers = np.result_type(np.asarray(x), np.asarray(y)).kind in "biu"
    return np.float_power(x, y) if integers else np.power(x, y)


def erf(x: Any) -> Any:
    """The error function of a number or of each element of an array."""
    from scipy import special

    return special.erf(x)


def erfc(x: Any) -> Any:
    """``1 - erf(x)``, without cancellation, of a number or of each element of an array."""
    from scipy import special

    return special.erfc(x)
