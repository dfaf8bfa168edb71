"""Arrays of one iteration: whether the reverse sweep reads their contents, and where it finds them.

``A[1:-1] = f(A)`` in a time loop computes into a fresh array and copies. When ``f`` is linear the reverse sweep
needs the array's shadow but not the array: its memory can be given back at the end of the iteration, and the
tape doesn't grow with the iterations. Otherwise the arrays of all iterations stay.
"""

from __future__ import annotations

from collections.abc import Container

from jitad.analysis.aliasing import Aliases
from jitad.analysis.places import bound_in
from jitad.analysis.plan import Plan
from jitad.program.builder import is_const
from jitad.program.queries import sub_blocks, walk
from jitad.program.statements import Alloc, Block, Loop, Program, Statement, Var, View


def find_scratch(program: Program, aliases: Aliases, plan: Plan, shadows: set[Var]) -> set[Statement]:
    """The allocations of all blocks of loops and branches that use the tape for nothing that must stay there.

    All arrays that such a block allocates live and die in it, the reverse sweep reads no element of them (except
    of ``shadows``), and nothing nested in the block uses the tape.
    """
    read = _read(program, aliases, plan)
    found: set[Statement] = set()
    for statement in walk(program.body):
        for block in sub_blocks(statement):
            own = [s for s in block if isinstance(s, Alloc)]
            dying = all(
                aliases.home(aliases.root(s.out)) is block and (s.out in shadows or aliases.root(s.out) not in read)
                for s in own
            )
            if dying and not _uses_tape_otherwise(block, plan):
                found.update(own)
    return found


def find_late(program: Program, aliases: Aliases, shadows: set[Var]) -> set[Statement]:
    """The allocations of shadows in blocks of loops and branches that live and die there.

    The reverse sweep of such a block begins and ends with them.
    """
    return {
        s
        for statement in walk(program.body)
        for block in sub_blocks(statement)
        for s in block
        if isinstance(s, Alloc) and s.out in shadows and aliases.home(aliases.root(s.out)) is block
    }


def held_in_vain(program: Program, aliases: Aliases, plan: Plan, arrays: Container[Var]) -> set[Var]:
    """Those of some arrays that stay on the tape from iteration to iteration, although nobody reads them again."""
    read = _read(program, aliases, plan)
    return {
        s.out
        for s in walk(program.body)
        if isinstance(s, Alloc) and s.out in arrays and s not in plan.scratch and aliases.root(s.out) not in read
    }


def staying(program: Program, aliases: Aliases, plan: Plan, left: Container[Statement]) -> set[Var]:
    """The arrays that each iteration of a loop leaves on the tape, and whose shapes are those of all iterations.

    They live and die in an iteration of a counted loop with step 1 on one thread, and the reverse sweep reads them.
    Loops that are ``left`` aren't looked into.
    """
    read = _read(program, aliases, plan)
    found: set[Var] = set()
    pending = [program.body]
    while pending:
        for statement in pending.pop():
            if statement in left or statement in plan.replayed:
                continue
            pending += sub_blocks(statement)
            if isinstance(statement, Loop) and is_const(statement.step, 1) and not statement.parallel:
                inside = bound_in(statement)
                found.update(
                    s.out
                    for s in statement.body
                    if isinstance(s, Alloc)
                    and s.shape
                    and s not in plan.scratch
                    and s not in plan.late
                    and aliases.home(aliases.root(s.out)) is statement.body
                    and aliases.root(s.out) in read
                    and inside.isdisjoint(s.shape)
                )
    return found


def _read(program: Program, aliases: Aliases, plan: Plan) -> set[Var]:
    """The alias groups of which the reverse sweep reads elements, with those that hold their memory."""
    read = {root for _, root, _ in plan.reloads}
    rows = {aliases.root(s.out): aliases.root(s.base) for s in walk(program.body) if isinstance(s, View) and s.own}
    for root in [*read]:
        while root in rows:
            root = rows[root]
            read.add(root)
    return read


def _uses_tape_otherwise(block: Block, plan: Plan) -> bool:
    own = {id(s) for s in block if isinstance(s, Alloc)}
    for statement in walk(block):
        nested_alloc = isinstance(statement, Alloc) and id(statement) not in own
        if nested_alloc or statement in plan.undone or any(plan.records.get(inner) for inner in sub_blocks(statement)):
            return True
    return False
