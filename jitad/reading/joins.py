"""Branches: conditions, the two arms, and the values that differ after them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jitad.errors import KernelTypeError
from jitad.primitives import core
from jitad.program.builder import Builder
from jitad.program.statements import Branch, Compute, Const, Fail, Operand, Var
from jitad.program.types import BOOL, Array
from jitad.reading import arrays, complexes, lists
from jitad.reading.merging import (
    Fixed,
    Items,
    Template,
    assemble,
    flatten,
    join,
    maybe,
    template_of,
    variables,
    without_shapes,
)
from jitad.reading.reader import Unreachable
from jitad.reading.sameness import same
from jitad.reading.values import (
    ArrayValue,
    ComplexLike,
    DictValue,
    FunctionValue,
    LazyValue,
    ListValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    UndefinedValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

_TOTAL = frozenset(
    {core.add, core.sub, core.mul, core.neg, core.pos, core.not_, core.abs_, core.select, core.and_, core.or_, core.xor}
    | {core.eq, core.ne, core.lt, core.le, core.gt, core.ge, *core.casts.values()}
)
_CHEAP = 4


def truth(reader: Reader, value: Value) -> Operand:
    """``bool(value)`` as an operand."""
    if isinstance(value, ComplexLike):
        value = complexes.is_nonzero(reader, value)
    match value:
        case SequenceValue(items):
            return Const(bool(items), BOOL)
        case DictValue(entries):
            return Const(bool(entries), BOOL)
        case ListValue():
            return negation(reader.builder, lists.is_empty(reader, value))
        case StaticValue(obj) if obj is None or isinstance(obj, str | bytes):
            return Const(bool(obj), BOOL)
        case StaticValue() | FunctionValue():
            return Const(True, BOOL)
        case ArrayValue() | LazyValue() if value.ndim:
            reader.refuse(
                KernelTypeError,
                "the truth of an array isn't defined",
                "reduce the array to one boolean (np.all, np.any, or compare one element)",
            )
    operand = reader.scalar(value, "a condition")
    if operand.type == BOOL:
        return operand
    return reader.builder.compute(core.ne, operand, Const(0, operand.type))  # type: ignore[arg-type]


def negation(builder: Builder, condition: Operand) -> Operand:
    """``not condition``."""
    if isinstance(condition, Const):
        return Const(not condition.value, BOOL)
    return builder.compute_typed(core.not_, (condition,), BOOL)


class Arm:
    """One side of a branch as it was read."""

    def __init__(self, reader: Reader, read: Callable[[], Value | None]) -> None:
        self.builder = reader.builder.nested()
        self.env = dict(reader.scope.env)
        self.value: Value | None = None
        self.is_dead = False
        with reader.block(self.builder), reader.environment(self.env):
            try:
                self.value = read()
            except Unreachable:
                self.is_dead = True

    def get(self, name: str) -> Value:
        return UndefinedValue(name) if self.is_dead else self.env.get(name, UndefinedValue(name))

    @property
    def only_fails(self) -> bool:
        statements = self.builder.block.statements
        if not self.is_dead or len(statements) != 1:
            return False
        return isinstance(statements[0], Fail) and isinstance(statements[0].condition, Const)

    @property
    def is_cheap(self) -> bool:
        """True when computing the arm needlessly costs little and can't fail or yield nan from finite numbers."""
        statements = self.builder.block.statements
        total = all(isinstance(s, Compute) and s.primitive in _TOTAL for s in statements)
        return total and sum(s.primitive.cost for s in statements if isinstance(s, Compute)) <= _CHEAP


def read_if(reader: Reader, node: ast.If, live: frozenset[str]) -> None:
    """An ``if`` statement; ``live`` are the names needed after it."""
    from jitad.reading.expressions import evaluate
    from jitad.reading.statements import read_block

    with reader.at(node.test):
        condition = truth(reader, evaluate(reader, node.test))
    if isinstance(condition, Const):
        read_block(reader, node.body if condition.value else node.orelse, live)
        return
    changed = reader.assigned([*node.body, *node.orelse])

    def then() -> None:
        read_block(reader, node.body, live)

    def otherwise() -> None:
        read_block(reader, node.orelse, live)

    with reader.at(node):
        branch(reader, condition, then, otherwise, sorted(changed & (live | reader.scope.captured)), changed)


