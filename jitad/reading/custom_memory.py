"""Refuse what functions with a rule of the user's do with memory that a rule can't speak of.

Such a function's value is memory of its own in a program, and its rule reads the arguments as they are after the call.
So the function may not write to its arguments; and where its value is, in Python, an argument itself (or one array
twice), nothing may be written to one of them and read from the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING

from jitad.analysis.aliasing import Aliases
from jitad.analysis.effects import written_params
from jitad.analysis.order import Order, written_arrays
from jitad.errors import SharedMemoryError
from jitad.program.queries import definitions, free_variables, walk
from jitad.program.statements import Block, Call, Load, Program, Statement, Var
from jitad.program.types import Array
from jitad.reading import arrays
from jitad.reading.values import ArrayValue, ComplexArrayValue, DictValue, SequenceValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader
    from jitad.transforms.custom import CustomNode


def refuse_written_arguments(reader: Reader, statements: Sequence[Statement], args: Iterable[Value], what: str) -> None:
    """Raise SharedMemoryError when the statements of a call write to one of its arguments."""
    program = _as_program(statements)
    written = [program.params[at] for at in written_params(program)]
    for at, arg in enumerate(args):
        if any(arrays.may_alias(reader, base, var) for base in _bases(arg) for var in written):
            reader.refuse(
                SharedMemoryError,
                f"{what} writes to its argument {at}, and a derivative rule speaks only of values",
                "let it return what it computes, and work on a copy: x = x.copy()",
            )


def is_shared(statements: Sequence[Statement], value: Value) -> bool:
    """True when an array that a call gives isn't memory that the call allocated."""
    if not isinstance(value, ArrayValue):
        return False
    program = _as_program(statements)
    aliases = Aliases(program)
    nested = list(walk(program.body))
    inside = {var for statement in nested for var in definitions(statement)}
    elsewhere = {aliases.root(var) for var in program.params}
    for statement in nested:
        if isinstance(statement, Call) and (node := _node(statement)) is not None:
            elsewhere.update(aliases.root(statement.outs[at]) for at in node.shared)
    return value.base not in inside or aliases.root(value.base) in elsewhere


def refuse_shared_values(program: Program) -> None:
    """Raise SharedMemoryError where a write would be seen through the other of two names of one array."""
    calls = [(s, node) for s in walk(program.body) if isinstance(s, Call) and (node := _node(s)) is not None]
    if not calls:
        return
    aliases = Aliases(program)
    order = Order(program, aliases)
    reads = [(s, aliases.root(array)) for s in walk(program.body) for array in _read(s)]
    kept = {aliases.root(r) for r in program.results if isinstance(r, Var) and isinstance(r.type, Array)}

    def is_read_after(write: Statement, root: Var) -> bool:
        return root in kept or any(of is root and order.may_precede(write, s, root) for s, of in reads)

    named = _with_all_names([(c, node.name, names) for c, node in calls for names in _shared_names(c, node, aliases)])
    for write in walk(program.body):
        if isinstance(write, Call) and _is_ruled(write):  # it fills arrays that have no other name yet
            continue
        written = {aliases.root(array) for array in written_arrays(write)}
        for call, name, names in named:
            for root, other in product(written & names, names):
                alive = root is not other and all(order.may_precede(call, write, r) for r in (root, other))
                if alive and is_read_after(write, other):
                    raise SharedMemoryError(
                        f"This writes to an array that is the value of {name!r}, which has a derivative rule of its "
                        f"own, and that has another name.",
                        f"let {name!r} return a copy: x.copy().",
                        write.origin,
                    )


Named = tuple[Call, str, set[Var]]
"""A call, the name of its function, and alias groups that are one array in Python after it."""


def _with_all_names(found: list[Named]) -> list[Named]:
    """The same calls; sets of names that meet are one set."""
    merged: list[set[Var]] = []
    for _, _, names in found:
        meeting = [other for other in merged if other & names]
        merged = [other for other in merged if not other & names]
        merged.append(names.union(*meeting))
    return [(call, name, all_) for call, name, names in found for all_ in merged if names <= all_]


def _shared_names(call: Call, node: CustomNode, aliases: Aliases) -> list[set[Var]]:
    """The sets of alias groups that are one array in Python."""
    groups: dict[Var, set[Var]] = {}
    for at, out in enumerate(call.outs):
        value = call.args[at]
        assert isinstance(value, Var)
        names = groups.setdefault(aliases.root(value), set())
        names.add(aliases.root(out))
        if at in node.shared:
            names.add(aliases.root(value))
    return [names for names in groups.values() if len(names) > 1]


def _is_ruled(call: Call) -> bool:
    from jitad.transforms.custom import CustomNode, DeepestNode

    return isinstance(call.primitive, CustomNode | DeepestNode)


def _node(call: Call) -> CustomNode | None:
    from jitad.transforms.custom import CustomNode

    return call.primitive if isinstance(call.primitive, CustomNode) else None


def _read(statement: Statement) -> tuple[Var, ...]:
    """The arrays that a statement itself reads elements of."""
    match statement:
        case Load(array=array):
            return (array,)
        case Call(args=args):
            return tuple(arg for arg in args if isinstance(arg, Var) and isinstance(arg.type, Array))
    return ()


def _as_program(statements: Sequence[Statement]) -> Program:
    block = Block(list(statements))
    params = [var for var in free_variables(block, ()) if isinstance(var.type, Array)]
    return Program("call", params, block, [])


def _bases(value: Value) -> list[Var]:
    match value:
        case ArrayValue(base=base) | ComplexArrayValue(pair=ArrayValue(base=base)):
            return [base]
        case SequenceValue(items=items):
            return [base for item in items for base in _bases(item)]
        case DictValue(items=entries):
            return [base for item in entries.values() for base in _bases(item)]
    return []
