"""Calls with complex numbers or arrays among their arguments, or with a complex dtype."""

from __future__ import annotations

import builtins
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jitad.errors import UnsupportedCallError
from jitad.primitives import kinds, registry
from jitad.primitives.spec import ArrayPrimitive, CompositePrimitive
from jitad.reading import arrays
from jitad.reading.complexes.elementwise import refuse_complex
from jitad.reading.complexes.handlers import ALWAYS, HANDLERS
from jitad.reading.complexes.operations import DEFINITIONS, POWERS, operation
from jitad.reading.complexes.parts import complex_dtype, holds_complex
from jitad.reading.context import Context
from jitad.reading.values import Value

STRUCTURAL = (
    *(builtins.len, builtins.zip, builtins.enumerate, builtins.reversed, builtins.tuple, builtins.list),
    *(builtins.dict, builtins.isinstance, builtins.getattr, builtins.bool, np.bool_, np.dtype, functools.partial),
    *(kinds.common_type, kinds.float_type),
)
"""Functions that treat complex values as they treat others."""


def is_involved(args: Sequence[Value], kwargs: Mapping[str, Value]) -> bool:
    """True when something complex, or a complex dtype, is among the arguments."""
    return any(holds_complex(arg) or complex_dtype(arg) for arg in (*args, *kwargs.values()))


def call_complex(ctx: Context, obj: Any, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value | None:
    """The value of ``obj(*args, **kwargs)``; None for a call that is read like any other."""
    handler = _find(ALWAYS, obj)
    if handler is not None:
        return _handled(ctx, handler, args, kwargs, text)
    if not is_involved(args, kwargs) or _is_structural(obj):
        return None
    handler = _find(HANDLERS, obj)
    if handler is not None:
        return _handled(ctx, handler, args, kwargs, text)
    if _find(DEFINITIONS, obj) is not None or any(obj is power for power in POWERS):
        return _operated(ctx, obj, args, kwargs, text)
    primitive = registry.lookup(obj)
    if isinstance(primitive, CompositePrimitive):
        if primitive.takes_complex:
            return None
    elif isinstance(primitive, ArrayPrimitive):
        refuse_complex(ctx, text, "pass it the real array of the parts: jitad.view_as_real(z)")
    elif primitive is None and _find(arrays.HANDLERS, obj) is None and not isinstance(obj, type):
        return None
    if primitive is None and isinstance(obj, type) and hasattr(obj, "_fields"):
        return None
    refuse_complex(ctx, text)


def _is_structural(obj: Any) -> bool:
    return any(obj is each for each in STRUCTURAL)


def _find(table: Mapping[Any, Any], obj: Any) -> Any:
    try:
        return table.get(obj)
    except TypeError:  # unhashable
        return None


def _operated(ctx: Context, obj: Any, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value:
    count = 2 if any(obj is power for power in POWERS) else _arity(DEFINITIONS[obj])
    if kwargs or len(args) != count:
        ctx.refuse(UnsupportedCallError, f"{text} takes {count} arguments by position", "leave the others out")
    return operation(ctx, obj, args)


def _arity(definition: Callable[..., Any]) -> int:
    """How many numbers a definition takes, two parts each."""
    return len(inspect.signature(definition).parameters) // 2


def _handled(ctx: Context, handler: Any, args: Sequence[Value], kwargs: Mapping[str, Value], text: str) -> Value:
    try:
        inspect.signature(handler).bind(ctx, *args, **kwargs)
    except TypeError as error:
        ctx.refuse(UnsupportedCallError, f"{text}: {error}", "leave that argument out")
    found: Value = handler(ctx, *args, **kwargs)
    return found
