"""Attributes of values: of arrays, named tuples, modules and objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitad.errors import KernelNameError, KernelTypeError
from jitad.primitives import core
from jitad.program.builder import const_int
from jitad.reading import arrays, complexes
from jitad.reading.merging import describe
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    DictValue,
    LazyValue,
    MethodValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

_DICT_METHODS = ("items", "keys", "values", "get", "copy")
_SEQUENCE_METHODS = ("index", "count", "_replace")


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
            "use an array (np.empty, then stores) for a list that grows"
            if isinstance(owner, SequenceValue) and name in ("append", "extend", "insert", "pop")
            else "write it with NumPy functions",
        )
    return found
