"""The results of a batch in the structure that the function returns, with their samples along ``out_axes``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jitad.batching.axes import Axes, Memory, position
from jitad.errors import ArgumentError
from jitad.reading.results import (
    ArrayResult,
    ComplexResult,
    DictResult,
    ResultTree,
    ScalarResult,
    SequenceResult,
    StaticResult,
    complex_array_of,
    make_sequence,
)


class Part(NamedTuple):
    """A result of a batch: an array with the samples along its first axis, or (a sum) one number or array."""

    value: Any
    is_batched: bool
    memory: Memory


def assembled(tree: ResultTree, parts: Sequence[Part], axes: Axes, path: str = "the result") -> Any:
    """The result of this structure; ``axes`` says where its samples go, as ``out_axes`` of ``jax.vmap`` does.

    Sums over the samples have no such axis, and what doesn't depend on the run (None, say) is there once.
    Raises ArgumentError where ``axes`` doesn't fit the result, naming the part.
    """
    match tree:
        case StaticResult(obj):
            return obj
        case ScalarResult(index) | ArrayResult(index):
            return _placed(parts[index], axes, path)
        case ComplexResult(kind, items):
            return _placed(_complex(kind, [parts[item.index] for item in items]), axes, path)  # type: ignore[attr-defined]
        case SequenceResult(kind, items):
            inner = _items(axes, range(len(items)), tuple | list, path)
            return make_sequence(kind, [assembled(i, parts, *of) for i, of in zip(items, inner, strict=True)])
        case DictResult(pairs):
            inner = _items(axes, [name for name, _ in pairs], dict, path)
            return {name: assembled(i, parts, *of) for (name, i), of in zip(pairs, inner, strict=True)}
    raise TypeError(tree)


def _complex(kind: Any, parts: Sequence[Part]) -> Part:
    """The complex numbers or arrays of real parts."""
    values, first = [part.value for part in parts], parts[0]
    is_number = kind is not complex_array_of and not first.is_batched
    return first._replace(value=kind(values) if is_number else first.memory.complex_of(values))


def _placed(part: Part, axes: Axes, path: str) -> Any:
    if not part.is_batched:
        return part.value
    if isinstance(axes, int):
        at = position(axes, part.value.ndim)
        if at is not None:
            return part.memory.moved(part.value, at)
    raise ArgumentError(
        f"out_axes has {axes!r} for {path}, which has {part.value.ndim} axes with that of the samples.",
        "name one of them for the samples; each sample has its own value there.",
    )


def _items(axes: Axes, keys: Sequence[Any], kind: Any, path: str) -> list[tuple[Axes, str]]:
    if axes is None or isinstance(axes, int):
        return [(axes, f"{path}[{key!r}]") for key in keys]
    if not isinstance(axes, kind) or len(axes) != len(keys) or (isinstance(axes, dict) and set(axes) != set(keys)):
        raise ArgumentError(
            f"out_axes has {axes!r} for {path}, which has {len(keys)} items.",
            "give it the structure of the result, or one axis for all of it.",
        )
    return [(axes[key], f"{path}[{key!r}]") for key in keys]
