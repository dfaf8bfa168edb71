"""How a kernel's return value is put together from the results of its program."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any


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

    kind: type
    items: tuple[ResultTree, ...]


@dataclass(frozen=True)
class DictResult(ResultTree):
    """A dict with constant keys."""

    items: tuple[tuple[Hashable, ResultTree], ...]


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
