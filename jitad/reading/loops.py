"""Loops: what they carry from one iteration to the next, and loops over sequences, which are unrolled."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from jitad.errors import KernelTypeError
from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.statements import Block, Compute, Const, Dim, Load, Loop, Operand, Var
from jitad.program.types import BOOL, INT64
from jitad.reading.arrays.facts import note_at_least, note_range
from jitad.reading.carried import Carried, assumed
from jitad.reading.desugar import break_flag
from jitad.reading.iteration import Iteration, iteration, known_items
from jitad.reading.joins import branch, negation, truth
from jitad.reading.list_names import refuse_resizing
from jitad.reading.liveness import Names, loop_head
from jitad.reading.merging import Fixed, Template, Unbound, assemble, flatten, join, template_of, variables
from jitad.reading.parallel import ask_for_threads, refuse_leaving
from jitad.reading.reader import NeedsUnrolling, Unreachable
from jitad.reading.values import RangeValue, ScalarValue, UndefinedValue, Value, memory_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitad.reading.reader import Reader

MOST_UNROLLED = 64
"""Iterations of a loop that is unrolled because it indexes a tuple."""

_MOST_READINGS = 12

FALSE = ScalarValue(Const(False, BOOL))


@dataclass
class _Reading:
    """One reading of a loop's body with given templates."""

    index: Var
    params: list[Var]
    body: Builder
    head: Builder | None
    condition: Operand | None
    before: dict[str, Value]
    after: dict[str, Value]


def read_for(reader: Reader, node: ast.For, live: Names) -> None:
    """A ``for`` loop; ``live`` are the names needed after it."""
    from jitad.reading.expressions import evaluate

    with reader.at(node.iter):
        iterable = evaluate(reader, node.iter)
        refuse_resizing(reader, node, iterable)
        items = known_items(reader, iterable)
        if items is not None:
            _unrolled(reader, node, items, live)
            return
        steps = iteration(reader, iterable)
    trips = known_trips(iterable)
    if trips is None:
        _counted(reader, node, steps, live)
        return
    env = dict(reader.scope.env)
    try:
        with _unrollable(reader):
            _counted(reader, node, steps, live)
    except NeedsUnrolling:
        reader.scope.env.clear()
        reader.scope.env.update(env)
        _unrolled(reader, node, [ScalarValue(const_int(i)) for i in trips], live)


def read_while(reader: Reader, node: ast.While, live: Names) -> None:
    """A ``while`` loop; ``live`` are the names needed after it."""
    flag = break_flag(node)
    test = node.test
    if flag is not None:
        flags = ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=flag, ctx=ast.Load()))
        test = ast.BoolOp(op=ast.And(), values=[flags, node.test])
        for part in (flags, flags.operand, test):
            ast.copy_location(part, node.test)
    if reader.assigned([node.test]):
        _tested_inside(reader, node, live)
        return
    env = dict(reader.scope.env)
    loop = _conditional(reader, node, test, flag, live)
    if loop.condition_block is not None and not _only_computes(loop.condition_block):
        statements = reader.builder.block.statements  # what follows the loop only asks for its results' lengths
        del statements[statements.index(loop) :]
        reader.scope.env.clear()
        reader.scope.env.update(env)
        _tested_inside(reader, node, live)


def _tested_inside(reader: Reader, node: ast.While, live: Names) -> None:
    """The loop with its test in the body, for a test that assigns or does more than compute."""
    flag = break_flag(node) or f"$left{node.lineno}_{node.col_offset}"
    stop = ast.Assign(targets=[ast.Name(id=flag, ctx=ast.Store())], value=ast.Constant(value=True))
    choice = ast.If(test=node.test, body=node.body, orelse=[stop])
    forever = ast.While(test=ast.Constant(value=True), body=[choice], orelse=[])
    for part in (stop, stop.targets[0], stop.value, choice, forever, forever.test):
        ast.copy_location(part, node)
    forever.jitad_break_flag = flag  # type: ignore[attr-defined]
    reader.scope.env[flag] = FALSE
    read_while(reader, forever, live)


@contextmanager
def _unrollable(reader: Reader) -> Iterator[None]:
    reader.unrollable += 1
    try:
        yield
    finally:
        reader.unrollable -= 1


