"""Types of operations, as Numba types them.

There is no table of promotion rules here: each question goes to Numba's own typing context, and the answers
are remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from jitad.program.types import Scalar


class TypingFailure(Exception):
    """Numba can't type a call with these argument types."""


@lru_cache(maxsize=1)
def context() -> Any:
    """Numba's typing context for the CPU, with all that has been registered until now."""
    from numba.core.registry import cpu_target

    found = cpu_target.typing_context
    found.refresh()
    return found


def to_numba(type_: Scalar) -> Any:
    """Numba's type for a scalar type."""
    from numba import types

    return types.boolean if type_.dtype == "bool" else getattr(types, type_.dtype)


def from_numba(type_: Any) -> Scalar | None:
    """The scalar type for a Numba type; None when Numba's type isn't a real number or a boolean."""
    from numba import types

    type_ = types.unliteral(type_)
    if isinstance(type_, types.Boolean):
        return Scalar("bool")
    if isinstance(type_, types.Integer | types.Float):
        return Scalar(str(type_))
    return None


@lru_cache(maxsize=4096)
def signature(function: Any, args: tuple[Scalar, ...]) -> tuple[tuple[Scalar, ...], Scalar]:
    """The argument types that Numba casts to, and the result's type, when ``function`` is called on scalars."""
    from numba.core.errors import NumbaError

    try:
        resolved = context().resolve_function_type(function, tuple(to_numba(a) for a in args), {})
    except NumbaError as error:
        raise TypingFailure(str(error)) from error
    if resolved is None:
        raise TypingFailure(f"Numba has no {function!r} for ({', '.join(map(str, args))})")
    result = from_numba(resolved.return_type)
    if result is not None and len(resolved.args) != len(args):
        return (result,) * len(args), result  # min and max: Numba packs their arguments in a tuple
    casts = tuple(from_numba(a) for a in resolved.args)
    if result is None or any(cast is None for cast in casts):
        raise TypingFailure(f"Numba types it as {resolved}")
    return tuple(cast for cast in casts if cast is not None), result


@lru_cache(maxsize=1024)
def unify(types_: Sequence[Scalar]) -> Scalar | None:
    """The type that Numba gives a variable that is assigned values of all these types."""
    unified = context().unify_types(*(to_numba(t) for t in types_))
    return None if unified is None else from_numba(unified)
