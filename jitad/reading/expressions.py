"""Expressions of a kernel."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jitad.errors import KernelTypeError, KernelValueError, UnsupportedSyntaxError
from jitad.primitives import core
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Alloc, Call, Const, Reshape, Statement, Store, View
from jitad.reading import arrays, complexes, lists
from jitad.reading.attributes import attribute
from jitad.reading.comparisons import comparison, static_of
from jitad.reading.joins import branch, negation, truth
from jitad.reading.list_names import as_growing, bound_to, refuse_change_beside
from jitad.reading.merging import describe
from jitad.reading.reader import NeedsUnrolling
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    DictValue,
    FunctionValue,
    LazyValue,
    ListValue,
    ScalarValue,
    SequenceValue,
    SliceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

BINARY: dict[type[ast.operator], ScalarPrimitive] = {
    ast.Add: core.add,
    ast.Sub: core.sub,
    ast.Mult: core.mul,
    ast.Div: core.truediv,
    ast.FloorDiv: core.floordiv,
    ast.Mod: core.mod,
    ast.Pow: core.pow_,
    ast.BitAnd: core.and_,
    ast.BitOr: core.or_,
    ast.BitXor: core.xor,
    ast.LShift: core.lshift,
    ast.RShift: core.rshift,
}
_ARRAYS = ArrayValue | LazyValue | ComplexArrayValue | ComplexLazy
_UNARY: dict[type[ast.unaryop], ScalarPrimitive] = {
    ast.USub: core.neg,
    ast.UAdd: core.pos,
    ast.Invert: core.invert,
}
_REMEDIES: dict[type[ast.expr], tuple[str, str]] = {
    ast.Set: ("a set", "use a tuple"),
    ast.SetComp: ("a set comprehension", "use a tuple"),
    ast.Yield: ("yield (a generator)", "fill an array and return it"),
    ast.YieldFrom: ("yield (a generator)", "fill an array and return it"),
    ast.Await: ("await", "write an ordinary function"),
    ast.JoinedStr: ("an f-string (except in the message of a raise)", "format text outside the kernel"),
    ast.Starred: ("a starred expression here", "name the items"),
}


def evaluate(reader: Reader, node: ast.expr) -> Value:
    """The value of an expression."""
    with reader.at(node):
        return _evaluate(reader, node)


def _evaluate(reader: Reader, node: ast.expr) -> Value:
    from jitad.reading.calls import read_call

    match node:
        case ast.Constant(value=obj):
            return _constant(reader, obj)
        case ast.Name(id=name):
            return reader.lookup(name)
        case ast.BinOp(left=left, op=op, right=right):
            first, second = evaluate_all(reader, [left, right])
            return binary(reader, op, first, second)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ScalarValue(negation(reader.builder, truth(reader, evaluate(reader, operand))))
        case ast.UnaryOp(op=op, operand=operand):
            return reader.apply(_UNARY[type(op)], [evaluate(reader, operand)])
        case ast.BoolOp(op=op, values=values):
            return _short_circuit(reader, values, isinstance(op, ast.And))
        case ast.Compare():
            return comparison(reader, node)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _conditional(reader, test, body, orelse)
        case ast.Call():
            return read_call(reader, node)
        case ast.Attribute(value=owner, attr=name):
            return attribute(reader, evaluate(reader, owner), name, ast.unparse(owner))
        case ast.Subscript(value=owner, slice=index):
            value, at = evaluate(reader, owner), evaluate_index(reader, index)
            refuse_change_beside(reader, value, [index])
            return item(reader, value, at)
        case ast.Tuple(elts=parts):
            return SequenceValue(tuple(evaluate_parts(reader, parts)), tuple)
        case ast.List(elts=parts):
            return SequenceValue(tuple(evaluate_parts(reader, parts)), list)
        case ast.Dict(keys=keys, values=values):
            return _dict(reader, keys, values)
        case ast.Lambda():
            from jitad.reading.statements import inner_defaults

            return FunctionValue(node, reader.scope, "<lambda>", inner_defaults(reader, node.args))
        case ast.NamedExpr(target=target, value=value):
            from jitad.reading.assignments import assign

            assigned = reader.settle(evaluate(reader, value), target.id)
            assign(reader, target, assigned)
            return assigned
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp():
            return _comprehension(reader, node)
        case ast.Slice():
            return evaluate_index(reader, node)
    what, remedy = _REMEDIES.get(type(node), (ast.unparse(node), "rewrite it"))
    reader.refuse(UnsupportedSyntaxError, f"A kernel can't hold {what}.", remedy)


def _constant(reader: Reader, obj: Any) -> Value:
    if obj is None or obj is Ellipsis or isinstance(obj, str | bytes):
        return StaticValue(obj)
    return reader.captures.lift(reader, obj, None, repr(obj))


def evaluate_all(reader: Reader, nodes: Sequence[ast.expr]) -> list[Value]:
    """The values of expressions that are used together.

    An array expression isn't computed until it is used: refuses one whose arrays a later expression changes.
    """
    values: list[Value] = []
    marks: list[int] = []
    for node in nodes:
        values.append(evaluate(reader, node))
        marks.append(len(reader.builder.block.statements))
    for value, mark in zip(values, marks, strict=True):
        if isinstance(value, LazyValue | ComplexLazy) and _writes(reader.builder.block.statements[mark:]):
            reader.refuse(
                KernelTypeError,
                "An array expression stands next to a call that changes an array.",
                "assign the array expression to a name on a line of its own first",
            )
    for position, value in enumerate(values[:-1]):
        refuse_change_beside(reader, value, nodes[position + 1 :])
    return values


def _writes(statements: Sequence[Statement]) -> bool:
    from jitad.program.statements import Block

    fresh = set()
    for statement in walk(Block(list(statements))):
        match statement:
            case Alloc(out=out):
                fresh.add(out)
            case View(out=out, base=base) | Reshape(out=out, base=base) if base in fresh:
                fresh.add(out)
            case Store(array=array) | Accumulate(array=array) if array not in fresh:
                return True
            case Call(outs=outs) if any(out not in fresh for out in outs):
                return True
    return False


def evaluate_parts(reader: Reader, nodes: Sequence[ast.expr]) -> list[Value]:
    """The items of a display or the positional arguments of a call, starred ones spread out."""
    values = evaluate_all(reader, [node.value if isinstance(node, ast.Starred) else node for node in nodes])
    items: list[Value] = []
    for node, value in zip(nodes, values, strict=True):
        if not isinstance(node, ast.Starred):
            items.append(value)
        elif isinstance(value, SequenceValue):
            items.extend(value.items)
        else:
            reader.refuse(KernelTypeError, f"{describe(value)} can't be spread with *", "spread a tuple or a list")
    return items


def binary(reader: Reader, op: ast.operator, left: Value, right: Value) -> Value:
    """``left op right``."""
    if isinstance(op, ast.MatMult):
        product = complexes.matmul if complexes.is_involved((left, right), {}) else arrays.matmul
        return product(reader, left, right)
    if isinstance(left, SequenceValue) and isinstance(right, SequenceValue) and isinstance(op, ast.Add):
        kinds = {left.kind, right.kind}
        if kinds == {tuple} or kinds == {list}:
            return SequenceValue(left.items + right.items, left.kind)
    if isinstance(op, ast.Mult) and isinstance(left, ScalarValue) and isinstance(right, SequenceValue):
        left, right = right, left
    if isinstance(op, ast.Mult) and isinstance(left, SequenceValue) and isinstance(right, ScalarValue):
        return _repeated(reader, left, right)
    if isinstance(op, ast.Mult | ast.Add) and any(isinstance(side, ListValue) for side in (left, right)):
        return _of_lists(reader, op, left, right)
    for side in (left, right):
        is_array = isinstance(left, _ARRAYS) or isinstance(right, _ARRAYS)
        if isinstance(side, SequenceValue) and is_array:
            continue
        if not isinstance(side, ScalarValue | ComplexValue | _ARRAYS):
            reader.refuse(
                KernelTypeError,
                f"{_symbol(op)} isn't defined for {describe(left)} and {describe(right)}",
                "use numbers or arrays",
            )
    return reader.apply(BINARY[type(op)], [left, right])


def _repeated(reader: Reader, value: SequenceValue, times: ScalarValue) -> Value:
    """``value * times``."""
    if value.kind is list and value.items and not isinstance(times.operand, Const):
        return lists.repeated(reader, value, reader.integer(times, "the number of repetitions"))
    return SequenceValue(value.items * int(static_of(reader, times, "the number of repetitions")), value.kind)


def _of_lists(reader: Reader, op: ast.operator, left: Value, right: Value) -> Value:
    """``left + right`` or ``left * right`` with a list whose length isn't known."""
    if isinstance(op, ast.Add) and lists.is_list(left) and lists.is_list(right):
        return replace(lists.extended(reader, as_growing(reader, left), as_growing(reader, right)), fresh=True)
    for value, times in ((left, right), (right, left)):
        if isinstance(op, ast.Mult) and isinstance(value, ListValue) and isinstance(times, ScalarValue):
            return lists.repeated(reader, value, reader.integer(times, "the number of repetitions"))
    reader.refuse(
        KernelTypeError,
        f"{_symbol(op)} isn't defined for {describe(left)} and {describe(right)}",
        "make an array of the list: np.array(...)",
    )


