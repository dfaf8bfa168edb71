"""What the functions of ``jitad.math`` are to Numba."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from jitad import math
from jitad.vector import lowering
from jitad.vector.functions import FUNCTIONS, VectorFunction

_OPTIONS: Any = {"error_model": "numpy", "boundscheck": False}


def register() -> None:
    """Let compiled code call the functions of ``jitad.math``. Numba calls this when it starts, through ``in_numba``."""
    for function in FUNCTIONS.values():
        public = getattr(math, function.name)
        typed = _typed_one(function) if function.arity == 1 else _typed_two(function)
        overload(public, jit_options=_OPTIONS, strict=False)(typed)


def _typed_one(function: VectorFunction) -> Callable[..., Any]:
    called = getattr(lowering, f"vector_{function.name}")

    def typed(x):
        dtype = _dtype_of(x)
        if dtype is None:
            return None
        if not isinstance(x, types.Array):
            return lambda x: called(dtype(x))

        def over_array(x):
            result = np.empty(x.shape, dtype)
            source, target = x.ravel(), result.ravel()
            for i in range(target.size):
                target[i] = called(dtype(source[i]))
            return result

        return over_array

    return typed


def _typed_two(function: VectorFunction) -> Callable[..., Any]:
    called = getattr(lowering, f"vector_{function.name}")

    def typed(x, y):
        dtype = _dtype_of(x, y)
        if dtype is None:
            return None
        if not isinstance(x, types.Array) and not isinstance(y, types.Array):
            return lambda x, y: called(dtype(x), dtype(y))

        if not all(_has_axes(arg) for arg in (x, y) if isinstance(arg, types.Array)):
            return None
        first_array, second_array = _as_array(x), _as_array(y)

        def over_arrays(x, y):
            a, b = first_array(x), second_array(y)
            result = np.empty(np.broadcast_shapes(a.shape, b.shape), dtype)
            first, second = np.broadcast_to(a, result.shape).ravel(), np.broadcast_to(b, result.shape).ravel()
            target = result.ravel()
            for i in range(target.size):
                target[i] = called(dtype(first[i]), dtype(second[i]))
            return result

        return over_arrays

    return typed


def _has_axes(type_: Any) -> bool:
    """False for a 0-d array, which Numba doesn't broadcast."""
    return bool(type_.ndim > 0)


def _as_array(type_: Any) -> Callable[..., Any]:
    return _itself if isinstance(type_, types.Array) else _single


@register_jitable
def _itself(x):
    return x


@register_jitable
def _single(x):
    return np.full(1, x)


def _dtype_of(*args: Any) -> Any:
    """float32 if all numbers (or elements of arrays) are, else float64; None when one isn't a real number."""
    plain = [types.unliteral(arg.dtype if isinstance(arg, types.Array) else arg) for arg in args]
    if not all(isinstance(type_, types.Integer | types.Float | types.Boolean) for type_ in plain):
        return None
    return types.float32 if all(type_ == types.float32 for type_ in plain) else types.float64
