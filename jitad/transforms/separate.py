"""Give sums into several rows of one array a loop each.

``for k: A[i, k] += v(k); A[j, k] += w(k)`` can't run in vectors unless the rows are known to be different ones, which
compilers check for all ``j`` of the loop around at once, or not at all. In two loops, each row is on its own.

Concerned are innermost loops that add to adjoints, and read no array that they add to.
Postcondition: the same sums, in another order of addition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.primitives import core
from jitad.program.builder import Builder, is_const
from jitad.program.queries import definitions, operands
from jitad.program.rewrite import Copier
from jitad.program.statements import Accumulate, Block, Branch, Compute, Dim, Load, Loop, Operand, Program, Var
from jitad.program.types import INT64

MOST_WORK = 16
"""Additions that an iteration may take for its terms to be computed in loops of their own."""


def separate_rows(program: Program, adjoints: Iterable[Var]) -> Program:
    """The same program with the loops described above in parts; ``adjoints`` are the arrays whose sums are free."""
    aliases = Aliases(program)
    pass_ = _Separator(aliases, {aliases.root(array) for array in adjoints})
    return replace(program, body=pass_.block(program.body))


class _Separator:
    def __init__(self, aliases: Aliases, adjoints: Collection[Var]) -> None:
        self._aliases = aliases
        self._adjoints = adjoints

    def block(self, block: Block) -> Block:
        builder = Builder()
        for statement in block:
            match statement:
                case Loop():
                    others = self._others(statement)
                    gone = {s for group in others for s in group}
                    kept = Block([s for s in statement.body if s not in gone])
                    builder.add(replace(statement, body=self.block(kept)))
                    for group in others:
                        builder.add(_part(statement, group, builder))
                case Branch(then=then, otherwise=otherwise):
                    builder.add(replace(statement, then=self.block(then), otherwise=self.block(otherwise)))
                case _:
                    builder.add(statement)
        return builder.block

    def _others(self, loop: Loop) -> list[list[Accumulate]]:
        """The sums that had better have loops of their own, by the loop; those that stay aren't among them."""
        plain = loop.order_free and loop.is_counted and is_const(loop.step, 1) and not loop.rows and not loop.parallel
        if not plain or not all(isinstance(s, Compute | Dim | Load | Accumulate) for s in loop.body):
            return []
        sums = [s for s in loop.body if isinstance(s, Accumulate)]
        roots = {self._aliases.root(s.array) for s in sums}
        read = {self._aliases.root(s.array) for s in loop.body if isinstance(s, Load)}
        work = sum(core.cost(s) for s in loop.body if isinstance(s, Compute))
        if len(sums) < 2 or not roots <= set(self._adjoints) or not roots.isdisjoint(read) or work > MOST_WORK:
            return []
        moving = _moving(loop)
        groups: list[list[Accumulate]] = []
        for each in sums:
            fitting = (group for group in groups if not any(self._apart(each, other, moving) for other in group))
            group = next(fitting, None)
            if group is None:
                groups.append([each])
            else:
                group.append(each)
        reads_carried = any(not _needed(loop, group).isdisjoint(loop.params) for group in groups[1:])
        return [] if reads_carried else groups[1:]

    def _apart(self, a: Accumulate, b: Accumulate, moving: Collection[Operand]) -> bool:
        """True when two sums go to different rows of one array, as far as is known."""
        if self._aliases.root(a.array) is not self._aliases.root(b.array):
            return False
        pairs = zip(a.index, b.index, strict=True) if a.array is b.array else ()
        fixed = [(x, y) for x, y in pairs if x not in moving and y not in moving]
        return a.array is not b.array or any(x != y for x, y in fixed)


def _moving(loop: Loop) -> set[Operand]:
    """What changes from iteration to iteration."""
    moving: set[Operand] = {loop.index, *loop.params}
    for statement in loop.body:
        if not moving.isdisjoint(operands(statement)):
            moving.update(definitions(statement))
    return moving


def _needed(loop: Loop, sums: list[Accumulate]) -> set[Operand]:
    """What an iteration reads for these sums, and what it makes on the way."""
    needed: set[Operand] = {o for s in sums for o in operands(s)}
    for statement in reversed(loop.body.statements):
        if not needed.isdisjoint(definitions(statement)):
            needed.update(operands(statement))
    return needed


def _part(loop: Loop, sums: list[Accumulate], builder: Builder) -> Loop:
    """A loop over the same range with these sums alone."""
    needed = _needed(loop, sums)
    statements = [s for s in loop.body if s in sums or not needed.isdisjoint(definitions(s))]
    index, body = Var(loop.index.name, INT64), builder.nested()
    copier = Copier(lambda var: index if var is loop.index else var)
    copier.block(Block(statements), body)
    return replace(loop, index=index, params=[], inits=[], body=body.block, yields=[], results=[])
