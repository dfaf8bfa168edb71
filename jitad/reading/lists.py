"""Lists of numbers, or of tuples of numbers, whose length isn't known while reading: vectors with room to grow.

A list is known item by item (a ``SequenceValue``) for as long as every path gives it the same length. Where paths of
different lengths meet, it becomes a ``ListValue``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

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
    ItemType,
    ListValue,
    ScalarValue,
    SequenceValue,
    SliceValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

Memory = ArrayValue | ComplexArrayValue


ROOM = 8
"""A list that starts to grow has room for so many items more."""


def is_list(value: Value) -> bool:
    """True for a list, of known length or not."""
    return isinstance(value, ListValue) or (isinstance(value, SequenceValue) and value.kind is list)


def elements(value: ListValue) -> list[Memory]:
    """The items as arrays that share the list's memory, one for each column."""
    return [_first(column, value.count) for column in value.columns]


def _first(column: Memory, count: Operand) -> Memory:
    whole = column.pair if isinstance(column, ComplexArrayValue) else column
    first, *rest = whole.axes
    part = ArrayValue(whole.base, whole.starts, (replace(first, length=count), *rest))
    return ComplexArrayValue(part) if isinstance(column, ComplexArrayValue) else part


def numbers(reader: Reader, value: ListValue) -> Memory:
    """The numbers in a list as an array that shares its memory. Refuses a list of tuples or of rows."""
    _refuse_rows(reader, value, "is no list of numbers")
    if value.type.kind is not None:
        reader.refuse(
            KernelTypeError,
            "A list of tuples is no list of numbers.",
            "make a list of the part that is meant: [p[0] for p in pairs]",
        )
    return elements(value)[0]


def as_argument(reader: Reader, value: Value) -> Value:
    """A list, or the lists in a tuple or list, as arrays for a function of arrays, which mustn't keep their memory."""
    match value:
        case ListValue(type=ItemType(kind=None)):
            array = elements(value)[0]
            if value.fresh:
                return array
            return as_complex_lazy(array) if isinstance(array, ComplexArrayValue) else as_lazy(array)
        case ListValue():
            columns = SequenceValue(tuple(elements(value)))
            return reader.call(np.column_stack, [columns], {}, "an array of tuples")
        case SequenceValue(items, kind, fields) if any(isinstance(item, ListValue | SequenceValue) for item in items):
            return SequenceValue(tuple(as_argument(reader, item) for item in items), kind, fields)
    return value


# Items


def item_at(reader: Reader, value: ListValue, place: Value) -> Value:
    """The item at a place."""
    return _item(reader, value, elements(value), place)


def _item(reader: Reader, value: ListValue, columns: Sequence[Memory], place: Value) -> Value:
    parts = [
        complexes.getitem(reader, column, place)
        if isinstance(column, ComplexArrayValue)
        else arrays.getitem(reader, column, place)
        for column in columns
    ]
    return parts[0] if value.type.kind is None else SequenceValue(tuple(parts), value.type.kind, value.type.fields)


def part_of(reader: Reader, value: ListValue, place: SliceValue) -> ListValue:
    """A slice of a list, copied."""
    _refuse_rows(reader, value, "can't be sliced")
    return _of_columns(reader, [_part(reader, column, place) for column in elements(value)], value.type)


def _part(reader: Reader, column: Memory, place: SliceValue) -> Value:
    if isinstance(column, ComplexArrayValue):
        return complexes.getitem(reader, column, place)
    return arrays.getitem(reader, column, place)


def store(reader: Reader, memory: Memory, index: Value, item: Value) -> None:
    """``memory[index] = item``."""
    if isinstance(memory, ComplexArrayValue):
        complexes.setitem(reader, memory, index, item)
    else:
        arrays.setitem(reader, memory, index, item)


def store_item(reader: Reader, columns: Sequence[Memory], index: Value, item: Value, type_: ItemType) -> None:
    """``list[index] = item`` in the columns of a list."""
    parts = [item] if type_.kind is None else item.items  # type: ignore[attr-defined]
    for column, part in zip(columns, parts, strict=True):
        store(reader, column, index, part)


def set_item(reader: Reader, value: ListValue, index: Value, item: Value) -> None:
    """``list[index] = item``."""
    if isinstance(index, SliceValue) or value.ndim > 1:
        reader.refuse(KernelTypeError, "Part of a list can't be assigned in a kernel.", "store its items one by one")
    fitting = type_with(reader, value.type, [item])
    if fitting != value.type:
        reader.refuse(
            KernelTypeError,
            f"A list of {', '.join(value.type.dtypes)} can't hold {', '.join(fitting.dtypes)}.",
            "make the list of such numbers from the start: [0.0] instead of [0]",
        )
    store_item(reader, elements(value), index, item, value.type)


