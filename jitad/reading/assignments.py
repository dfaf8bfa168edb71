"""Assignments: names bound, items stored, tuples unpacked, and updates in place."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from jitad.errors import KernelTypeError, KernelValueError, ShapeMismatchError, UnsupportedSyntaxError
from jitad.primitives import core
from jitad.program.builder import const_int
from jitad.program.statements import Operand
from jitad.reading import arrays, complexes, lists
from jitad.reading.attributes import attribute
from jitad.reading.expressions import BINARY, binary, evaluate, evaluate_index, item
from jitad.reading.iteration import known_items, row_of
from jitad.reading.list_names import bound_to, call_resizing, set_entry
from jitad.reading.merging import describe
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    DictValue,
    LazyValue,
    ListValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
    ZippedValue,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


def refuse_statement(reader: Reader, what: str, remedy: str) -> NoReturn:
    """Refuse a statement that no kernel can hold."""
    reader.refuse(UnsupportedSyntaxError, f"A kernel can't hold {what}.", remedy)


def hint(target: ast.expr) -> str:
    """A name for what is assigned to a target."""
    return target.id if isinstance(target, ast.Name) else "part"


def assign(reader: Reader, target: ast.expr, value: Value) -> None:
    """Bind or store a settled value."""
    with reader.at(target):
        match target:
            case ast.Name(id=name):
                if isinstance(value, ScalarValue):
                    _rename(reader, value.operand, name)
                reader.scope.env[name] = bound_to(reader, name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                items = _unpacked(reader, parts, value)
                if all(isinstance(part, ast.Name) for part in parts):  # they may exchange what they are
                    for part in parts:
                        reader.scope.env.pop(part.id, None)  # type: ignore[attr-defined]
                for part, one in zip(parts, items, strict=True):
                    assign(reader, part, one)
            case ast.Subscript(value=owner, slice=index):
                array = evaluate(reader, owner)
                if isinstance(array, DictValue):
                    set_entry(reader, owner, array, evaluate_index(reader, index), value)
                    return
                if isinstance(array, ListValue):
                    lists.set_item(reader, array, evaluate_index(reader, index), reader.settle(value))
                    return
                if isinstance(array, ComplexArrayValue):
                    complexes.setitem(reader, array, evaluate_index(reader, index), value)
                    return
                if not isinstance(array, ArrayValue):
                    _refuse_item_assignment(reader, array)
                arrays.setitem(reader, array, evaluate_index(reader, index), value)
            case ast.Attribute(attr="real" | "imag"):
                arrays.setitem(reader, _part_of_complex(reader, target), StaticValue(Ellipsis), value)
            case ast.Attribute(attr=name):
                refuse_statement(
                    reader, f"an assignment to an attribute ({name!r})", "use a local name, and return its value"
                )
            case ast.Starred(value=inner):
                assign(reader, inner, value)
            case _:
                refuse_statement(
                    reader, "an assignment to this", "assign to a name, an item of an array, or a tuple of them"
                )


def _part_of_complex(reader: Reader, node: ast.Attribute) -> ArrayValue:
    """``z.real`` or ``z.imag`` of a complex array, in place."""
    owner = evaluate(reader, node.value)
    part = attribute(reader, owner, node.attr, ast.unparse(node.value))
    if not (isinstance(owner, ComplexArrayValue) and isinstance(part, ArrayValue)):
        reader.refuse(
            KernelTypeError,
            f"The part {node.attr!r} of {describe(owner)} can't be assigned.",
            "assign the whole number",
        )
    return part


def _refuse_item_assignment(reader: Reader, value: Value) -> NoReturn:
    if isinstance(value, LazyValue | ComplexLazy):
        reader.refuse(
            KernelTypeError, "This stores into the value of an expression.", "give the array a name, then store into it"
        )
    reader.refuse(
        KernelTypeError,
        f"An item of {describe(value)} can't be assigned in a kernel.",
        "use an array (np.zeros, np.empty) for values that change",
    )


def _rename(reader: Reader, operand: Operand, name: str) -> None:
    """Name a fresh intermediate value after the user's variable, so that the program reads like the kernel."""
    made = reader.builder.made_by(operand)
    if made is not None and made.out.name == made.primitive.name and not name.startswith("$"):
        made.out.name = name


