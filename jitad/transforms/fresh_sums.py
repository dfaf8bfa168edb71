"""Store the first term of each sum into a fresh array, instead of adding it to a zero.

``fill(A, 0); for i: A[i] += v(i)`` with a loop over all of ``A`` becomes ``for i: A[i] = v(i)``.
Postcondition: the same elements, but for the sign of a zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from jitad.analysis.filling import clipped, filling, mentions
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Dim,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    array_type,
    sub_blocks,
)


def store_first_terms(program: Program) -> Program:
    """The same program with the stores described above."""
    found: dict[Statement, Statement] = {}
    _find(program.body, clipped(program), found)
    return replace(program, body=_rewritten(program.body, lambda s: found.get(s, s))) if found else program


def _find(block: Block, lengths: Mapping[Operand, Operand], found: dict[Statement, Statement]) -> None:
    """Gather the allocations of a block that need no zeros, and the sums that become stores.

    ``lengths`` that are not negative are known by other names.
    """
    for at, statement in enumerate(block.statements):
        for inner in sub_blocks(statement):
            _find(inner, lengths, found)
        if not isinstance(statement, Alloc) or statement.fill != 0 or not array_type(statement.out).is_float:
            continue
        users = (s for s in block.statements[at + 1 :] if mentions(s, statement.out) and not isinstance(s, Dim))
        first = next(users, None)
        named = replace(statement, shape=tuple(lengths.get(length, length) for length in statement.shape))
        term = filling(first, named, Accumulate) if isinstance(first, Loop) else None
        if term is not None:
            found[statement] = replace(statement, fill=None)
            found[term] = Store(term.array, term.index, term.value, origin=term.origin)


def _rewritten(block: Block, new: Callable[[Statement], Statement]) -> Block:
    return Block([_statement(statement, new) for statement in block])


def _statement(statement: Statement, new: Callable[[Statement], Statement]) -> Statement:
    match statement:
        case Loop(body=body, condition_block=head):
            head = None if head is None else _rewritten(head, new)
            return replace(statement, body=_rewritten(body, new), condition_block=head)
        case Branch(then=then, otherwise=otherwise):
            return replace(statement, then=_rewritten(then, new), otherwise=_rewritten(otherwise, new))
    return new(statement)