def type_with(reader: Reader, type_: ItemType | None, items: Sequence[Value]) -> ItemType:
    """The type that fits the items of a list (of ``type_``; None for none so far) and further ``items``."""
    for item in items:
        found = _type_of(reader, item)
        if type_ is None or found == type_:
            type_ = found
            continue
        if (found.kind, len(found.dtypes)) != (type_.kind, len(type_.dtypes)):
            reader.refuse(
                KernelTypeError,
                "A list whose length is known only at run time can't hold items of different kinds.",
                "use one list for each kind of items",
            )
        pairs = zip(type_.dtypes, found.dtypes, strict=True)
        type_ = replace(type_, dtypes=tuple(_unified(reader, a, b) for a, b in pairs))
    return type_ or ItemType(("float64",))


def _type_of(reader: Reader, item: Value) -> ItemType:
    match item:
        case ListValue(type=type_):
            return type_
        case SequenceValue(items, kind, fields) if items and kind is not list and all(map(_is_number, items)):
            return ItemType(tuple(map(_dtype, items)), kind, fields)
    if _is_number(item):
        return ItemType((_dtype(item),))
    from jitad.reading.merging import describe

    reader.refuse(
        KernelTypeError,
        f"A list whose length is known only at run time can't hold {describe(item)}.",
        "keep numbers or tuples of numbers in it; for arrays make an array with one axis more (np.empty), and fill it",
    )


def _is_number(value: Value) -> bool:
    return isinstance(value, ScalarValue | ComplexValue) or (isinstance(value, ArrayValue) and value.ndim == 0)


def _dtype(value: Value) -> str:
    return value.type.dtype if isinstance(value, ScalarValue) else value.dtype  # type: ignore[attr-defined]


def _unified(reader: Reader, a: str, b: str) -> str:
    if a in REAL_DTYPES or b in REAL_DTYPES:
        found = complexes.unified((a, b))
    else:
        both = unify((Scalar(a), Scalar(b)))
        found = None if both is None else both.dtype
    if found is None:
        reader.refuse(
            KernelTypeError, f"A list can't hold numbers of {a} and of {b}.", "use one list for each kind of numbers"
        )
    return found


# Memory


def memory_for(reader: Reader, dtype: str, shape: Sequence[Operand]) -> Memory:
    """Fresh memory for numbers of a dtype, complex or not."""
    if dtype in REAL_DTYPES:
        return ComplexArrayValue(allocate(reader, "list", REAL_DTYPES[dtype], [*shape, const_int(2)]))
    return allocate(reader, "list", dtype, shape)


def _of_columns(reader: Reader, columns: Sequence[Value], type_: ItemType) -> ListValue:
    """A list of the elements of vectors, copied."""
    memory: list[Memory] = []
    for column in columns:
        if complexes.holds_complex(column):
            memory.append(complexes.in_memory(reader, column, "list", fresh=True))  # type: ignore[arg-type]
        else:
            memory.append(arrays.materialize(reader, column, "list", fresh=True))
    return ListValue(tuple(memory), memory[0].shape[0], type_, fresh=True)


def of_array(reader: Reader, array: Value) -> ListValue:
    """A list of the elements of a vector, copied."""
    return _of_columns(reader, [array], ItemType((array.dtype,)))  # type: ignore[attr-defined]


def copied(reader: Reader, value: ListValue) -> ListValue:
    """A list with the same items: rows are not copied, and can't be replaced."""
    if value.ndim > 1:
        return replace(value, fresh=True)
    return _of_columns(reader, elements(value), value.type)


def of_rows(reader: Reader, rows: Sequence[SequenceValue]) -> ListValue:
    """A list of rows of one length."""
    type_ = type_with(reader, None, [item for row in rows for item in row.items])
    count = const_int(len(rows))
    memory = memory_for(reader, type_.dtypes[0], (count, const_int(len(rows[0].items))))
    for i, row in enumerate(rows):
        for j, item in enumerate(row.items):
            store(reader, memory, SequenceValue((ScalarValue(const_int(i)), ScalarValue(const_int(j)))), item)
    return ListValue((memory,), count, type_)


def growing(reader: Reader, value: Value, type_: ItemType) -> ListValue:
    """A list with room to grow; one of known length gets memory, and items of other dtypes are converted."""
    if isinstance(value, ListValue):
        return value if value.type == type_ else _converted(reader, value, type_)
    assert isinstance(value, SequenceValue)
    room = const_int(len(value.items) + ROOM)
    columns = tuple(memory_for(reader, dtype, (room,)) for dtype in type_.dtypes)
    for place, item in enumerate(value.items):
        store_item(reader, columns, ScalarValue(const_int(place)), item, type_)
    return ListValue(columns, const_int(len(value.items)), type_)


def _converted(reader: Reader, value: ListValue, type_: ItemType) -> ListValue:
    room = reader.builder.plus(value.count, const_int(ROOM))
    columns = tuple(memory_for(reader, dtype, (room,)) for dtype in type_.dtypes)
    every = SliceValue(None, ScalarValue(value.count), None)
    for column, old in zip(columns, elements(value), strict=True):
        store(reader, column, every, old)
    return ListValue(columns, value.count, type_)


def variables(name: str, type_: ItemType) -> list[Var]:
    """Fresh variables for the memory and the length of a list."""
    types = [Array(REAL_DTYPES[d], 2, "C") if d in REAL_DTYPES else Array(d, 1, "C") for d in type_.dtypes]
    return [*(Var(name, memory) for memory in types), Var(f"{name}_length", INT64)]


