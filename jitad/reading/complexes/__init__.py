"""Reading complex numbers: every one is a pair of real values, so that programs hold real numbers only.

A number is a ``ComplexValue``, an array in memory a ``ComplexArrayValue`` (a real array with a last axis of 2), an
array expression a ``ComplexLazy``. Functions of complex numbers are definitions on the parts, in
``jitad.primitives.complexes``, which are read where they are called.
"""

from jitad.reading.complexes.attributes import attribute, call_method
from jitad.reading.complexes.calls import call_complex, is_involved
from jitad.reading.complexes.creation import from_values
from jitad.reading.complexes.indexing import element, getitem
from jitad.reading.complexes.operations import apply_primitive, is_nonzero
from jitad.reading.complexes.parts import (
    constant,
    holds_complex,
    in_memory,
    number_of,
    view_as_complex,
    view_as_real,
)
from jitad.reading.complexes.products import matmul
from jitad.reading.complexes.stores import setitem, update_item, update_whole
from jitad.reading.complexes.typing import typed, unified

__all__ = [
    "apply_primitive",
    "attribute",
    "call_complex",
    "call_method",
    "constant",
    "element",
    "from_values",
    "getitem",
    "holds_complex",
    "in_memory",
    "is_involved",
    "is_nonzero",
    "matmul",
    "number_of",
    "setitem",
    "typed",
    "unified",
    "update_item",
    "update_whole",
    "view_as_complex",
    "view_as_real",
]
