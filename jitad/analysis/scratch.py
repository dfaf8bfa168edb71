"""Arrays of one iteration whose contents the reverse sweep doesn't read.

``A[1:-1] = f(A)`` in a time loop computes into a fresh array and copies. When ``f`` is linear the reverse sweep
needs the array's shadow but not the array: its memory can be given back at the end of the iteration, and the
tape doesn't grow with the iterations.
"""

from __future__ import annotations

from collections.abc import Container

from jitad.analysis.aliasing import Aliases
from jitad.analysis.plan import Plan
from jitad.program.statements import Alloc, Block, Program, Statement, Var, sub_blocks, walk


def find_scratch(program: Program, aliases: Aliases, plan: Plan, shadows: set[Var]) -> set[Statement]:
    """The allocations of all blocks of loops and branches that use the tape for nothing that must stay there.

    All arrays that such a block allocates live and die in it, the reverse sweep reads no element of them (except
    of ``shadows``), and nothing nested in the block uses the tape.
    """
    read = {root for _, root, _ in plan.reloads}
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
    read = {root for _, root, _ in plan.reloads}
    return {
        s.out
        for s in walk(program.body)
        if isinstance(s, Alloc) and s.out in arrays and s not in plan.scratch and aliases.root(s.out) not in read
    }


def _uses_tape_otherwise(block: Block, plan: Plan) -> bool:
    own = {id(s) for s in block if isinstance(s, Alloc)}
    for statement in walk(block):
        nested_alloc = isinstance(statement, Alloc) and id(statement) not in own
        if nested_alloc or statement in plan.undone or any(plan.records.get(inner) for inner in sub_blocks(statement)):
            return True
    return False
