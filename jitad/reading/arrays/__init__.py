"""Reading array operations: index maps, expressions as order-free loops, and calls of NumPy's functions.

An array in a kernel is an ``ArrayValue`` (part of an array, by an index map) or a ``LazyValue`` (an expression
not computed yet). Whatever consumes an expression (an assignment, a store, a reduction) emits the loops.
"""

from jitad.reading.arrays.broadcasting import elementwise, where
from jitad.reading.arrays.facts import (
    is_drawn_from,
    may_alias,
    note_at_least,
    note_distinct,
    note_drawn,
    note_exchanged,
    note_range,
    root,
)
from jitad.reading.arrays.handlers import HANDLERS
from jitad.reading.arrays.indexing import element, getitem, length
from jitad.reading.arrays.maps import as_variable, from_variable
from jitad.reading.arrays.materialize import materialize
from jitad.reading.arrays.methods import attribute, call_method
from jitad.reading.arrays.products import matmul
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.arrays.stores import setitem, update_item, update_whole

__all__ = [
    "HANDLERS",
    "as_variable",
    "attribute",
    "call_method",
    "element",
    "elementwise",
    "from_sequence",
    "from_variable",
    "getitem",
    "is_drawn_from",
    "length",
    "materialize",
    "matmul",
    "may_alias",
    "note_at_least",
    "note_distinct",
    "note_drawn",
    "note_exchanged",
    "note_range",
    "root",
    "setitem",
    "update_item",
    "update_whole",
    "where",
]
