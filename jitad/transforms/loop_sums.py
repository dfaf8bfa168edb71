"""What a pass must know of a loop to carry sums into elements of arrays in registers."""

from __future__ import annotations

from jitad.analysis.aliasing import Aliases
from jitad.primitives import core
from jitad.program.builder import Builder
from jitad.program.queries import definitions, operands, walk
from jitad.program.statements import Alloc, Block, Branch, Call, Const, Load, Loop, Operand, Store, Var
from jitad.program.types import Array


def touched(loop: Loop, aliases: Aliases) -> set[Var]:
    """The alias groups that a loop reads or overwrites, or whose arrays it binds anew; sums alone don't touch."""
    roots: set[Var] = set()
    for statement in walk(loop.body):
        match statement:
            case Load(array=array) | Store(array=array):
                roots.add(aliases.root(array))
            case Alloc() | Call():
                found = (*definitions(statement), *operands(statement))
                roots.update(aliases.root(v) for v in found if isinstance(v, Var) and isinstance(v.type, Array))
    return roots


def add_if_it_ran(loop: Loop, sums: list[tuple[Var, tuple[Operand, ...], Var]], builder: Builder) -> None:
    """Append ``array[index] += total`` for the sums, unless the loop hasn't run: the place may not exist then."""
    assert isinstance(loop.step, Const) and loop.start is not None and loop.stop is not None
    ran = builder.compute(core.lt if loop.step.value > 0 else core.gt, loop.start, loop.stop)
    arm = builder.nested()
    for array, index, total in sums:
        arm.accumulate(array, index, total)
    if isinstance(ran, Const):
        if ran.value:
            builder.absorb(arm)
        return
    builder.add(Branch(ran, arm.block, [], Block(), [], []))
