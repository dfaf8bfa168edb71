"""The state of a random generator in a program: kept in an array of int64, and put back from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitad.primitives.spec import ArrayPrimitive
from jitad.runtime import generators


def _effect(name: str, implementation: Callable[..., None], plain: Callable[..., None]) -> ArrayPrimitive:
    return ArrayPrimitive(name=name, implementation=implementation, plain=plain, layouts="C", is_effect=True)


WORDS = generators.WORDS
"""The length of such an array."""

KEEP: dict[str, Any] = {
    "numpy": _effect("keep_numpy", generators.keep_numpy, generators.plain_keep_numpy),
    "python": _effect("keep_python", generators.keep_python, generators.plain_keep_python),
}
"""``keep(state)`` for each generator."""

PUT: dict[str, Any] = {
    "numpy": _effect("put_numpy", generators.put_numpy, generators.plain_put_numpy),
    "python": _effect("put_python", generators.put_python, generators.plain_put_python),
}
"""``put(out, state)`` for each generator; ``out`` has one element."""
