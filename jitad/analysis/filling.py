"""What writes every element of an array before anything reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from jitad.primitives import core
from jitad.program.builder import is_const
from jitad.program.queries import own_reads, sub_blocks, walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Call,
    Compute,
    Dim,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
)

Element = TypeVar("Element", Store, Accumulate)


def clipped(program: Program) -> dict[Operand, Operand]:
    """The lengths ``0 if n < 0 else n``, each with its ``n``: an array of a negative length is refused before."""
    made = {s.out: s for s in walk(program.body) if isinstance(s, Compute)}
    found: dict[Operand, Operand] = {}
    for out, statement in made.items():
        if statement.primitive is core.select and is_const(statement.args[1], 0):
            condition, _, length = statement.args
            test = made.get(condition) if isinstance(condition, Var) else None
            if test is not None and test.primitive is core.lt and test.args[0] is length and is_const(test.args[1], 0):
                found[out] = length
    return found


def mentions(statement: Statement, array: Var) -> bool:
    return any(array in own_reads(s) for s in walk(Block([statement])))


def fills_first(block: Block, alloc: Alloc) -> bool:
    """True when a block writes every element of an array before it reads any."""
    users = [s for s in block if mentions(s, alloc.out) and not isinstance(s, Dim)]
    if not users:
        return False
    match users[0]:
        case Store(index=()):
            return True
        case Call(outs=outs, args=args, accumulate=False):
            return alloc.out in outs and alloc.out not in args
        case Loop() as loop:
            return filling(loop, alloc, Store) is not None or (len(users) == 1 and fills_first(loop.body, alloc))
    return False


def filling(
    loop: Loop,
    alloc: Alloc,
    by: type[Element],
    *,
    lengths: Mapping[Operand, Operand] = MappingProxyType({}),
    ranges: Mapping[Operand, Operand] = MappingProxyType({}),
) -> Element | None:
    """What stores into (or adds to, as ``by`` says) each element once, in a nest of loops that reads nothing else.

    What adds may be in a row's loop, with what touches that row only after the loop, or, where the loop does nothing
    but add, adds to that row before it. ``ranges`` are the lengths over which the indices of enclosing loops run;
    ``lengths`` known by other names have those here.
    """
    if not (is_const(loop.start, 0) and is_const(loop.step, 1)) or loop.stop is None or loop.condition_block:
        return None
    ranges = {**ranges, loop.index: lengths.get(loop.stop, loop.stop)}
    users: list[Statement] = [s for s in loop.body if mentions(s, alloc.out) and not isinstance(s, Dim)]
    if not users:
        return None
    first, *later = users
    shape = [lengths.get(length, length) for length in alloc.shape]
    if isinstance(first, by) and _runs_over(first.index, shape, ranges):
        return first if all(_same_place(s, first) for s in _users(later, alloc.out)) else None
    inner = next((s for s in users if isinstance(s, Loop)), None)
    if inner is None or (by is Store and len(users) > 1):
        return None
    before = users[: users.index(inner)]
    if before and not (all(isinstance(s, Accumulate) for s in before) and only_adds(inner, alloc.out)):
        return None
    found = filling(inner, alloc, by, lengths=lengths, ranges=ranges)
    others = [s for s in users if s is not inner]
    return found if found is not None and _in_row(others, alloc.out, found, ranges) else None


def only_adds(statement: Statement, array: Var) -> bool:
    """True when a statement does nothing with an array but add to its elements, if it touches it."""
    return all(isinstance(s, Accumulate) and s.array is array for s in _users([statement], array))


def _users(statements: Sequence[Statement], array: Var) -> Iterator[Statement]:
    for statement in walk(Block(list(statements))):
        if array in own_reads(statement) and not (sub_blocks(statement) or isinstance(statement, Dim)):
            yield statement


def _runs_over(index: Sequence[Operand], shape: Sequence[Operand], ranges: dict[Operand, Operand]) -> bool:
    """True when an index takes every value that fits a shape, exactly once."""
    every = len(set(index)) == len(index) and set(index) == set(ranges)
    return every and all(_equal(ranges[at], length) for at, length in zip(index, shape, strict=True))


def _equal(a: Operand, b: Operand) -> bool:
    return a is b or (not isinstance(a, Var) and not isinstance(b, Var) and a.value == b.value)


def _in_row(
    statements: Sequence[Statement], array: Var, element: Store | Accumulate, outer: Mapping[Operand, Operand]
) -> bool:
    """True when all that touches an array agrees with the index of an element in the indices of ``outer`` loops."""
    for user in _users(statements, array):
        if not isinstance(user, Load | Store | Accumulate) or len(user.index) != len(element.index):
            return False
        if not all(own is at for own, at in zip(user.index, element.index, strict=True) if at in outer):
            return False
    return True


def _same_place(statement: Statement, store: Element) -> bool:
    """True when a statement touches the element that another has just written, and no other."""
    return isinstance(statement, Load | Store | Accumulate) and statement.index == store.index
