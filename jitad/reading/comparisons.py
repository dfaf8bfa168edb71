"""Comparisons, of numbers and arrays and of what is known while reading; values known while reading."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from jitad.errors import KernelTypeError
from jitad.primitives import core
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.statements import Const
from jitad.program.types import BOOL
from jitad.reading import lists
from jitad.reading.joins import branch, negation, truth
from jitad.reading.merging import describe
from jitad.reading.sameness import same
from jitad.reading.values import (
    ArrayValue,
    DictValue,
    LazyValue,
    ListValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

_COMPARE: dict[type[ast.cmpop], ScalarPrimitive] = {
    ast.Eq: core.eq,
    ast.NotEq: core.ne,
    ast.Lt: core.lt,
    ast.LtE: core.le,
    ast.Gt: core.gt,
    ast.GtE: core.ge,
}


def comparison(reader: Reader, node: ast.Compare) -> Value:
    """One comparison, or a chain of them."""
    from jitad.reading.expressions import evaluate_all

    left, right = evaluate_all(reader, [node.left, node.comparators[0]])
    return _chain(reader, node.ops, left, right, node.comparators[1:])


def _chain(reader: Reader, ops: Sequence[ast.cmpop], left: Value, right: Value, rest: Sequence[ast.expr]) -> Value:
    """A chain of comparisons; a later part is evaluated only if the earlier ones hold."""
    from jitad.reading.expressions import evaluate

    first = compare(reader, ops[0], left, right)
    if not rest:
        return first
    condition = truth(reader, first)

    def go_on() -> Value:
        return _chain(reader, ops[1:], right, evaluate(reader, rest[0]), rest[1:])

    if isinstance(condition, Const):
        return go_on() if condition.value else first
    names = reader.assigned(rest)
    value = branch(reader, condition, go_on, _false, sorted(names), names)
    assert value is not None
    return value


def _false() -> Value:
    return _bool(False)


def _both(reader: Reader, a: Any, b: Any) -> Value:
    for first, second in ((a, b), (b, a)):
        if isinstance(first, Const):
            return ScalarValue(second if first.value else first)
    return ScalarValue(reader.builder.compute(core.and_, a, b))


def compare(reader: Reader, op: ast.cmpop, left: Value, right: Value) -> Value:
    """``left op right`` for one comparison."""
    match op:
        case ast.Is() | ast.IsNot():
            is_same = same(left, right) if isinstance(left, StaticValue) and isinstance(right, StaticValue) else False
            for value, other in ((left, right), (right, left)):
                if not isinstance(value, StaticValue) and not isinstance(other, StaticValue):
                    _refuse_is(reader)
            return _bool(is_same is isinstance(op, ast.Is))
        case ast.In() | ast.NotIn():
            return _membership(reader, left, right, isinstance(op, ast.NotIn))
    static = StaticValue | SequenceValue | DictValue
    if isinstance(left, StaticValue) or isinstance(right, StaticValue):
        if isinstance(op, ast.Eq | ast.NotEq):
            equal = isinstance(left, StaticValue) and isinstance(right, StaticValue) and bool(left.obj == right.obj)
            return _bool(equal is isinstance(op, ast.Eq))
    elif isinstance(left, SequenceValue) and isinstance(right, SequenceValue):
        if isinstance(op, ast.Eq | ast.NotEq):
            return _equal_sequences(reader, left, right, isinstance(op, ast.NotEq))
    elif not isinstance(left, static) and not isinstance(right, static):
        return reader.apply(_COMPARE[type(op)], [left, right])
    reader.refuse(
        KernelTypeError, f"{describe(left)} and {describe(right)} can't be compared", "compare numbers or arrays"
    )


def _refuse_is(reader: Reader) -> NoReturn:
    reader.refuse(KernelTypeError, "Numbers and arrays can't be compared with 'is'.", "use ==, or compare with None")


def _bool(value: bool) -> Value:
    return ScalarValue(Const(value, BOOL))


def _membership(reader: Reader, left: Value, right: Value, negated: bool) -> Value:
    found: Any = Const(False, BOOL)
    if isinstance(right, DictValue):
        return _bool((static_of(reader, left, "a key") in right.items) is not negated)
    if isinstance(right, ListValue):
        right = lists.numbers(reader, right)
    if isinstance(right, ArrayValue | LazyValue) and right.ndim == 1 and isinstance(left, ScalarValue):
        any_equal = truth(reader, reader.call(np.any, [compare(reader, ast.Eq(), right, left)], {}, "in"))
        return ScalarValue(negation(reader.builder, any_equal) if negated else any_equal)
    if not isinstance(right, SequenceValue):
        reader.refuse(KernelTypeError, f"'in' {describe(right)} isn't supported", "use a tuple of values")
    for one in right.items:
        equal = truth(reader, compare(reader, ast.Eq(), left, one))
        if isinstance(equal, Const) and equal.value:
            return _bool(not negated)
        if not isinstance(equal, Const):
            found = equal if isinstance(found, Const) else reader.builder.compute(core.or_, found, equal)
    return ScalarValue(negation(reader.builder, found) if negated else found)


def _equal_sequences(reader: Reader, left: SequenceValue, right: SequenceValue, negated: bool) -> Value:
    if len(left.items) != len(right.items):
        return _bool(negated)
    result: Value = _bool(True)
    for a, b in zip(left.items, right.items, strict=True):
        result = _both(reader, truth(reader, result), truth(reader, compare(reader, ast.Eq(), a, b)))
    return ScalarValue(negation(reader.builder, truth(reader, result))) if negated else result


def static_of(reader: Reader, value: Value, what: str) -> Any:
    """The Python object of a value that is known while reading; refuses others."""
    match value:
        case ScalarValue(Const(value=obj)):
            return obj
        case StaticValue(obj):
            return obj
        case SequenceValue(items):
            return tuple(static_of(reader, one, what) for one in items)
    reader.refuse(
        KernelTypeError, f"{what} must be known while the kernel is read, and this isn't", "use a literal or a constant"
    )