def known_trips(iterable: Value) -> range | None:
    """The values of a range of known length that isn't too long to unroll."""
    if isinstance(iterable, RangeValue):
        parts = (iterable.start, iterable.stop, iterable.step)
        if all(isinstance(part, Const) for part in parts):
            trips = range(*(int(part.value) for part in parts if isinstance(part, Const)))
            return trips if len(trips) <= MOST_UNROLLED else None
    return None


def _unrolled(reader: Reader, node: ast.For, items: list[Value], live: Names) -> None:
    """The loop's iterations one after the other."""
    from jitad.reading.assignments import assign
    from jitad.reading.statements import read_block

    flag = break_flag(node)
    needed = loop_head(node, live, frozenset([flag] if flag else [])) | reader.scope.captured
    changed = reader.assigned([node])

    def iterations(position: int) -> None:
        for number in range(position, len(items)):
            left = reader.scope.env.get(flag) if flag else None
            if isinstance(left, ScalarValue) and isinstance(left.operand, Const) and left.operand.value:
                return
            if isinstance(left, ScalarValue) and not isinstance(left.operand, Const):
                stay = partial(go_on, number)
                branch(reader, left.operand, _nothing, stay, sorted(changed & needed), changed)
                return
            one(number)

    def go_on(number: int) -> None:
        reader.scope.env[str(flag)] = FALSE
        one(number)
        iterations(number + 1)

    def one(number: int) -> None:
        assign(reader, node.target, items[number])
        read_block(reader, node.body, needed)

    iterations(0)


def _nothing() -> None:
    return None


def _counted(reader: Reader, node: ast.For, steps: Iteration, live: Names) -> None:
    """A loop over a range (or over something with a length)."""
    from jitad.reading.assignments import assign
    from jitad.reading.statements import read_block

    flag = break_flag(node)
    if flag and steps.parallel:
        refuse_leaving(reader)
    head = loop_head(node, live, frozenset([flag] if flag else []))
    carried = sorted(reader.assigned([node]) & (head | live | reader.scope.captured))
    name = node.target.id if isinstance(node.target, ast.Name) else "i"
    trips = steps.trips(reader) if flag else None

    def test(index: Var) -> Operand:
        assert trips is not None
        going_on = reader.builder.compute(core.lt, index, trips)
        left = reader.scalar(reader.lookup(str(flag)), "a flag")
        return reader.builder.compute(core.and_, going_on, negation(reader.builder, left))

    def body(index: Var) -> None:
        counter = index if flag is None else steps.at(reader, index)
        if flag is not None:
            reader.scope.env[flag] = FALSE
        with reader.at(node.target):
            assign(reader, node.target, reader.settle(steps.item(reader, counter)))
        read_block(reader, node.body, head | reader.scope.captured)

    def note(index: Var) -> None:
        if flag is None:
            note_range(reader, index, steps.start, steps.stop, steps.step)
        else:
            note_at_least(reader, index)

    counted = None if flag else steps
    loop = _settled_loop(reader, name, carried, note, test if flag else None, body, counted, reader.assigned([node]))
    if steps.parallel:
        ask_for_threads(loop)


def _conditional(reader: Reader, node: ast.While, test: ast.expr, flag: str | None, live: Names) -> Loop:
    """A ``while`` loop."""
    from jitad.reading.expressions import evaluate
    from jitad.reading.statements import read_block

    head = loop_head(node, live, frozenset([flag] if flag else []))
    changed = reader.assigned(node.body)
    carried = sorted(changed & (head | live | reader.scope.captured))

    def condition(index: Var) -> Operand:
        with reader.at(test):
            return truth(reader, evaluate(reader, test))

    def body(index: Var) -> None:
        if flag is not None:
            reader.scope.env[flag] = FALSE  # or the loop would have ended
        read_block(reader, node.body, head | reader.scope.captured)

    def note(index: Var) -> None:
        note_at_least(reader, index)

    return _settled_loop(reader, "trip", carried, note, condition, body, None, changed)


def _only_computes(block: Block) -> bool:
    return all(isinstance(statement, Compute | Dim | Load) for statement in block)


