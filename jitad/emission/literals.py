"""Constants as source text that has their dtype both compiled and uncompiled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.program.statements import Const


def literal(const: Const, use: Callable[[str, Any, Any], str]) -> str:
    """The text of a literal; ``use(name, compiled, uncompiled)`` binds the names that it reads."""
    dtype, value = const.type.dtype, const.value
    if dtype == "bool":
        return "True" if value else "False"
    if dtype == "int64":
        return repr(int(value)) if value >= 0 else f"({int(value)})"
    if dtype == "float64":
        return _float(float(value), use)
    numpy_type = getattr(np, dtype)
    inner = _float(float(value), use) if dtype.startswith("float") else repr(int(value))
    return f"{use(dtype, numpy_type, numpy_type)}({inner})"


def _float(value: float, use: Callable[[str, Any, Any], str]) -> str:
    if math.isnan(value):
        return use("nan", math.nan, math.nan)
    if math.isinf(value):
        name = use("inf", math.inf, math.inf)
        return name if value > 0 else f"(-{name})"
    return repr(value) if math.copysign(1.0, value) > 0 else f"({value!r})"
