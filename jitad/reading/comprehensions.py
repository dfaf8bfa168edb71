"""Comprehensions and generator expressions: item by item where lengths are known, as loops where they aren't."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from jitad.errors import UnsupportedSyntaxError
from jitad.program.builder import const_int
from jitad.program.statements import Const, Loop, Operand, Var
from jitad.program.types import INT64
from jitad.reading import lists
from jitad.reading.arrays.facts import not_below_zero, note_at_least
from jitad.reading.assignments import assign
from jitad.reading.expressions import evaluate, evaluate_all
from jitad.reading.iteration import Iteration, iteration, known_items
from jitad.reading.joins import truth
from jitad.reading.liveness import reads
from jitad.reading.loops import known_trips
from jitad.reading.reader import Unreachable
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    FunctionValue,
    GeneratorValue,
    LazyValue,
    ListValue,
    RangeValue,
    ScalarValue,
    SequenceValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

Comprehension = ast.ListComp | ast.GeneratorExp | ast.DictComp

Axes = list[tuple[ast.expr | None, Iteration]]
"""The target and the loop of each ``for``, from the outermost one."""

_LIST, _ITEMS, _TOTAL = "$list", "$items", "$total"


class _UnknownLength(Exception):
    """How many items a comprehension has isn't known while reading."""


def listed(reader: Reader, node: ast.ListComp) -> Value:
    """A list comprehension."""
    first = evaluate(reader, node.generators[0].iter)
    rows = _known_rows(reader, node, first, [node.elt])
    if rows is not None:
        return SequenceValue(tuple(row[0] for row in rows), list)
    _refuse_assignments(reader, node)
    axes = _axes(reader, node, first)
    return _filled(reader, *axes) if axes is not None else _appended(reader, node, reader.scope, first)


def generated(reader: Reader, node: ast.GeneratorExp) -> Value:
    """A generator expression: its items, or what makes them."""
    first = evaluate(reader, node.generators[0].iter)
    rows = _known_rows(reader, node, first, [node.elt])
    if rows is not None:
        return SequenceValue(tuple(row[0] for row in rows), list)
    _refuse_assignments(reader, node)
    return GeneratorValue(node, reader.scope, first)


def entries(reader: Reader, node: ast.DictComp) -> list[list[Value]]:
    """The keys and values of a dict comprehension."""
    rows = _known_rows(reader, node, evaluate(reader, node.generators[0].iter), [node.key, node.value])
    if rows is None:
        reader.refuse(
            UnsupportedSyntaxError,
            "A comprehension of a dict whose keys are known only at run time.",
            "make arrays of the keys and of the values with np.empty, and fill them in a loop",
        )
    return rows


def as_list(reader: Reader, value: Value) -> SequenceValue | ListValue | None:
    """A list of the items of a value; None for what has no items."""
    match value:
        case GeneratorValue():
            made = _appended(reader, value.node, value.scope, value.first)
            assert isinstance(made, SequenceValue | ListValue)
            return made
        case ListValue():
            return value if value.fresh else lists.copied(reader, value)
        case ArrayValue() | LazyValue() | ComplexArrayValue() | ComplexLazy() if value.ndim == 1:
            return lists.of_array(reader, value)
        case RangeValue():
            trips = known_trips(value)
            if trips is not None:
                return SequenceValue(tuple(ScalarValue(const_int(i)) for i in trips), list)
            steps = iteration(reader, value)
            return _filled(reader, [(None, steps)], None)
    items = known_items(reader, value)
    return None if items is None else SequenceValue(tuple(items), list)


# Known lengths


def _known_rows(
    reader: Reader, node: Comprehension, first: Value, results: Sequence[ast.expr]
) -> list[list[Value]] | None:
    """The rows of a comprehension over things of known length; None if a length or a condition isn't known."""
    outer = reader.builder
    builder = outer.nested()
    env = dict(reader.scope.env)
    try:
        with reader.block(builder):
            reader.conditional -= 1
            try:
                rows = _rows(reader, node.generators, first, results)
            finally:
                reader.conditional += 1
    except _UnknownLength:
        rows = None
    except Unreachable:  # an item raises
        outer.absorb(builder)
        raise
    after = dict(reader.scope.env)
    reader.scope.env.clear()
    reader.scope.env.update(env)
    if rows is not None:
        outer.absorb(builder)
        reader.scope.env.update({name: after[name] for name in reader.assigned([node]) if name in after})
    return rows


