"""The element type of an elementwise result, as Numba types it for arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jitad.inference import from_numba, to_numba
from jitad.program.types import Scalar

PLAIN = ("float64", "int64")


def array_result(function: Any, types: tuple[Scalar, ...], arrays: tuple[bool, ...], scalar: Scalar) -> Scalar:
    """The element type of ``function`` on arguments of which some are arrays.

    ``scalar`` is its type on numbers. The two differ only where NumPy's loops don't widen as scalars do: small
    integers, booleans and float32 (``int32 + int32`` is int64 for numbers and int32 for arrays).
    """
    if function is None or all(type_.dtype in PLAIN for type_ in types):
        return scalar
    found = _resolve(function, types, arrays)
    return scalar if found is None else found


@lru_cache(maxsize=1024)
def _resolve(function: Any, types_: tuple[Scalar, ...], arrays: tuple[bool, ...]) -> Scalar | None:
    from numba import types
    from numba.core.errors import NumbaError
    from numba.core.registry import cpu_target

    args = []
    for type_, is_array in zip(types_, arrays, strict=True):
        element = to_numba(type_)
        args.append(types.Array(element, 1, "C") if is_array else element)
    try:
        resolved = cpu_target.typing_context.resolve_function_type(function, tuple(args), {})
    except NumbaError:
        return None
    result = getattr(resolved, "return_type", None)
    return from_numba(result.dtype) if isinstance(result, types.Array) else None
