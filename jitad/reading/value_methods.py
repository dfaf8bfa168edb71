"""Methods of numbers, tuples, lists and dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.reading import lists
from jitad.reading.comparisons import static_of
from jitad.reading.merging import describe
from jitad.reading.values import (
    ArrayValue,
    DictValue,
    ListValue,
    MethodValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

Args = Sequence[Value]
Kwargs = Mapping[str, Value]


def call_method(reader: Reader, method: MethodValue, args: Args, kwargs: Kwargs) -> Value:
    """A method of a number, a tuple, a list or a dict."""
    owner, name = method.owner, method.name
    match owner:
        case ScalarValue():
            return owner
        case DictValue(entries):
            lifted = [reader.captures.lift(reader, key, None, repr(key)) for key in entries]
            if name == "keys":
                return SequenceValue(tuple(lifted), list)
            if name == "values":
                return SequenceValue(tuple(entries.values()), list)
            if name == "items":
                return SequenceValue(
                    tuple(SequenceValue((k, v)) for k, v in zip(lifted, entries.values(), strict=True)), list
                )
            if name == "copy":
                return DictValue(dict(entries))
            return _get(reader, entries, args, kwargs)
        case ListValue():
            return _list_method(reader, owner, name)
        case SequenceValue(items) if name == "copy":
            return SequenceValue(items, list)
        case SequenceValue(fields=fields) if name == "_replace":
            given = dict(zip(fields, owner.items, strict=True))
            if set(kwargs) - set(fields):
                reader.no_call(f"_replace of {sorted(set(kwargs) - set(fields))}", "use the names of the fields")
            given.update(kwargs)
            return SequenceValue(tuple(given.values()), owner.kind, fields)
    reader.no_call(f"the method {name!r} of {describe(owner)}", "write it with a loop or an array")


def _list_method(reader: Reader, value: ListValue, name: str) -> Value:
    if name == "copy":
        return lists.copied(reader, value)
    if name == "reverse":
        lists.reverse(reader, value)
        return StaticValue(None)
    elements = lists.numbers(reader, value)
    if name == "sort" and isinstance(elements, ArrayValue):
        return reader.call(np.ndarray.sort, [elements], {}, "sort")
    reader.no_call(f"the method {name!r} of {describe(value)}", "make an array of it: np.array(...)")


def _get(reader: Reader, entries: dict[Any, Value], args: Args, kwargs: Kwargs) -> Value:
    if kwargs or not 1 <= len(args) <= 2:
        reader.no_call("get() takes one or two arguments, by position", "write d.get(key) or d.get(key, default)")
    key = static_of(reader, args[0], "a key of a dict")
    return entries.get(key, args[1] if len(args) == 2 else StaticValue(None))
