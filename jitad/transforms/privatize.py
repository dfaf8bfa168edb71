"""Give each iteration of a loop arrays of its own where it only borrows memory from outside.

A buffer that is allocated before a loop, and that every iteration fills before it reads it, carries nothing from one
iteration to the next. Postcondition: such a buffer is allocated in the innermost loop for which this can be shown, so
that its old contents are never kept, and iterations that meet in nothing else are seen not to meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.primitives import core
from jitad.program.builder import is_const
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
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
    operands,
    sub_blocks,
    walk,
)


def privatize(program: Program, kept: Iterable[Var] = ()) -> Program:
    """The same program with buffers allocated where they are filled, but for those that are ``kept`` where they are."""
    shared = Aliases(program).flowing
    return replace(program, body=_Privatizer(shared, [*program.results, *kept], _clipped(program)).block(program.body))


def moved_buffers(before: Program, after: Program) -> set[Var]:
    """The arrays that ``after`` allocates in other blocks than ``before``."""
    old, new = (dict(_depths(program.body, 0)) for program in (before, after))
    return {array for array, depth in old.items() if new[array] != depth}


def _depths(block: Block, depth: int) -> Iterator[tuple[Var, int]]:
    for statement in block:
        if isinstance(statement, Alloc):
            yield statement.out, depth
        for inner in sub_blocks(statement):
            yield from _depths(inner, depth + 1)


def _clipped(program: Program) -> dict[Operand, Operand]:
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


class _Privatizer:
    def __init__(self, flowing: set[Var], kept: Sequence[Operand], clipped: dict[Operand, Operand]) -> None:
        self._kept = {*flowing, *kept}
        self._clipped = clipped

    def block(self, block: Block) -> Block:
        moved: dict[Loop, list[Alloc]] = {}
        for statement in block:
            if isinstance(statement, Alloc) and not statement.at_end and statement.out not in self._kept:
                shape = tuple(self._clipped.get(length, length) for length in statement.shape)
                loop = _borrower(block, replace(statement, shape=shape))
                if loop is not None:
                    moved.setdefault(loop, []).append(replace(statement, fill=None))
        gone = {alloc.out for allocs in moved.values() for alloc in allocs}
        kept = []
        for statement in block:
            if isinstance(statement, Alloc) and statement.out in gone:
                continue
            kept.append(self._statement(statement, moved))
        return Block(kept)

    def _statement(self, statement: Statement, moved: dict[Loop, list[Alloc]]) -> Statement:
        match statement:
            case Loop(body=body):
                return replace(statement, body=self.block(Block([*moved.get(statement, []), *body.statements])))
            case Branch(then=then, otherwise=otherwise):
                return replace(statement, then=self.block(then), otherwise=self.block(otherwise))
        return statement


def _borrower(block: Block, alloc: Alloc) -> Loop | None:
    """The loop of a block in whose iterations alone an array is used, each of which fills it first."""
    users = [s for s in block if s is not alloc and _mentions(s, alloc.out)]
    if len(users) != 1 or not isinstance(users[0], Loop):
        return None
    loop = users[0]
    within = [s for s in walk(loop.body) if alloc.out in _read_here(s)]
    outside = [o for s in walk(Block([loop])) for o in _read_here(s)].count(alloc.out)
    if not all(isinstance(s, Load | Store | Accumulate | Dim | Call) for s in within):
        return None
    inside = sum(_read_here(s).count(alloc.out) for s in within)
    if inside != outside:  # the loop itself, or what decides about another iteration, uses it
        return None
    return loop if _fills_first(loop.body, alloc) else None


def _mentions(statement: Statement, array: Var) -> bool:
    return any(array in _read_here(s) for s in walk(Block([statement])))


def _read_here(statement: Statement) -> list[Operand]:
    """All operands of a statement itself, with what its blocks hand on."""
    found = list(operands(statement))
    for name in ("yields", "then_yields", "otherwise_yields"):
        found += getattr(statement, name, ())
    return found


def _fills_first(block: Block, alloc: Alloc) -> bool:
    """True when a block writes every element of an array before it reads any."""
    users = [s for s in block if _mentions(s, alloc.out) and not isinstance(s, Dim)]
    if not users:
        return False
    match users[0]:
        case Store(index=()):
            return True
        case Call(outs=outs, args=args, accumulate=False):
            return alloc.out in outs and alloc.out not in args
        case Loop() as loop:
            return _loop_fills(loop, alloc, {}) or (len(users) == 1 and _fills_first(loop.body, alloc))
    return False


def _loop_fills(loop: Loop, alloc: Alloc, ranges: dict[Operand, Operand]) -> bool:
    """True when a nest of loops stores each element once, and reads only what it has just stored.

    ``ranges`` are the lengths over which the indices of enclosing loops run.
    """
    if not (is_const(loop.start, 0) and is_const(loop.step, 1)) or loop.stop is None or loop.condition_block:
        return False
    ranges = {**ranges, loop.index: loop.stop}
    users = [s for s in loop.body if _mentions(s, alloc.out) and not isinstance(s, Dim)]
    if not users:
        return False
    first, *later = users
    if isinstance(first, Loop):
        return not later and _loop_fills(first, alloc, ranges)
    if not isinstance(first, Store) or not _runs_over(first.index, alloc.shape, ranges):
        return False
    return all(_same_place(s, first) for s in _users(later, alloc.out))


def _users(statements: Sequence[Statement], array: Var) -> Iterator[Statement]:
    for statement in walk(Block(list(statements))):
        if array in _read_here(statement) and not (sub_blocks(statement) or isinstance(statement, Dim)):
            yield statement


def _runs_over(index: Sequence[Operand], shape: Sequence[Operand], ranges: dict[Operand, Operand]) -> bool:
    """True when an index takes every value that fits a shape, exactly once."""
    every = len(set(index)) == len(index) and set(index) == set(ranges)
    return every and all(_equal(ranges[at], length) for at, length in zip(index, shape, strict=True))


def _equal(a: Operand, b: Operand) -> bool:
    return a is b or (not isinstance(a, Var) and not isinstance(b, Var) and a.value == b.value)


def _same_place(statement: Statement, store: Store) -> bool:
    """True when a statement touches the element that a store has just written, and no other."""
    return isinstance(statement, Load | Store | Accumulate) and statement.index == store.index
