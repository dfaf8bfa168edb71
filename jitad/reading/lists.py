"""Lists of numbers whose length isn't known while reading: vectors with room to grow.

A list is known item by item (a ``SequenceValue``) for as long as every path gives it the same length. Where paths of
different lengths meet, it becomes a ``ListValue``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jitad.errors import KernelTypeError
from jitad.inference import unify
from jitad.primitives import lists
from jitad.program.builder import const_int
from jitad.program.statements import Const, Fail, Operand, Var
from jitad.program.types import INT64, REAL_DTYPES, Array, Scalar
from jitad.reading import arrays, complexes
from jitad.reading.arrays.facts import not_below_zero, note_at_least
from jitad.reading.arrays.maps import allocate, as_lazy
from jitad.reading.complexes.parts import as_complex_lazy
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexValue,
    LazyValue,
    ListValue,
    ScalarValue,
    SequenceValue,
    SliceValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

ROOM = 8
"""A list that starts to grow has room for so many numbers more."""

_ONE_DTYPE = "use one list for each kind of numbers, or arrays (np.empty, then stores)"


def is_list(value: Value) -> bool:
    """True for a list, of known length or not."""
    return isinstance(value, ListValue) or (isinstance(value, SequenceValue) and value.kind is list)


def elements(value: ListValue) -> ArrayValue | ComplexArrayValue:
    """The items as an array that shares the list's memory."""
    whole = value.memory.pair if isinstance(value.memory, ComplexArrayValue) else value.memory
    first, *rest = whole.axes
    part = ArrayValue(whole.base, whole.starts, (replace(first, length=value.count), *rest))
    return ComplexArrayValue(part) if isinstance(value.memory, ComplexArrayValue) else part


def as_argument(value: Value) -> Value:
    """A list, or the lists in a tuple or list, as arrays for a function of arrays, which mustn't keep their memory."""
    match value:
        case ListValue(fresh=True):
            return elements(value)
        case ListValue():
            array = elements(value)
            return as_complex_lazy(array) if isinstance(array, ComplexArrayValue) else as_lazy(array)
        case SequenceValue(items, kind, fields) if any(isinstance(item, ListValue | SequenceValue) for item in items):
            return SequenceValue(tuple(map(as_argument, items)), kind, fields)
    return value


def of_array(reader: Reader, array: ArrayValue | LazyValue | Value) -> ListValue:
    """A list of the elements of a vector, copied."""
    if complexes.holds_complex(array):
        memory: ArrayValue | ComplexArrayValue = complexes.in_memory(reader, array, "list", fresh=True)  # type: ignore[arg-type]
    else:
        memory = arrays.materialize(reader, array, "list", fresh=True)
    return ListValue(memory, memory.shape[0], fresh=True)


def memory_for(reader: Reader, name: str, dtype: str, shape: Sequence[Operand]) -> ArrayValue | ComplexArrayValue:
    """Fresh memory for numbers of a dtype, complex or not."""
    if dtype in REAL_DTYPES:
        return ComplexArrayValue(allocate(reader, name, REAL_DTYPES[dtype], [*shape, const_int(2)]))
    return allocate(reader, name, dtype, shape)


def memory_type(dtype: str) -> Array:
    """The type of the variable that holds the numbers of a list."""
    return Array(REAL_DTYPES[dtype], 2, "C") if dtype in REAL_DTYPES else Array(dtype, 1, "C")


def assembled(reader: Reader, dtype: str, memory: Var, count: Operand) -> ListValue:
    """The list that two variables hold."""
    shape = (None, const_int(2)) if dtype in REAL_DTYPES else (None,)
    array = reader.array_variable(memory, shape)
    note_at_least(reader, count)
    return ListValue(ComplexArrayValue(array) if dtype in REAL_DTYPES else array, count)


def flattened(reader: Reader, value: Value, dtype: str) -> list[Operand]:
    """The memory and the length of a list of a dtype."""
    made = growing(reader, value if is_list(value) else SequenceValue((), list), dtype)
    whole = made.memory.pair if isinstance(made.memory, ComplexArrayValue) else made.memory
    return [arrays.as_variable(reader, whole), made.count]