def branch(
    reader: Reader,
    condition: Operand,
    then: Callable[[], Value | None],
    otherwise: Callable[[], Value | None],
    names: Iterable[str] = (),
    changed: Iterable[str] = (),
) -> Value | None:
    """Read both arms and join them: ``names`` keep their values, other ``changed`` names are forgotten.

    Gives the join of the arms' values when they have values.
    """
    first, second = Arm(reader, then), Arm(reader, otherwise)
    env = reader.scope.env
    if first.only_fails or second.only_fails:
        return _check(reader, condition, first, second)
    if first.is_dead and second.is_dead:
        reader.builder.add(Branch(condition, first.builder.block, [], second.builder.block, [], []))
        raise Unreachable
    joined = {name: (first.get(name), second.get(name)) for name in names}
    if first.value is not None or second.value is not None:
        joined[""] = (first.value or UndefinedValue(""), second.value or UndefinedValue(""))
    templates = {
        name: _template(reader, name, *values, sure=first.is_dead or second.is_dead)
        for name, values in joined.items()
        if not all(isinstance(value, UndefinedValue) for value in values)
    }
    with reader.block(first.builder):
        yields = [o for name, t in templates.items() for o in flatten(reader, t, joined[name][0])]
    with reader.block(second.builder):
        other_yields = [o for name, t in templates.items() for o in flatten(reader, t, joined[name][1])]
    results = [variable for name, t in templates.items() for variable in variables(t, name or "chosen")]
    for result, *sources in zip(results, yields, other_yields, strict=True):
        if isinstance(result.type, Array):
            arrays.note_exchanged(reader, [result], [source for source in sources if isinstance(source, Var)])
    operands = iter(_emit(reader, condition, first, second, yields, other_yields, results))
    for name in changed:
        env.pop(name, None)
    for name, template in templates.items():
        env[name] = assemble(reader, template, name, operands)
    return env.pop("", None)


def _check(reader: Reader, condition: Operand, first: Arm, second: Arm) -> Value | None:
    """``if condition: raise``: the other arm simply goes on."""
    failing, going_on = (first, second) if first.only_fails else (second, first)
    fail = failing.builder.block.statements[0]
    assert isinstance(fail, Fail)
    when = condition if failing is first else negation(reader.builder, condition)
    reader.builder.add(Fail(when, fail.exception, fail.args, origin=fail.origin))
    reader.builder.absorb(going_on.builder)
    if going_on.is_dead:
        raise Unreachable
    reader.scope.env.clear()
    reader.scope.env.update(going_on.env)
    return going_on.value


def _template(reader: Reader, name: str, a: Value, b: Value, sure: bool) -> Template:
    """The template of two values; ``sure`` if one of them only is missing because its arm never gets here."""
    if same(a, b):
        return Fixed(a)
    match a, b:
        case SequenceValue(), SequenceValue() if a.kind is b.kind and len(a.items) == len(b.items):
            parts = (_template(reader, name, x, y, sure) for x, y in zip(a.items, b.items, strict=True))
            return Items(tuple(parts), a.kind, a.fields)
    is_weak = reader.builder.weak_constants and isinstance(a, ScalarValue) and isinstance(a.operand, Const)
    if isinstance(a, UndefinedValue) or is_weak:
        a, b = b, a
    start = template_of(a, carried=True)
    if isinstance(b, UndefinedValue):
        return without_shapes(start) if sure else maybe(name, without_shapes(start))
    return join(reader, name or "the value", start, a, b)


def _emit(
    reader: Reader,
    condition: Operand,
    first: Arm,
    second: Arm,
    yields: list[Operand],
    other_yields: list[Operand],
    results: list[Var],
) -> list[Operand]:
    """Append the branch, or selections when that is as good; gives the operands of the results."""
    scalars_only = all(not hasattr(r.type, "ndim") for r in results)
    if scalars_only and first.is_cheap and second.is_cheap and not (first.is_dead or second.is_dead):
        reader.builder.absorb(first.builder)
        reader.builder.absorb(second.builder)
        return [_choose(reader.builder, condition, a, b) for a, b in zip(yields, other_yields, strict=True)]
    then, otherwise = first.builder.block, second.builder.block
    reader.builder.add(Branch(condition, then, yields, otherwise, other_yields, results))
    return list(results)


def _choose(builder: Builder, condition: Operand, a: Operand, b: Operand) -> Operand:
    if a.type == BOOL and isinstance(a, Const) and isinstance(b, Const) and a.value != b.value:
        return condition if a.value else negation(builder, condition)
    return builder.select(condition, a, b)