def assembled(reader: Reader, type_: ItemType, operands: Sequence[Operand]) -> ListValue:
    """The list that variables hold."""
    *held, count = operands
    columns: list[Memory] = []
    for dtype, memory in zip(type_.dtypes, held, strict=True):
        assert isinstance(memory, Var)
        if dtype in REAL_DTYPES:
            columns.append(ComplexArrayValue(reader.array_variable(memory, (None, const_int(2)))))
        else:
            columns.append(reader.array_variable(memory, (None,)))
    return ListValue(tuple(columns), note_at_least(reader, count), type_)


def flattened(reader: Reader, value: Value, type_: ItemType) -> list[Operand]:
    """The memory and the length of a list of a type."""
    made = growing(reader, value if is_list(value) else SequenceValue((), list), type_)
    wholes = [column.pair if isinstance(column, ComplexArrayValue) else column for column in made.columns]
    return [*(arrays.as_variable(reader, whole) for whole in wholes), made.count]


# What changes a list


def appended(reader: Reader, value: ListValue, item: Value) -> ListValue:
    """The list with an item more."""
    _refuse_rows(reader, value)
    value = growing(reader, value, type_with(reader, value.type, [item]))
    columns = _with_room(reader, value, const_int(1))
    store_item(reader, columns, ScalarValue(value.count), item, value.type)
    count = note_at_least(reader, reader.builder.plus(value.count, const_int(1)), 1)
    return ListValue(columns, count, value.type)


def extended(reader: Reader, value: ListValue, items: ListValue) -> ListValue:
    """The list with the items of another one at its end."""
    _refuse_rows(reader, value)
    _refuse_rows(reader, items)
    type_ = type_with(reader, value.type, [items])
    value, items = growing(reader, value, type_), growing(reader, items, type_)
    columns = _with_room(reader, value, items.count)
    count = note_at_least(reader, reader.builder.plus(value.count, items.count))
    place = SliceValue(ScalarValue(value.count), ScalarValue(count), None)
    for column, more in zip(columns, elements(items), strict=True):
        store(reader, column, place, more)
    return ListValue(columns, count, type_)


def inserted(reader: Reader, value: ListValue, at: Value, item: Value) -> ListValue:
    """The list with an item before the one at a place."""
    longer = appended(reader, value, item)
    place = ScalarValue(reader.integer(at, "the place in a list"))
    for column in elements(longer):
        _define(reader, lists.move_up, [column, place])
    return longer


def popped(reader: Reader, value: ListValue, at: Value | None) -> tuple[ListValue, Value]:
    """The list without its last item, or without the one at a place; and that item."""
    _refuse_rows(reader, value)
    empty = is_empty(reader, value)
    if not (isinstance(empty, Const) and not empty.value):
        reader.builder.add(Fail(empty, IndexError, ("pop from empty list",)))
    count = not_below_zero(reader, reader.builder.minus(value.count, const_int(1)))
    if at is not None:
        place = ScalarValue(reader.integer(at, "the place in a list"))
        for column in elements(value):
            _define(reader, lists.move_last, [column, place])
    item = _item(reader, value, value.columns, ScalarValue(count))
    return ListValue(value.columns, count, value.type), item


def repeated(reader: Reader, value: Value, times: Operand) -> ListValue:
    """``[item, ...] * times`` for a number of times known at run time."""
    if not isinstance(value, ListValue):
        assert isinstance(value, SequenceValue)
        value = growing(reader, value, type_with(reader, None, value.items))
    _refuse_rows(reader, value)
    many = ScalarValue(not_below_zero(reader, times))
    return _of_columns(reader, [_define(reader, lists.repeated, [c, many]) for c in elements(value)], value.type)


def reverse(reader: Reader, value: ListValue) -> None:
    """``list.reverse()``."""
    _refuse_rows(reader, value)
    for column in elements(value):
        _define(reader, lists.reverse, [column])


def _refuse_rows(reader: Reader, value: ListValue, what: str = "can't change its length") -> None:
    if value.ndim > 1:
        reader.refuse(KernelTypeError, f"A list of rows {what}.", "make an array of it: np.array([[... for ...]])")


def _with_room(reader: Reader, value: ListValue, more: Operand) -> tuple[Memory, ...]:
    columns: list[Memory] = []
    for column in value.columns:
        memory = _define(reader, lists.room_for, [column, ScalarValue(value.count), ScalarValue(more)])
        assert isinstance(memory, ArrayValue | ComplexArrayValue)
        columns.append(memory)
    return tuple(columns)


def _define(reader: Reader, definition: Any, args: Sequence[Value]) -> Value:
    from jitad.reading.calls import call_definition

    return call_definition(reader, definition, args)


def extreme(reader: Reader, name: str, value: ListValue) -> Value:
    """Python's ``min`` or ``max`` of a list: of equal items the first one."""
    return _define(reader, lists.smallest if name == "min" else lists.largest, [numbers(reader, value)])


def is_empty(reader: Reader, value: ListValue) -> Operand:
    """Whether a list has no items."""
    return reader.builder.equal(value.count, Const(0, INT64))