def growing(reader: Reader, value: Value, dtype: str) -> ListValue:
    """A list with room to grow; one of known length gets memory, and numbers of another dtype are converted."""
    if isinstance(value, ListValue):
        return value if value.dtype == dtype else _converted(reader, value, dtype)
    assert isinstance(value, SequenceValue)
    memory = memory_for(reader, "list", dtype, (const_int(len(value.items) + ROOM),))
    for place, item in enumerate(value.items):
        store(reader, memory, ScalarValue(const_int(place)), item)
    return ListValue(memory, const_int(len(value.items)))


def of_rows(reader: Reader, rows: Sequence[SequenceValue]) -> ListValue:
    """A list of rows of one length."""
    dtype = dtype_with(reader, None, [item for row in rows for item in row.items])
    count = const_int(len(rows))
    memory = memory_for(reader, "list", dtype, (count, const_int(len(rows[0].items))))
    for i, row in enumerate(rows):
        for j, item in enumerate(row.items):
            store(reader, memory, SequenceValue((ScalarValue(const_int(i)), ScalarValue(const_int(j)))), item)
    return ListValue(memory, count)


def _converted(reader: Reader, value: ListValue, dtype: str) -> ListValue:
    memory = memory_for(reader, "list", dtype, (reader.builder.plus(value.count, const_int(ROOM)),))
    every = SliceValue(None, ScalarValue(value.count), None)
    store(reader, memory, every, elements(value))
    return ListValue(memory, value.count)


def store(reader: Reader, memory: ArrayValue | ComplexArrayValue, index: Value, item: Value) -> None:
    """``memory[index] = item``."""
    if isinstance(memory, ComplexArrayValue):
        complexes.setitem(reader, memory, index, item)
    else:
        arrays.setitem(reader, memory, index, item)


def dtype_with(reader: Reader, dtype: str | None, items: Sequence[Value]) -> str:
    """The dtype that fits the numbers of a list (``dtype``; None for none so far) and the ``items``."""
    for item in items:
        found = _dtype_of(reader, item)
        if dtype is not None and found != dtype:
            found = _unified(reader, dtype, found)
        dtype = found
    return dtype or "float64"


def _dtype_of(reader: Reader, item: Value) -> str:
    match item:
        case ScalarValue():
            return item.type.dtype
        case ComplexValue() | ListValue():
            return item.dtype
        case ArrayValue(ndim=0):
            return item.dtype
    from jitad.reading.merging import describe

    reader.refuse(
        KernelTypeError,
        f"A list whose length is known only at run time can't hold {describe(item)}.",
        "keep numbers in it; for tuples use one list for each part, for arrays an array with one axis more",
    )


def _unified(reader: Reader, a: str, b: str) -> str:
    if a in REAL_DTYPES or b in REAL_DTYPES:
        found = complexes.unified((a, b))
    else:
        both = unify((Scalar(a), Scalar(b)))
        found = None if both is None else both.dtype
    if found is None:
        reader.refuse(KernelTypeError, f"A list can't hold numbers of {a} and of {b}.", _ONE_DTYPE)
    return found


# What changes a list


def appended(reader: Reader, value: ListValue, item: Value) -> ListValue:
    """The list with an item more."""
    _refuse_rows(reader, value)
    value = growing(reader, value, dtype_with(reader, value.dtype, [item]))
    memory = _with_room(reader, value, const_int(1))
    store(reader, memory, ScalarValue(value.count), item)
    return ListValue(memory, note_at_least(reader, reader.builder.plus(value.count, const_int(1)), 1))