def _settled_loop(
    reader: Reader,
    name: str,
    carried: list[str],
    note: Callable[[Var], None],
    test: Callable[[Var], Operand] | None,
    body: Callable[[Var], None],
    counted: Iteration | None,
    changed: set[str],
) -> Loop:
    """Read the body until the types of what it carries settle, then append the loop."""
    outer = reader.scope.env
    inits = {each: outer.get(each, UndefinedValue(each)) for each in carried}
    templates: dict[str, Template] = {each: template_of(value, carried=False) for each, value in inits.items()}
    memory = assumed(reader, inits)
    for _ in range(_MOST_READINGS):
        unbound = frozenset(each for each, template in templates.items() if isinstance(template, Unbound))
        with reader.probing(unbound) as probe:
            reading = _read_once(reader, name, templates, note, test, body, memory)
        found = memory.checked(reader, reading.index, reading.before, reading.after)
        if found is not memory:
            memory = found
            continue
        joined = {
            each: join(reader, each, template, inits[each], reading.after.get(each, UndefinedValue(each)))
            for each, template in templates.items()
        }
        if joined == templates:
            if probe.error is not None:
                raise probe.error
            break
        templates = joined
    else:
        reader.refuse(
            KernelTypeError,
            "The types of the names that this loop assigns don't settle.",
            "give each name one type before the loop",
        )
    loop = _append(reader, templates, inits, reading, counted, changed)
    results = dict(zip(loop.params, loop.results, strict=True))
    memories = {each: memory_of(value) for each, value in reading.before.items()}
    bases = {each: array.base for each, array in memories.items() if array is not None}
    memory.note(reader, {each: [results[base]] for each, base in bases.items() if base in results})
    return loop


def _read_once(
    reader: Reader,
    name: str,
    templates: dict[str, Template],
    note: Callable[[Var], None],
    test: Callable[[Var], Operand] | None,
    body: Callable[[Var], None],
    memory: Carried,
) -> _Reading:
    index = Var(name, INT64)
    note(index)
    params = {each: variables(template, each) for each, template in templates.items()}
    memory.note(reader, params)
    builder, head = reader.builder.nested(), reader.builder.nested() if test is not None else None
    env = dict(reader.scope.env)
    condition: Operand | None = None
    if test is not None and head is not None:
        with reader.block(head), reader.environment(dict(env)) as here:
            here.update(_bound(reader, templates, params))
            condition = test(index)
    with reader.block(builder), reader.environment(env):
        before = _bound(reader, templates, params)
        env.update(before)
        try:
            body(index)
        except Unreachable:
            env.update(before)
    flat = [param for each in params.values() for param in each]
    return _Reading(index, flat, builder, head, condition, before, env)


def _bound(reader: Reader, templates: dict[str, Template], params: dict[str, list[Var]]) -> dict[str, Value]:
    return {each: assemble(reader, template, each, iter(params[each])) for each, template in templates.items()}


def _append(
    reader: Reader,
    templates: dict[str, Template],
    inits: dict[str, Value],
    reading: _Reading,
    counted: Iteration | None,
    changed: set[str],
) -> Loop:
    env = reader.scope.env
    first = [operand for each, template in templates.items() for operand in flatten(reader, template, inits[each])]
    with reader.block(reading.body):
        yields = [
            operand
            for each, template in templates.items()
            for operand in flatten(reader, template, reading.after.get(each, UndefinedValue(each)))
        ]
    results = {each: variables(template, each) for each, template in templates.items()}
    loop = Loop(
        reading.index,
        counted.start if counted else None,
        counted.stop if counted else None,
        counted.step if counted else None,
        reading.params,
        first,
        reading.body.block,
        yields,
        [variable for each in results.values() for variable in each],
        condition_block=reading.head.block if reading.head is not None else None,
        condition=reading.condition,
    )
    reader.builder.add(loop)
    for each in changed:
        env.pop(each, None)
    for each, template in templates.items():
        if not (isinstance(template, Fixed) and isinstance(template.value, UndefinedValue)):
            env[each] = assemble(reader, template, each, iter(results[each]))
    return loop
