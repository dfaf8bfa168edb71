"""Attributes of values: of arrays, named tuples, modules and objects."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from jitad.errors import KernelNameError, KernelTypeError
from jitad.primitives import core
from jitad.program.builder import const_int
from jitad.reading import arrays, complexes, lists
from jitad.reading.liveness import LIST_METHODS
from jitad.reading.merging import describe
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    DictValue,
    LazyValue,
    ListValue,
    MethodValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

_DICT_METHODS = ("items", "keys", "values", "get", "copy")
_LIST_METHODS = ("copy", "reverse", "sort")
_SEQUENCE_METHODS = ("_replace",)


def attribute(reader: Reader, owner: Value, name: str, text: str) -> Value:
    """``owner.name``; ``text`` is how the user writes the owner."""
    found: Value | None = None
    match owner:
        case StaticValue(obj):
            try:
                return reader.captures.attribute(reader, obj, name, text)
            except AttributeError:
                reader.refuse(KernelNameError, f"{text!r} has no attribute {name!r}", "check the spelling")
        case ArrayValue() | LazyValue():
            found = arrays.attribute(reader, owner, name)
        case ComplexValue() | ComplexArrayValue() | ComplexLazy():
            found = complexes.attribute(reader, owner, name)
        case SequenceValue(items, fields=fields) if name in fields:
            return items[fields.index(name)]
        case SequenceValue() if name in _SEQUENCE_METHODS:
            return MethodValue(owner, name)
        case ListValue() | SequenceValue(kind=builtins.list) if name in _LIST_METHODS:
            return MethodValue(owner, name)
        case DictValue() if name in _DICT_METHODS:
            return MethodValue(owner, name)
        case ScalarValue() if name == "real":
            return owner
        case ScalarValue() if name == "imag":
            return ScalarValue(core.convert_constant(const_int(0), owner.type))
        case ScalarValue() if name in ("item", "conjugate", "conj"):
            return MethodValue(owner, name)
    if found is None:
        reader.refuse(
            KernelTypeError,
            f"{describe(owner)} has no attribute {name!r} that a kernel can use",
            "give the list a name of its own, and change it by that name"
            if lists.is_list(owner) and name in LIST_METHODS
            else "write it with NumPy functions",
        )
    return found
