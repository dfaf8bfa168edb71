"""Functions that Numba compiles as part of other code, and callables that it learns to call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

_OPTIONS: Any = {"error_model": "numpy", "boundscheck": False}
"""As in emitted code: a division by zero is inf or nan."""


@functools.cache
def jitable(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, which compiled code may call from now on (what Numba knows already may be called anyway)."""
    from numba.extending import register_jitable

    if not hasattr(function, "py_func") and not is_known(function):
        register_jitable(**_OPTIONS)(function)
        _forget_context()
    return function


@functools.cache
def teach(function: Any, implementation: Callable[..., Any]) -> None:
    """Let compiled code, the user's own too, call ``function`` on numbers: ``implementation`` is run in its place.

    A callable that Numba knows already stays as Numba has it.
    """
    from numba import types
    from numba.extending import overload

    if is_known(function):
        return
    source = getattr(implementation, "py_func", implementation)

    @overload(function, jit_options=_OPTIONS, strict=False)
    def overloaded(*args: Any) -> Any:
        numbers = all(isinstance(types.unliteral(arg), types.Number | types.Boolean) for arg in args)
        return source if numbers else None

    _forget_context()


def is_known(function: Any) -> bool:
    """True when Numba can call a function (or has a type for it) without our help."""
    from numba.core.errors import NumbaError

    from jitad.inference import context

    try:
        return context().resolve_value_type(function) is not None
    except (NumbaError, TypeError, ValueError):
        return False


def _forget_context() -> None:
    from jitad.inference import context

    context.cache_clear()


def as_numpy(function: Any, typed_as: Any) -> Callable[..., Any]:
    """``function`` for uncompiled runs: its Python form, giving NumPy's numbers as Numba types them.

    Where Python raises an exception (``math.log(0.0)``), the compiled form says what the value is.
    """
    if isinstance(function, np.ufunc):
        return function
    inner = getattr(function, "py_func", function)

    @functools.wraps(inner)
    def run(*args: Any) -> Any:
        try:
            value = inner(*args)
        except (ValueError, ArithmeticError):
            value = _compiled(function)(*args)
        return _result_type(typed_as, tuple(np.asarray(arg).dtype for arg in args)).type(value)

    return run


@functools.cache
def _compiled(function: Any) -> Any:
    from numba import njit

    def run(*args: Any) -> Any:
        return function(*args)

    return njit(run, error_model="numpy")


@functools.lru_cache(maxsize=1024)
def _result_type(typed_as: Any, dtypes: tuple[np.dtype[Any], ...]) -> np.dtype[Any]:
    """The dtype that Numba gives a result; NumPy's promotion for dtypes that Numba doesn't have."""
    from jitad.inference import TypingFailure, signature
    from jitad.program.types import Scalar

    try:
        return np.dtype(signature(typed_as, tuple(Scalar(dtype.name) for dtype in dtypes))[1].dtype)
    except (TypingFailure, AttributeError):
        return np.result_type(np.float64, *dtypes)
