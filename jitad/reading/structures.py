"""Structures of values: tuples, lists and dicts of leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexValue,
    DictValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)


@dataclass(frozen=True, eq=False)
class ComplexParts(Value):
    """What stands in the place of a complex number (two items) or of a complex array (one) in a mapped structure."""

    items: tuple[Value, ...]


def _complex(items: tuple[Value, ...]) -> Value:
    match items:
        case (ScalarValue(re), ScalarValue(im)):
            return ComplexValue(re, im)
        case (ArrayValue() as pair,):
            return ComplexArrayValue(pair)
    if all(isinstance(item, StaticValue) for item in items):
        return items[0]
    return ComplexParts(items)


def mapped(value: Value, leaf: Callable[[Value], Value]) -> Value:
    """The same structure with ``leaf(part)`` in the place of everything in it that isn't a structure.

    The leaves of a complex number are its two parts, that of a complex array is the real array of its parts.
    """
    match value:
        case ComplexValue(re, im):
            return _complex((leaf(ScalarValue(re)), leaf(ScalarValue(im))))
        case ComplexArrayValue(pair):
            return _complex((leaf(pair),))
        case ComplexParts(items):
            return _complex(tuple(map(leaf, items)))
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