def _rows(
    reader: Reader, generators: Sequence[ast.comprehension], iterable: Value, results: Sequence[ast.expr]
) -> list[list[Value]]:
    first, rest = generators[0], generators[1:]
    rows: list[list[Value]] = []
    for one in _known_items(reader, iterable):
        assign(reader, first.target, one)
        conditions = [truth(reader, evaluate(reader, test)) for test in first.ifs]
        if not all(isinstance(c, Const) for c in conditions):
            raise _UnknownLength
        if not all(isinstance(c, Const) and c.value for c in conditions):
            continue
        if rest:
            rows += _rows(reader, rest, evaluate(reader, rest[0].iter), results)
        else:
            rows.append([reader.settle(value) for value in evaluate_all(reader, results)])
    return rows


def _known_items(reader: Reader, iterable: Value) -> list[Value]:
    items = known_items(reader, iterable)
    if items is None:
        trips = known_trips(iterable)
        if trips is None:
            raise _UnknownLength
        items = [ScalarValue(const_int(i)) for i in trips]
    return items


# Unknown lengths


def _refuse_assignments(reader: Reader, node: ast.ListComp | ast.GeneratorExp) -> None:
    changed = reader.assigned([node])
    if changed:
        reader.refuse(
            UnsupportedSyntaxError,
            f"A comprehension whose length is known only at run time changes {', '.join(map(repr, sorted(changed)))}.",
            "write it as a for loop",
        )


def _axes(reader: Reader, node: ast.ListComp, first: Value) -> tuple[Axes, ast.expr] | None:
    """The targets and the loops of comprehensions without conditions in each other, and the innermost element.

    None for a list whose length needs counting.
    """
    axes: Axes = []
    targets: set[str] = set()
    while len(node.generators) == 1 and not node.generators[0].ifs:
        generator = node.generators[0]
        iterable = evaluate(reader, generator.iter) if axes else first
        if known_items(reader, iterable) is not None:
            break
        axes.append((generator.target, iteration(reader, iterable)))
        targets |= {part.id for part in ast.walk(generator.target) if isinstance(part, ast.Name)}
        element = node.elt
        if len(axes) == 2 or not isinstance(element, ast.ListComp) or not _is_steady(element, targets):
            return axes, element
        node = element
    return (axes, node) if axes else None


def _is_steady(node: ast.ListComp, targets: set[str]) -> bool:
    """True when what a comprehension runs over is the same each time, whatever the ``targets`` are."""
    iterable = node.generators[0].iter
    calls = [part.func for part in ast.walk(iterable) if isinstance(part, ast.Call)]
    return not reads(iterable) & targets and all(isinstance(f, ast.Name) and f.id in ("range", "len") for f in calls)


def _filled(reader: Reader, axes: Axes, element: ast.expr | None) -> ListValue:
    """A list (of rows) of known length, filled by loops; without an ``element`` it holds the loop's own items."""
    lengths: list[Operand] = [not_below_zero(reader, steps.trips(reader)) for _, steps in axes]
    indices = [Var("i", INT64) for _ in axes]
    bodies = []
    value: Value = ScalarValue(const_int(0))
    with ExitStack() as stack:
        stack.enter_context(reader.environment(dict(reader.scope.env)))
        for (target, steps), index in zip(axes, indices, strict=True):
            note_at_least(reader, index)
            bodies.append(reader.builder.nested())
            stack.enter_context(reader.block(bodies[-1]))
            value = reader.settle(steps.item(reader, steps.at(reader, index)))
            if target is not None:
                assign(reader, target, value)
        if element is not None:
            try:
                value = reader.settle(evaluate(reader, element))
            except Unreachable:  # every item raises
                value = ScalarValue(const_int(0))
    row = list(value.items) if isinstance(value, SequenceValue) and value.kind is list else None
    type_ = lists.type_with(reader, None, [value] if row is None else row)
    if type_.kind is not None and (row is not None or len(axes) > 1):
        reader.refuse(UnsupportedSyntaxError, "A list of lists of tuples.", "make one list for each part of the tuples")
    shape = lengths if row is None else [*lengths, const_int(len(row))]
    columns = tuple(lists.memory_for(reader, dtype, shape) for dtype in type_.dtypes)
    at = tuple(map(ScalarValue, indices))
    with reader.block(bodies[-1]):
        if row is None:
            lists.store_item(reader, columns, SequenceValue(at), value, type_)
        for place, item in enumerate(row or ()):
            lists.store(reader, columns[0], SequenceValue((*at, ScalarValue(const_int(place)))), item)
    for depth in reversed(range(len(axes))):
        loop = Loop(indices[depth], const_int(0), lengths[depth], const_int(1), [], [], bodies[depth].block, [], [])
        (bodies[depth - 1] if depth else reader.builder).add(loop)
    return ListValue(columns, lengths[0], type_, fresh=True)