def _symbol(op: ast.operator) -> str:
    return ast.unparse(ast.BinOp(left=ast.Name(id="a"), op=op, right=ast.Name(id="b"))).strip("ab ")


def _short_circuit(reader: Reader, nodes: Sequence[ast.expr], is_and: bool) -> Value:
    """``a and b``, ``a or b``: the second part is evaluated only if the first doesn't decide."""
    first = evaluate(reader, nodes[0])
    if len(nodes) == 1:
        return first
    with reader.at(nodes[0]):
        condition = truth(reader, first)

    def rest() -> Value:
        return bound_to(reader, "", _short_circuit(reader, nodes[1:], is_and))

    def decided() -> Value:
        return bound_to(reader, "", first)

    if isinstance(condition, Const):
        return _short_circuit(reader, nodes[1:], is_and) if bool(condition.value) is is_and else first
    names = reader.assigned(nodes[1:])
    arms = (rest, decided) if is_and else (decided, rest)
    value = branch(reader, condition, *arms, sorted(names), names)
    assert value is not None
    return value


def _conditional(reader: Reader, test: ast.expr, body: ast.expr, orelse: ast.expr) -> Value:
    with reader.at(test):
        condition = truth(reader, evaluate(reader, test))
    if isinstance(condition, Const):
        return evaluate(reader, body if condition.value else orelse)

    def then() -> Value:
        return bound_to(reader, "", reader.settle(evaluate(reader, body)))

    def otherwise() -> Value:
        return bound_to(reader, "", reader.settle(evaluate(reader, orelse)))

    names = reader.assigned([body, orelse])
    value = branch(reader, condition, then, otherwise, sorted(names), names)
    assert value is not None
    return value


