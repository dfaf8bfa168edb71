"""``order=`` of ``reshape``, ``ravel`` and ``flatten``: by columns is by rows of the transposed array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.errors import KernelValueError
from jitad.reading.comparisons import static_of
from jitad.reading.values import SequenceValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

ORDERED = ("reshape", "ravel", "flatten")
"""The methods with an order."""


def call_in_order(reader: Reader, obj: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value | None:
    """The value of ``np.reshape`` or ``np.ravel`` with an order; None for any other call."""
    return call_ordered(reader, obj.__name__, args, kwargs) if obj is np.reshape or obj is np.ravel else None


def call_ordered(reader: Reader, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value | None:
    """The value of a call with an order; ``args`` start with the array. None for a call without one."""
    named = dict(kwargs)
    order = named.pop("order", None)
    if order is None and name != "reshape" and len(args) == 2:
        args, order = args[:1], args[1]
    if order is None:
        return None
    chosen = static_of(reader, order, "the order of elements")
    if chosen not in ("C", "F"):
        reader.refuse(
            KernelValueError, f"{name} in the order {chosen!r}, which depends on the memory", 'write "C" or "F"'
        )
    array, shape = args[0], args[1:]
    if chosen == "F":
        array = reader.call(np.ascontiguousarray, [reader.call(np.transpose, [array], {}, name)], {}, name)
        if len(shape) == 1 and isinstance(shape[0], SequenceValue):
            shape = shape[0].items
        shape = shape[::-1]
    if name != "reshape":
        found = reader.call(np.ravel, [array], named, name)
        return reader.call(np.copy, [found], {}, name) if name == "flatten" else found
    found = reader.call(
        np.reshape, [array, SequenceValue(tuple(shape))] if chosen == "F" else [array, *shape], named, name
    )
    return reader.call(np.transpose, [found], {}, name) if chosen == "F" else found