def _unpacked(reader: Reader, parts: Sequence[ast.expr], value: Value) -> Sequence[Value]:
    starred = next((at for at, part in enumerate(parts) if isinstance(part, ast.Starred)), None)
    if starred is not None:
        return _unpacked_around(reader, parts, starred, value)
    if isinstance(value, SequenceValue):
        if len(value.items) != len(parts):
            reader.refuse(
                KernelValueError,
                f"{len(value.items)} values can't be unpacked into {len(parts)} names",
                "make the two numbers equal",
            )
        return value.items
    if isinstance(value, ZippedValue) and (rows := known_items(reader, value)) is not None:
        return _unpacked(reader, parts, SequenceValue(tuple(rows)))
    if isinstance(value, ArrayValue | ComplexArrayValue) and value.ndim:
        wrong = reader.builder.compute(core.ne, value.shape[0], const_int(len(parts)))
        reader.fail_if(
            wrong,
            ShapeMismatchError,
            f"an array that isn't of length {len(parts)} can't be unpacked into {len(parts)} names",
            "make the length of the array and the number of names equal",
        )
        items = [row_of(reader, value, const_int(i)) for i in range(len(parts))]
        return [reader.settle(item) for item in items]
    reader.refuse(KernelTypeError, f"{describe(value)} can't be unpacked", "unpack a tuple, a list or an array")


def _unpacked_around(reader: Reader, parts: Sequence[ast.expr], starred: int, value: Value) -> Sequence[Value]:
    """One value for each part; the starred one gets a list of what the others leave."""
    if not isinstance(value, SequenceValue):
        reader.refuse(
            KernelTypeError,
            f"{describe(value)} can't be unpacked into a starred name, whose length wouldn't be known",
            "unpack a tuple or a list, or slice the array",
        )
    others = len(parts) - 1
    if len(value.items) < others:
        reader.refuse(
            KernelValueError,
            f"{len(value.items)} values can't be unpacked into {others} names and a starred one",
            "give at least as many values as there are names without a star",
        )
    end = starred + len(value.items) - others
    return [*value.items[:starred], SequenceValue(value.items[starred:end], list), *value.items[end:]]


def augment(reader: Reader, node: ast.AugAssign) -> None:
    """``target op= value``."""
    primitive = BINARY.get(type(node.op))
    match node.target:
        case ast.Name(id=name):
            current = reader.lookup(name)
            value = evaluate(reader, node.value)
            if lists.is_list(current) and isinstance(node.op, ast.Add):
                call_resizing(reader, name, "extend", [value])
                return
            if isinstance(current, ArrayValue | ComplexArrayValue) and primitive is None:
                product = reader.settle(binary(reader, node.op, current, value))
                lists.store(reader, current, StaticValue(Ellipsis), product)
                return
            if isinstance(current, ArrayValue | ComplexArrayValue):
                assert primitive is not None
                if isinstance(current, ComplexArrayValue):
                    reader.scope.env[name] = complexes.update_whole(reader, current, primitive, value)
                else:
                    reader.scope.env[name] = arrays.update_whole(reader, current, primitive, value)
                return
            result = reader.settle(binary(reader, node.op, current, value), name)
            assign(reader, node.target, result)
        case ast.Subscript(value=owner, slice=index):
            array = evaluate(reader, owner)
            if isinstance(array, ListValue | DictValue):
                at = evaluate_index(reader, index)
                updated = binary(reader, node.op, item(reader, array, at), evaluate(reader, node.value))
                if isinstance(array, ListValue):
                    lists.set_item(reader, array, at, updated)
                else:
                    set_entry(reader, owner, array, at, updated)
                return
            if not isinstance(array, ArrayValue | ComplexArrayValue):
                _refuse_item_assignment(reader, array)
            if primitive is None:
                refuse_statement(reader, "an in-place matrix product (@=)", "write a = a @ b")
            at = evaluate_index(reader, index)
            value = evaluate(reader, node.value)
            if isinstance(array, ComplexArrayValue):
                complexes.update_item(reader, array, at, primitive, value)
            else:
                arrays.update_item(reader, array, at, primitive, value)
        case ast.Attribute(attr="real" | "imag") as target if primitive is not None:
            part = _part_of_complex(reader, target)
            arrays.update_whole(reader, part, primitive, evaluate(reader, node.value))
        case _:
            refuse_statement(reader, "an update of an attribute", "use a local name, and return its value")
