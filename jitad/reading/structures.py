"""Structures of values: tuples, lists and dicts of leaves."""

from __future__ import annotations

from collections.abc import Callable

from jitad.reading.values import ArrayValue, DictValue, LazyValue, ScalarValue, SequenceValue, Value


def mapped(value: Value, leaf: Callable[[Value], Value]) -> Value:
    """The same structure with ``leaf(part)`` in the place of everything in it that isn't a structure."""
    match value:
        case SequenceValue(items, kind, fields):
            return SequenceValue(tuple(mapped(item, leaf) for item in items), kind, fields)
        case DictValue(items):
            return DictValue({key: mapped(item, leaf) for key, item in items.items()})
    return leaf(value)


def leaves_of(value: Value) -> list[Value]:
    """Everything in a structure that isn't a structure itself, in order."""
    found: list[Value] = []

    def take(leaf: Value) -> Value:
        found.append(leaf)
        return leaf

    mapped(value, take)
    return found


def is_active(value: Value) -> bool:
    """True for a number or an array that has derivatives."""
    if isinstance(value, ScalarValue):
        return value.type.is_float
    return isinstance(value, ArrayValue | LazyValue) and value.dtype.startswith("float")