def extended(reader: Reader, value: ListValue, items: ListValue) -> ListValue:
    """The list with the items of another one at its end."""
    _refuse_rows(reader, value)
    _refuse_rows(reader, items)
    dtype = dtype_with(reader, value.dtype, [items])
    value, items = growing(reader, value, dtype), growing(reader, items, dtype)
    memory = _with_room(reader, value, items.count)
    count = note_at_least(reader, reader.builder.plus(value.count, items.count))
    place = SliceValue(ScalarValue(value.count), ScalarValue(count), None)
    store(reader, memory, place, elements(items))
    return ListValue(memory, count)


def inserted(reader: Reader, value: ListValue, at: Value, item: Value) -> ListValue:
    """The list with an item before the one at a place."""
    longer = appended(reader, value, item)
    _define(reader, lists.move_up, [elements(longer), ScalarValue(reader.integer(at, "the place in a list"))])
    return longer


def popped(reader: Reader, value: ListValue, at: Value | None) -> tuple[ListValue, Value]:
    """The list without its last item, or without the one at a place; and that item."""
    _refuse_rows(reader, value)
    empty = is_empty(reader, value)
    if not (isinstance(empty, Const) and not empty.value):
        reader.builder.add(Fail(empty, IndexError, ("pop from empty list",)))
    count = not_below_zero(reader, reader.builder.minus(value.count, const_int(1)))
    if at is not None:
        _define(reader, lists.move_last, [elements(value), ScalarValue(reader.integer(at, "the place in a list"))])
    item = _item_at(reader, value, ScalarValue(count))
    return ListValue(value.memory, count), item


def _item_at(reader: Reader, value: ListValue, place: Value) -> Value:
    if isinstance(value.memory, ComplexArrayValue):
        return complexes.getitem(reader, value.memory, place)
    return arrays.getitem(reader, value.memory, place)


def repeated(reader: Reader, value: Value, times: Operand) -> ListValue:
    """``[item, ...] * times`` for a number of times known at run time."""
    if isinstance(value, ListValue):
        _refuse_rows(reader, value)
        pattern = value
    else:
        assert isinstance(value, SequenceValue)
        pattern = growing(reader, value, dtype_with(reader, None, value.items))
    many = not_below_zero(reader, times)
    array = _define(reader, lists.repeated, [elements(pattern), ScalarValue(many)])
    assert isinstance(array, ArrayValue | ComplexArrayValue)
    return ListValue(array, array.shape[0], fresh=True)


def _refuse_rows(reader: Reader, value: ListValue) -> None:
    if value.memory.ndim > 1:
        reader.refuse(
            KernelTypeError, "A list of rows can't change its length.", "make an array of it: np.array([[... for ...]])"
        )


def set_item(reader: Reader, value: ListValue, index: Value, item: Value) -> None:
    """``list[index] = item``."""
    if isinstance(index, SliceValue) or value.memory.ndim > 1:
        reader.refuse(KernelTypeError, "Part of a list can't be assigned in a kernel.", "store its items one by one")
    if dtype_with(reader, value.dtype, [item]) != value.dtype:
        reader.refuse(
            KernelTypeError,
            f"A list of {value.dtype} can't hold a number of {_dtype_of(reader, item)}.",
            "make the list of such numbers from the start: [0.0] instead of [0]",
        )
    store(reader, elements(value), index, item)


def _with_room(reader: Reader, value: ListValue, more: Operand) -> ArrayValue | ComplexArrayValue:
    memory = _define(reader, lists.room_for, [value.memory, ScalarValue(value.count), ScalarValue(more)])
    assert isinstance(memory, ArrayValue | ComplexArrayValue)
    return memory


def _define(reader: Reader, definition: Any, args: Sequence[Value]) -> Value:
    from jitad.reading.calls import call_definition

    return call_definition(reader, definition, args)


def extreme(reader: Reader, name: str, value: ListValue) -> Value:
    """Python's ``min`` or ``max`` of a list: of equal items the first one."""
    return _define(reader, lists.smallest if name == "min" else lists.largest, [elements(value)])


def is_empty(reader: Reader, value: ListValue) -> Operand:
    """Whether a list has no items."""
    return reader.builder.equal(value.count, Const(0, INT64))
