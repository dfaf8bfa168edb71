"""Functions that a kernel calls again and again: read once, as programs that their calls share.

Calls are read in place, which is best for the speed of what is compiled. But functions that call functions that call
functions, several times each, would be copied as often as there are paths among them. So once a kernel holds many
copies, further calls of a function of numbers that gives numbers, and changes nothing, are calls of one program.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitad.analysis.effects import written_params
from jitad.analysis.randomness import generators
from jitad.errors import JitadError
from jitad.program.builder import Builder
from jitad.program.queries import definitions, walk
from jitad.program.statements import Block, Call, Const, Operand, Var
from jitad.reading.arrays.maps import allocate
from jitad.reading.structures import leaves_of, mapped
from jitad.reading.values import DictValue, ScalarValue, SequenceValue, StaticValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader
    from jitad.transforms.nodes import GradientNode

MOST_COPIED = 120
"""So many statements are copies at most: of functions that are read in place where they have been read before."""

LEAST_SHARED = 10
"""Functions of fewer statements are always read in place."""

Read = Callable[[Sequence[Value], Mapping[str, Value]], Value]


@dataclass(frozen=True, eq=False)
class Shared:
    """A function as a program: its value for the numbers in its arguments, and for what it reads besides."""

    node: GradientNode
    free: tuple[Var, ...]
    tree: Value


@dataclass(eq=False)
class Sharing:
    """What one reading knows of the functions that it has read, by function and kinds of arguments.

    ``path`` are the places of the calls being read. A place keeps what was chosen for it when it is read again, as
    loops are.
    """

    path: list[ast.AST | None] = field(default_factory=list)
    sizes: dict[Hashable, int] = field(default_factory=dict)
    programs: dict[Hashable, Shared | None] = field(default_factory=dict)
    chosen: dict[Hashable, bool] = field(default_factory=dict)
    copied: int = 0

    @contextmanager
    def at(self, place: ast.AST | None) -> Iterator[Hashable]:
        """What is read inside is called at this place; gives the whole path to it."""
        self.path.append(place)
        try:
            yield tuple(self.path)
        finally:
            self.path.pop()

    def shares(self, place: Hashable, key: Hashable) -> bool:
        """Whether the call at a place is one of a shared program, if that can be had."""
        if place not in self.chosen:
            size = self.sizes.get(key, 0)
            is_shared = size >= LEAST_SHARED and self.copied + size > MOST_COPIED
            self.copied += 0 if is_shared else size
            self.chosen[place] = is_shared
        return self.chosen[place]


def read_or_share(
    reader: Reader, function: types.FunctionType, args: Sequence[Value], kwargs: Mapping[str, Value], read: Read
) -> Value:
    """The value of a call of a function, which ``read`` reads in place."""
    from jitad.reading.list_names import changes

    if reader.pinned is not None or reader.builder.weak_constants or reader.customs:  # rules, and jitad's definitions
        return read(args, kwargs)
    sharing = reader.sharing
    with sharing.at(reader.node) as place:
        given = (*args, *kwargs.values())
        if not all(map(_is_plain, given)) or any(changes(reader, value) for value in given):
            return read(args, kwargs)
        key = (function, tuple(map(_kind, args)), tuple((name, _kind(value)) for name, value in kwargs.items()))
        if sharing.shares(place, key):
            if key not in sharing.programs:
                sharing.programs[key] = None  # while it is read, as it may call itself
                sharing.programs[key] = _as_shared(reader, function.__name__, args, kwargs, read)
            shared = sharing.programs[key]
            if shared is not None:
                return _call(reader, shared, args, kwargs)
        statements = reader.builder.block.statements
        before = len(statements)
        value = read(args, kwargs)
        if key not in sharing.sizes:
            sharing.sizes[key] = sum(1 for _ in walk(Block(statements[before:])))
        return value


def _is_plain(value: Value) -> bool:
    """True for numbers, objects that are known while reading, and tuples and dicts of them."""
    return all(isinstance(leaf, ScalarValue | StaticValue) for leaf in leaves_of(value))


def _kind(value: Value) -> Hashable:
    """What the program of a function depends on in an argument."""
    match value:
        case ScalarValue(Const() as literal):
            return repr(literal.value), literal.type
        case ScalarValue(operand):
            return operand.type
        case SequenceValue(items, kind, fields):
            return kind, fields, tuple(map(_kind, items))
        case DictValue(items):
            return tuple((key, _kind(item)) for key, item in items.items())
        case StaticValue(obj):
            return StaticValue, id(obj)
    return type(value), tuple(map(_kind, leaves_of(value)))


def _numbers(args: Sequence[Value], kwargs: Mapping[str, Value]) -> list[Operand]:
    """The numbers in arguments that aren't literals, in order."""
    leaves = [leaf for value in (*args, *kwargs.values()) for leaf in leaves_of(value)]
    return [leaf.operand for leaf in leaves if isinstance(leaf, ScalarValue) and isinstance(leaf.operand, Var)]


