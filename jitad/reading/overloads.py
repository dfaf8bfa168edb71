"""Python functions that have another implementation in Numba (``numba.extending.overload``): that is the one read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

from jitad.errors import UnsupportedCallError
from jitad.inference import to_numba
from jitad.program.types import Scalar
from jitad.reading.captures import is_library
from jitad.reading.merging import describe
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


def implementation(
    reader: Reader, function: FunctionType, args: Sequence[Value], kwargs: Mapping[str, Value], text: str
) -> FunctionType:
    """What Numba compiles for a call of ``function``: an overload's implementation, or the function itself."""
    from numba.core.typing.templates import builtin_registry

    if is_library(function):
        return function
    templates = [
        template
        for known, type_ in builtin_registry.globals
        if known is function
        for template in getattr(type_, "templates", ())
        if hasattr(template, "_overload_func")
    ]
    if not templates:
        return function
    types = [_type(reader, value, text) for value in args]
    named = {name: _type(reader, value, text) for name, value in kwargs.items()}
    for template in templates:
        found = template._overload_func(*types, **named)
        if isinstance(found, FunctionType):
            return found
    reader.refuse(
        UnsupportedCallError,
        f"{text} is overloaded for Numba, and has no implementation for ({', '.join(map(str, types))})",
        "pass arguments that an overload takes",
    )


def _type(reader: Reader, value: Value, text: str) -> Any:
    """Numba's type of a value."""
    from numba import types

    match value:
        case ScalarValue():
            return to_numba(value.type)
        case ComplexValue():
            return to_numba(Scalar(value.dtype))
        case ArrayValue() | LazyValue() | ComplexArrayValue() | ComplexLazy():
            return types.Array(to_numba(Scalar(value.dtype)), value.ndim, "C")
        case SequenceValue(items, kind) if kind is tuple:
            return types.Tuple([_type(reader, item, text) for item in items])
        case StaticValue(None):
            return types.none
        case StaticValue(obj) if isinstance(obj, str):
            return types.literal(obj)
    reader.refuse(
        UnsupportedCallError,
        f"{text} is overloaded for Numba, and gets {describe(value)}, whose type for Numba isn't known",
        "pass numbers, arrays or tuples of them, or call the implementation itself",
    )