def _dict(reader: Reader, keys: Sequence[ast.expr | None], nodes: Sequence[ast.expr]) -> Value:
    entries: dict[Any, Value] = {}
    for key, value in zip(keys, evaluate_all(reader, nodes), strict=True):
        if key is not None:
            entries[static_of(reader, evaluate(reader, key), "a key of a dict")] = value
        elif isinstance(value, DictValue):
            entries.update(value.items)
        else:
            reader.refuse(KernelTypeError, f"{describe(value)} can't be spread with **", "spread a dict")
    return DictValue(entries)


def _comprehension(reader: Reader, node: ast.ListComp | ast.GeneratorExp | ast.DictComp) -> Value:
    from jitad.reading import comprehensions

    match node:
        case ast.ListComp():
            return comprehensions.listed(reader, node)
        case ast.GeneratorExp():
            return comprehensions.generated(reader, node)
    return DictValue({static_of(reader, k, "a key"): v for k, v in comprehensions.entries(reader, node)})


def evaluate_index(reader: Reader, node: ast.expr) -> Value:
    """The value of what stands between brackets."""
    match node:
        case ast.Slice(lower=lower, upper=upper, step=step):
            parts = (None if part is None else evaluate(reader, part) for part in (lower, upper, step))
            return SliceValue(*parts)
        case ast.Tuple(elts=parts) if not any(isinstance(part, ast.Starred) for part in parts):
            return SequenceValue(tuple(evaluate_index(reader, part) for part in parts))
    return evaluate(reader, node)


def item(reader: Reader, value: Value, index: Value) -> Value:
    """``value[index]``."""
    match value:
        case ArrayValue() | LazyValue():
            return arrays.getitem(reader, value, index)
        case ComplexArrayValue() | ComplexLazy():
            return complexes.getitem(reader, value, index)
        case SequenceValue():
            return _sequence_item(reader, value, index)
        case ListValue():
            return _list_item(reader, value, index)
        case DictValue(entries):
            key = static_of(reader, index, "a key of a dict")
            if key not in entries:
                reader.refuse(
                    KernelValueError, f"the dict has no key {key!r}", f"use one of {', '.join(map(repr, entries))}"
                )
            return entries[key]
        case StaticValue(obj) if isinstance(obj, str):
            return StaticValue(obj[static_of(reader, index, "an index of a string")])
    reader.refuse(KernelTypeError, f"{describe(value)} can't be indexed", "index an array, a tuple, a list or a dict")


def _list_item(reader: Reader, value: ListValue, index: Value) -> Value:
    """An item of a list, or a list of some."""
    if isinstance(index, SliceValue):
        return lists.part_of(reader, value, index)
    return lists.item_at(reader, value, index)


def _sequence_item(reader: Reader, value: SequenceValue, index: Value) -> Value:
    if isinstance(index, SliceValue):
        bounds = (
            None if part is None else static_of(reader, part, "a slice of a tuple")
            for part in (index.start, index.stop, index.step)
        )
        kind = value.kind if value.kind in (tuple, list) else tuple
        return SequenceValue(value.items[slice(*bounds)], kind)
    position = reader.integer(index, "an index of a tuple")
    if isinstance(position, Const):
        if not -len(value.items) <= position.value < len(value.items):
            reader.refuse(
                KernelValueError,
                f"index {position.value} is outside {describe(value)}",
                f"use an index from 0 to {len(value.items) - 1}",
            )
        return value.items[int(position.value)]
    if reader.unrollable:
        raise NeedsUnrolling
    if value.items and all(isinstance(one, ScalarValue | ComplexValue) for one in value.items):
        if complexes.holds_complex(value):
            return complexes.getitem(reader, complexes.from_values(reader, value), index)
        return arrays.getitem(reader, arrays.from_sequence(reader, value), index)
    reader.refuse(
        KernelTypeError,
        f"an index of {describe(value)} must be known while the kernel is read",
        "loop over the tuple itself, or put numbers of one type into an array",
    )