def _appended(reader: Reader, node: ast.ListComp | ast.GeneratorExp, scope: object, first: Value) -> Value:
    """The list that loops with conditions make, one item after the other."""
    append = ast.Call(
        func=ast.Attribute(value=_name(_LIST), attr="append", ctx=ast.Load()), args=[node.elt], keywords=[]
    )
    body = [
        ast.Assign(targets=[_name(_LIST, ast.Store())], value=ast.List(elts=[], ctx=ast.Load())),
        _loops(node, ast.Expr(value=append)),
        ast.Return(value=_name(_LIST)),
    ]
    return _run(reader, node, scope, "list", body, {_ITEMS: first})


def summed(reader: Reader, generator: GeneratorValue, start: Value) -> Value:
    """``sum(... for ...)``, one term after the other."""
    node = generator.node
    total = ast.BinOp(left=_name(_TOTAL), op=ast.Add(), right=node.elt)
    body = [
        _loops(node, ast.Assign(targets=[_name(_TOTAL, ast.Store())], value=total)),
        ast.Return(value=_name(_TOTAL)),
    ]
    return _run(reader, node, generator.scope, "sum", body, {_ITEMS: generator.first, _TOTAL: start})


def tested(reader: Reader, generator: GeneratorValue, name: str) -> Value:
    """``any(... for ...)`` or ``all(... for ...)``, up to the first item that decides."""
    node, decisive = generator.node, name == "any"
    test = node.elt if decisive else ast.UnaryOp(op=ast.Not(), operand=node.elt)
    found = ast.If(test=test, body=[ast.Return(value=ast.Constant(value=decisive))], orelse=[])
    body = [_loops(node, found), ast.Return(value=ast.Constant(value=not decisive))]
    return _run(reader, node, generator.scope, name, body, {_ITEMS: generator.first})


def _name(name: str, context: ast.expr_context | None = None) -> ast.Name:
    return ast.Name(id=name, ctx=context if context is not None else ast.Load())


def _loops(node: ast.ListComp | ast.GeneratorExp, innermost: ast.stmt) -> ast.stmt:
    """The loops and conditions of a comprehension around a statement."""
    statement = ast.copy_location(innermost, node.elt)
    for position in reversed(range(len(node.generators))):
        generator = node.generators[position]
        for test in reversed(generator.ifs):
            statement = ast.copy_location(ast.If(test=test, body=[statement], orelse=[]), test)
        iterable = generator.iter if position else ast.copy_location(_name(_ITEMS), generator.iter)
        loop = ast.For(target=generator.target, iter=iterable, body=[statement], orelse=[])
        statement = ast.copy_location(loop, generator.iter)
    return statement


def _run(
    reader: Reader,
    node: ast.ListComp | ast.GeneratorExp,
    scope: object,
    purpose: str,
    body: Sequence[ast.stmt],
    given: dict[str, Value],
) -> Value:
    """Read statements as a function inside the one that the comprehension stands in."""
    from jitad.reading.calls import call

    functions = vars(node).setdefault("jitad_functions", {})  # the same nodes each time: readings compare them
    if purpose not in functions:
        parameters = [ast.arg(arg=name) for name in given]
        args = ast.arguments(posonlyargs=[], args=parameters, kwonlyargs=[], kw_defaults=[], defaults=[])
        made = ast.FunctionDef(name="<comprehension>", args=args, body=list(body), decorator_list=[])
        functions[purpose] = ast.fix_missing_locations(ast.copy_location(made, node))
    function = FunctionValue(functions[purpose], scope, "a comprehension")
    return call(reader, function, list(given.values()), {}, "a comprehension")
