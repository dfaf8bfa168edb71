"""Which allocations are small arrays of constant size, for registers and the stack (on CUDA a thread's local memory).

Postcondition of ``local_arrays``: the memory of each of them may be the same every time that its statement runs, since
it runs once, or its array is given back in the same iteration; and nothing asks where on the tape it lies.
"""

from __future__ import annotations

import math

from jitad.analysis.aliasing import Aliases
from jitad.program.queries import operands, sub_blocks, walk
from jitad.program.statements import Alloc, Block, Branch, Const, Loop, OffsetOf, Operand, Program, Release, Var

MOST_ELEMENTS = 64

MOST_TOGETHER = 1024
"""Elements in all of a program's: threads have small stacks."""


def elements_of(alloc: Alloc) -> tuple[int, ...]:
    """The constant shape of an allocation."""
    return tuple(int(length.value) for length in alloc.shape if isinstance(length, Const))


def local_arrays(program: Program) -> set[Alloc]:
    """The allocations that need no tape, as many of the first ones as fit."""
    found: set[Alloc] = set()
    left = MOST_TOGETHER
    for alloc in _candidates(program):
        size = math.prod(elements_of(alloc))
        if size <= left:
            found.add(alloc)
            left -= size
    return found


def _candidates(program: Program) -> list[Alloc]:
    aliases = Aliases(program)
    asked = {aliases.root(s.array) for s in walk(program.body) if isinstance(s, OffsetOf)}
    asked |= {aliases.root(result) for result in program.results if isinstance(result, Var)}
    kept = _kept_offsets(program)
    found: list[Alloc] = []

    def visit(block: Block, *, in_loop: bool) -> None:
        freed = _freed(block)
        for statement in block:
            if isinstance(statement, Alloc) and _is_small(statement):
                is_asked = aliases.root(statement.out) in asked or statement.offset in kept
                if not is_asked and (not in_loop or statement in freed):
                    found.append(statement)
            for inner in sub_blocks(statement):
                visit(inner, in_loop=in_loop or isinstance(statement, Loop))

    visit(program.body, in_loop=False)
    return found


def _is_small(alloc: Alloc) -> bool:
    lengths = elements_of(alloc)
    return len(lengths) == len(alloc.shape) and 0 < math.prod(lengths) <= MOST_ELEMENTS


def _freed(block: Block) -> set[Alloc]:
    """The allocations of a block that the block itself gives back: by their own offsets, or by earlier ones."""
    allocs: list[Alloc] = []
    found: set[Alloc] = set()
    for statement in block:
        if isinstance(statement, Alloc):
            allocs.append(statement)
        elif isinstance(statement, Release):
            for at, alloc in enumerate(allocs):
                if alloc.offset is statement.offset:
                    same = [a for a in allocs[at:] if _tape_of(a) == (statement.dtype, statement.at_end)]
                    found.update(same)
    return found


def _tape_of(alloc: Alloc) -> tuple[str, bool]:
    return alloc.out.type.dtype, alloc.at_end


def _kept_offsets(program: Program) -> set[Operand]:
    """The values that anything but giving back reads."""
    read: set[Operand] = set(program.results)
    for statement in walk(program.body):
        if not isinstance(statement, Release):
            read.update(operands(statement))
        if isinstance(statement, Loop):
            read.update(statement.yields)
        elif isinstance(statement, Branch):
            read.update((*statement.then_yields, *statement.otherwise_yields))
    return read
