"""When two values, read on different paths, are surely the same."""

from __future__ import annotations

from jitad.program.statements import Const, Operand
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexValue,
    DictValue,
    FunctionValue,
    ListValue,
    MaybeValue,
    PartialValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    UndefinedValue,
    Value,
)


def same_operand(a: Operand, b: Operand) -> bool:
    """True for the same variable, or literals with the same bits."""
    if isinstance(a, Const) and isinstance(b, Const):
        return a.type == b.type and repr(a.value) == repr(b.value)
    return a is b


def same(a: Value, b: Value) -> bool:
    """True when two values are surely the same."""
    match a, b:
        case ScalarValue(x), ScalarValue(y):
            return same_operand(x, y)
        case ArrayValue(), ArrayValue():
            return a is b or (a.base is b.base and a.starts == b.starts and a.axes == b.axes)
        case ComplexValue(), ComplexValue():
            return same_operand(a.re, b.re) and same_operand(a.im, b.im)
        case ComplexArrayValue(x), ComplexArrayValue(y):
            return same(x, y)
        case ListValue(), ListValue():
            equal = len(a.columns) == len(b.columns) and same_operand(a.count, b.count)
            return equal and all(same(x, y) for x, y in zip(a.columns, b.columns, strict=True))
        case SequenceValue(), SequenceValue():
            equal = len(a.items) == len(b.items) and a.kind is b.kind
            return equal and all(same(x, y) for x, y in zip(a.items, b.items, strict=True))
        case DictValue(x), DictValue(y):
            return list(x) == list(y) and all(same(x[key], y[key]) for key in x)
        case StaticValue(x), StaticValue(y):
            return x is y or (type(x) is type(y) and isinstance(x, str | bytes | type(None)) and x == y)
        case FunctionValue(), FunctionValue():
            equal = a.node is b.node and a.scope is b.scope and list(a.defaults) == list(b.defaults)
            return equal and all(same(a.defaults[key], b.defaults[key]) for key in a.defaults)
        case MaybeValue(), MaybeValue():
            return same_operand(a.bound, b.bound) and same(a.value, b.value)
        case PartialValue(), PartialValue():
            mine, yours = (a.function, *a.args, *a.kwargs.values()), (b.function, *b.args, *b.kwargs.values())
            equal = len(a.args) == len(b.args) and list(a.kwargs) == list(b.kwargs)
            return equal and all(same(x, y) for x, y in zip(mine, yours, strict=True))
        case UndefinedValue(), UndefinedValue():
            return True
    return a is b
