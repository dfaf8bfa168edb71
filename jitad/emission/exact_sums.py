"""Keep the order of the sums that decide something.

LLVM may regroup the additions of ``add_to_sum`` in one sweep and leave them alone in another. What a decision depends
on (see ``decisive``) is added in the loop's own order, so that sweeps that decide again decide the same, and as the
kernel does that Numba compiles.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.analysis.decisive import decisive
from jitad.primitives import core
from jitad.primitives.sums import add_to_sum
from jitad.program.queries import walk
from jitad.program.statements import Block, Branch, Compute, Loop, Program, Statement, Var


def with_exact_sums(program: Program) -> Program:
    """The same program, with plain additions in the sums that a decision depends on."""
    sums = _sums(program)
    return _exactly(program, sums & decisive(program) if sums else sums)


def with_ordered_sums(program: Program) -> Program:
    """The same program, with plain additions in all sums: what runs it may decide by its results."""
    return _exactly(program, _sums(program))


def _sums(program: Program) -> set[Var]:
    return {s.out for s in walk(program.body) if isinstance(s, Compute) and s.primitive is add_to_sum}


def _exactly(program: Program, exact: set[Var]) -> Program:
    return replace(program, body=_block(program.body, exact)) if exact else program


def _block(block: Block, exact: set[Var]) -> Block:
    return Block([_statement(statement, exact) for statement in block])


def _statement(statement: Statement, exact: set[Var]) -> Statement:
    match statement:
        case Compute(out=out) if out in exact:
            return replace(statement, primitive=core.add)
        case Loop(body=body, condition_block=head):
            head = None if head is None else _block(head, exact)
            return replace(statement, body=_block(body, exact), condition_block=head)
        case Branch(then=then, otherwise=otherwise):
            return replace(statement, then=_block(then, exact), otherwise=_block(otherwise, exact))
    return statement
