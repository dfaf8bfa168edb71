"""Names of lists: a list that changes has one name only, because a name stands for what the list is now."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from jitad.errors import KernelTypeError, KernelValueError, UnsupportedCallError
from jitad.program.statements import Const, Fail
from jitad.program.types import BOOL
from jitad.reading import lists
from jitad.reading.comparisons import static_of
from jitad.reading.desugar import RESULT
from jitad.reading.liveness import LIST_METHODS, Names, reads, resized
from jitad.reading.merging import describe
from jitad.reading.reader import Unreachable
from jitad.reading.values import (
    ComplexValue,
    DictValue,
    GeneratorValue,
    ListValue,
    MaybeValue,
    MethodValue,
    PartialValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
    ZippedValue,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader
    from jitad.reading.scope import Scope

_COPY = "take a copy under a name of its own: b = a.copy()"


def _containers_in(value: Value | None) -> Iterator[Value]:
    """The lists and dicts that a value is or holds."""
    match value:
        case ListValue():
            yield value
        case GeneratorValue(first=first):
            yield from _containers_in(first)
        case SequenceValue(items) | ZippedValue(parts=items):
            if lists.is_list(value):
                yield value
            for item in items:
                yield from _containers_in(item)
        case DictValue(entries):
            yield value
            for entry in entries.values():
                yield from _containers_in(entry)
        case MaybeValue(inner) | MethodValue(owner=inner):
            yield from _containers_in(inner)
        case PartialValue(function, args, kwargs):
            for one in (function, *args, *kwargs.values()):
                yield from _containers_in(one)


def _open_scopes(reader: Reader) -> Iterator[Scope]:
    scope: Scope | None = reader.scope
    while scope is not None:
        yield scope
        scope = scope.caller


def bound_to(reader: Reader, name: str, value: Value) -> Value:
    """``value`` as a name gets it: refuses a second name of a list or dict that changes.

    A list whose items the function assigns gets memory of its own.
    """
    if isinstance(value, GeneratorValue) and name != RESULT:
        _refuse(reader, "A generator expression, which runs once only, can't have a name", "make a list: [... for ...]")
    found = list(_containers_in(value))
    if not found:
        return value
    changing = name in reader.scope.resized or name in reader.scope.stored_into
    if changing and any(one is outside for one in found for outside in reader.captures.lists):
        _refuse(reader, f"{name!r} is a list or a dict from outside of the kernel, which would be changed", _COPY)
    other = _other_name(reader, found, name, changing)
    if other is not None:
        reason = f"A list or a dict that changes can't have two names here ({other!r} is the other one)"
        _refuse(reader, reason, _COPY)
    if isinstance(value, SequenceValue) and lists.is_list(value) and name in reader.scope.stored_into:
        return _with_memory(reader, value)
    return value


def _other_name(reader: Reader, found: Sequence[Value], name: str, changing: bool) -> str | None:
    """Another name of one of these lists and dicts, where it or ``name`` stands for one that changes."""
    for scope in _open_scopes(reader):
        for other, held in scope.env.items():
            if scope is reader.scope and name in (other, RESULT):
                continue
            if not (changing or other in scope.resized or other in scope.stored_into):
                continue
            if any(one is another for one in found for another in _containers_in(held)):
                return other
    return None


def changes(reader: Reader, value: Value) -> bool:
    """True for a value that is or holds a list or a dict of a name that stands for one that changes."""
    found = list(_containers_in(value))
    return bool(found) and _other_name(reader, found, "", changing=False) is not None


def forget_dead(reader: Reader, value: Value, live: Names) -> None:
    """Before ``value`` gets a name, unbind changing lists and dicts that nothing reads any more.

    So ``before = after`` gives a list no second name, if ``after`` is assigned anew before it is read again.
    """
    if not any(True for _ in _containers_in(value)):
        return
    scope = reader.scope
    for name in (scope.resized | scope.stored_into) - live - scope.captured:
        if any(True for _ in _containers_in(scope.env.get(name))):
            del scope.env[name]


def _with_memory(reader: Reader, value: SequenceValue) -> Value:
    """The list in memory of its own, if it holds numbers, or lists of numbers of one length; otherwise as it is."""
    if _holds_numbers(value) or _holds_tuples(value):
        return lists.growing(reader, value, lists.type_with(reader, None, value.items))
    rows = [row for row in value.items if isinstance(row, SequenceValue) and row.kind is list and _holds_numbers(row)]
    lengths = {len(row.items) for row in rows}
    if len(rows) != len(value.items) or len(lengths) != 1:
        return value
    if len(set(map(id, rows))) != len(rows):
        remedy = "make each of them anew: [[0.0] * n for _ in range(m)]"
        _refuse(reader, "The items of this list are one and the same list", remedy)
    return lists.of_rows(reader, rows)


def _holds_numbers(value: SequenceValue) -> bool:
    return bool(value.items) and all(isinstance(item, ScalarValue | ComplexValue) for item in value.items)


def _holds_tuples(value: SequenceValue) -> bool:
    tuples = [item for item in value.items if isinstance(item, SequenceValue) and item.kind is not list]
    return bool(tuples) and len(tuples) == len(value.items) and all(map(_holds_numbers, tuples))


def set_entry(reader: Reader, owner: ast.expr, value: DictValue, key: Value, entry: Value) -> None:
    """``d[key] = entry`` for a dict with constant keys that the function has made."""
    name = owner.id if isinstance(owner, ast.Name) else ""
    if name not in reader.scope.locals or name in reader.scope.parameters:
        _refuse(reader, "A dict that this function hasn't made can't be changed", "take a copy: d = d.copy()")
    constant = static_of(reader, key, "a key of a dict")
    reader.scope.env[name] = DictValue({**value.items, constant: bound_to(reader, "", reader.settle(entry))})


def _refuse(reader: Reader, reason: str, remedy: str) -> NoReturn:
    reader.refuse(KernelTypeError, f"{reason}.", remedy)


def refuse_resizing(reader: Reader, node: ast.For, iterable: Value) -> None:
    """Refuse a loop over a list whose body changes the length of that list."""
    is_backwards = any(isinstance(part, ast.Name) and part.id == "reversed" for part in ast.walk(node.iter))
    for name in sorted(reads(node.iter) & resized(node.body)):
        held = reader.scope.env.get(name, _NOTHING)
        if lists.is_list(held) and (is_backwards or any(one is held for one in _containers_in(iterable))):
            _refuse(reader, f"This loop changes the length of {name!r}, which it runs over", "loop over a copy of it")


def refuse_change_beside(reader: Reader, value: Value, later: Sequence[ast.AST]) -> None:
    """Refuse a list as an operand where a later part of the expression changes the length of one."""
    if any(True for _ in _containers_in(value)) and resized(later):
        _refuse(reader, "A list stands next to a call that changes one", "make that call on a line of its own first")


def resizes(reader: Reader, function: ast.expr) -> tuple[str, str] | None:
    """The name of a list and the method, when a call changes the length of a list."""
    match function:
        case ast.Attribute(value=ast.Name(id=name), attr=method) if method in LIST_METHODS:
            return (name, method) if lists.is_list(reader.lookup(name)) else None
    return None


def call_resizing(reader: Reader, name: str, method: str, args: Sequence[Value]) -> Value:
    """A call of a method that changes the length of the list of this name; gives what the method gives."""
    if name not in reader.scope.locals:
        _refuse(
            reader,
            f"{name!r} is a list from outside of this function, which a function can't change",
            "make a list here and return it",
        )
    if name in reader.scope.parameters:
        _refuse(reader, f"{name!r} is an argument, and a kernel can't change a list of its caller's", _COPY)
    current = reader.lookup(name)
    least, most = _COUNTS[method]
    if not least <= len(args) <= most:
        wanted = least if least == most else f"{least} to {most}"
        reader.refuse(UnsupportedCallError, f"{method} takes {wanted} arguments and gets {len(args)}", "pass that many")
    given = [reader.settle(arg) for arg in args]
    if isinstance(current, SequenceValue):
        changed, result = _of_items(reader, current, method, given)
    else:
        assert isinstance(current, ListValue)
        changed, result = _of_memory(reader, current, method, given)
    if isinstance(changed, SequenceValue) and name in reader.scope.stored_into:
        changed = _with_memory(reader, changed)
    reader.scope.env[name] = changed
    return result


_COUNTS = {"append": (1, 1), "extend": (1, 1), "insert": (2, 2), "pop": (0, 1), "clear": (0, 0)}
_NOTHING = StaticValue(None)


def _of_items(reader: Reader, value: SequenceValue, method: str, args: Sequence[Value]) -> tuple[Value, Value]:
    """The changed list and the result, for a list of known length."""
    items = value.items
    match method, args:
        case "append", [item]:
            return SequenceValue((*items, item), list), _NOTHING
        case "extend", [SequenceValue(more)]:
            return SequenceValue((*items, *more), list), _NOTHING
        case "clear", []:
            return SequenceValue((), list), _NOTHING
        case "insert", [ScalarValue(Const(value=place)), item]:
            changed = list(items)
            changed.insert(int(place), item)
            return SequenceValue(tuple(changed), list), _NOTHING
        case "pop", [] | [ScalarValue(Const())]:
            place = int(static_of(reader, args[0], "the place")) if args else -1
            if not -len(items) <= place < len(items):
                reader.builder.add(Fail(Const(True, BOOL), IndexError, ("pop index out of range",)))
                raise Unreachable
            at = place % len(items)
            return SequenceValue((*items[:at], *items[at + 1 :]), list), items[at]
    held = items or ([as_growing(reader, args[0])] if method == "extend" else args[-1:])
    return _of_memory(reader, lists.growing(reader, value, lists.type_with(reader, None, held)), method, args)


def _of_memory(reader: Reader, value: ListValue, method: str, args: Sequence[Value]) -> tuple[Value, Value]:
    """The changed list and the result, for a list whose length isn't known."""
    match method:
        case "append":
            return lists.appended(reader, value, args[0]), _NOTHING
        case "extend":
            return lists.extended(reader, value, as_growing(reader, args[0])), _NOTHING
        case "clear":
            return SequenceValue((), list), _NOTHING
        case "insert":
            return lists.inserted(reader, value, args[0], args[1]), _NOTHING
    return lists.popped(reader, value, args[0] if args else None)


def as_growing(reader: Reader, value: Value) -> ListValue:
    """A list of the items of something that can be iterated over."""
    from jitad.reading.comprehensions import as_list

    made = as_list(reader, value)
    if made is None:
        reader.refuse(
            KernelValueError, f"a list can't be made of {describe(value)}", "pass a list, an array or a range"
        )
    if isinstance(made, SequenceValue):
        return lists.growing(reader, made, lists.type_with(reader, None, made.items))
    return made
