"""How a kernel's return value is put together from the results of its program."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitad.primitives.views import view_as_complex


class ResultTree:
    """Base of the nodes; ``index`` counts in ``program.results``."""


@dataclass(frozen=True)
class ScalarResult(ResultTree):
    """A number."""

    index: int


@dataclass(frozen=True)
class ArrayResult(ResultTree):
    """A fresh C-contiguous array."""

    index: int


@dataclass(frozen=True)
class StaticResult(ResultTree):
    """An object that doesn't depend on the run, such as None."""

    obj: Any


@dataclass(frozen=True)
class SequenceResult(ResultTree):
    """A tuple, list or named tuple."""

    kind: Any
    items: tuple[ResultTree, ...]


@dataclass(frozen=True)
class ComplexResult(SequenceResult):
    """A complex number of two numbers, or a complex array of one real array of its parts; ``kind`` makes it of them."""


def complex128_of(items: list[Any]) -> complex:
    """The complex number of a real and an imaginary part."""
    return complex(*items)


def complex64_of(items: list[Any]) -> np.complex64:
    """The same in single precision."""
    return np.complex64(complex(*items))


def complex_array_of(items: list[Any]) -> Any:
    """The complex array whose parts are along the last axis of a real array."""
    return view_as_complex(items[0])


NUMBERS: dict[str, Any] = {"float64": complex128_of, "float32": complex64_of}
"""What makes a complex number of its parts, by their dtype."""


@dataclass(frozen=True)
class DictResult(ResultTree):
    """A dict with constant keys."""

    items: tuple[tuple[Hashable, ResultTree], ...]


def holds_complex(tree: ResultTree) -> bool:
    """True when a result has complex numbers or arrays in it."""
    match tree:
        case ComplexResult():
            return True
        case SequenceResult(items=items):
            return any(map(holds_complex, items))
        case DictResult(items=pairs):
            return any(holds_complex(item) for _, item in pairs)
    return False


def make_sequence(kind: type, items: list[Any]) -> Any:
    """A tuple, list or named tuple of these items."""
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def rebuild(tree: ResultTree, results: Any) -> Any:
    """The user's return value, given the program's results in order."""
    match tree:
        case ScalarResult(index) | ArrayResult(index):
            return results[index]
        case StaticResult(obj):
            return obj
        case SequenceResult(kind, items):
            return make_sequence(kind, [rebuild(item, results) for item in items])
        case DictResult(pairs):
            return {key: rebuild(item, results) for key, item in pairs}
    raise TypeError(tree)