def _as_shared(
    reader: Reader, name: str, args: Sequence[Value], kwargs: Mapping[str, Value], read: Read
) -> Shared | None:
    """Read a function as a program; None where it can't be one that calls share."""
    from jitad.reading.derivatives.detached import Mirror, as_program
    from jitad.reading.reader import NeedsUnrolling, Unreachable
    from jitad.transforms.nodes import GradientNode

    mirror = Mirror(reader, Builder())

    def formal(leaf: Value) -> Value:
        if not isinstance(leaf, ScalarValue) or isinstance(leaf.operand, Const):
            return leaf
        mirror.params.append(Var(leaf.operand.name, leaf.operand.type))
        return ScalarValue(mirror.params[-1])

    given = [mapped(arg, formal) for arg in args]
    named = {key: mapped(value, formal) for key, value in kwargs.items()}
    results: list[Operand] = []
    try:
        with reader.block(mirror.builder):
            value = reader.settle(read(given, named))
        tree = mapped(value, lambda leaf: _result(leaf, results))
        program, free = as_program(reader, mirror, results, name)
    except (JitadError, NeedsUnrolling, Unreachable, _NotShared):
        return None
    outside = {param for _, param in reader.captures.arrays}
    outside.update(var for statement in reader.root.block for var in definitions(statement))
    if not outside.issuperset(free) or written_params(program) or generators(program.body):
        return None
    places = tuple(range(len(results)))
    node = GradientNode(name=name, program=program, wrt=(), dependents=(), values=places)
    return Shared(node, tuple(free), tree)


class _NotShared(Exception):
    """The function gives something else than numbers."""


@dataclass(frozen=True, eq=False)
class _Place(Value):
    """Where a number of the result is among a program's results."""

    at: int


def _result(leaf: Value, results: list[Operand]) -> Value:
    if isinstance(leaf, StaticValue):
        return leaf
    if not isinstance(leaf, ScalarValue) or not leaf.type.is_float:
        raise _NotShared
    results.append(leaf.operand)
    return _Place(len(results) - 1)


def _call(reader: Reader, shared: Shared, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """Call a shared program."""
    from jitad.reading.derivatives.detached import apart
    from jitad.reading.derivatives.parts import boxed, scalar_type

    program = shared.node.program
    outs = [allocate(reader, "value", scalar_type(result).dtype, ()) for result in program.results]
    given = apart(reader, program, [*_numbers(args, kwargs), *shared.free])
    boxes = tuple(boxed(reader, arg) for arg in given)
    reader.builder.add(Call(shared.node, tuple(out.base for out in outs), boxes, origin=reader.origin))
    values = [ScalarValue(reader.builder.load(out.base, ())) for out in outs]
    return mapped(shared.tree, lambda leaf: values[leaf.at] if isinstance(leaf, _Place) else leaf)
