"""Carry, in a thread's own loops, what branches add to elements that don't change in the loop.

``for j: if c(j): A[i] += v(i, j)`` in the thread of ``i`` becomes a sum in a register and one addition after the loop,
if the branch was ever taken: the element may not exist otherwise.

Postcondition: the same sums, in another order of addition. Only arrays that the loop neither reads nor overwrites are
concerned.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.places import bound_in
from jitad.program.builder import Builder
from jitad.program.queries import operands
from jitad.program.statements import (
    Accumulate,
    Block,
    Branch,
    Const,
    Loop,
    Operand,
    Program,
    Statement,
    Var,
    array_type,
)
from jitad.program.types import BOOL
from jitad.transforms.loop_sums import touched

_Element = tuple[Var, tuple[Operand, ...]]


def carry_sums_of_branches(program: Program) -> Program:
    """The same program with the sums described above carried by the loops of threads."""
    return replace(program, body=_Carrier(Aliases(program)).block(program.body, in_thread=False))


@dataclass
class _Sum:
    """A sum while a loop's body is written: its value and whether anything was added, before and after."""

    params: tuple[Var, Var]
    now: tuple[Operand, Operand]


class _Carrier:
    def __init__(self, aliases: Aliases) -> None:
        self._aliases = aliases

    def block(self, block: Block, *, in_thread: bool) -> Block:
        """A block of the host, or one that a thread runs."""
        builder = Builder()
        for statement in block:
            if isinstance(statement, Loop):
                inside = in_thread or statement.order_free
                inner = replace(statement, body=self.block(statement.body, in_thread=inside))
                if in_thread and inner.is_counted:
                    self._loop(inner, builder)
                else:
                    builder.add(inner)
            elif isinstance(statement, Branch):
                then = self.block(statement.then, in_thread=in_thread)
                otherwise = self.block(statement.otherwise, in_thread=in_thread)
                builder.add(replace(statement, then=then, otherwise=otherwise))
            else:
                builder.add(statement)
        return builder.block

    def _loop(self, loop: Loop, builder: Builder) -> None:
        inside, blocked = bound_in(loop), touched(loop, self._aliases)
        arms = [arm for s in loop.body if isinstance(s, Branch) for arm in (s.then, s.otherwise)]
        found = [
            s
            for arm in arms
            for s in arm
            if isinstance(s, Accumulate)
            and inside.isdisjoint(operands(s)[:-1])
            and self._aliases.root(s.array) not in blocked
        ]
        if not found:
            builder.add(loop)
            return
        sums: dict[_Element, _Sum] = {}
        for sum_ in found:
            params = (Var(f"{sum_.array.name}_sum", array_type(sum_.array).element), Var("reached", BOOL))
            sums.setdefault((sum_.array, sum_.index), _Sum(params, params))
        body = Builder()
        for statement in loop.body:
            body.add(_with_sums(statement, found, sums) if isinstance(statement, Branch) else statement)
        zeros = [(Const(0.0, one.params[0].type), Const(False, BOOL)) for one in sums.values()]  # type: ignore[arg-type]
        results = [tuple(Var(param.name, param.type) for param in one.params) for one in sums.values()]
        builder.add(
            replace(
                loop,
                params=[*loop.params, *(param for one in sums.values() for param in one.params)],
                inits=[*loop.inits, *(zero for pair in zeros for zero in pair)],
                body=body.block,
                yields=[*loop.yields, *(value for one in sums.values() for value in one.now)],
                results=[*loop.results, *(result for pair in results for result in pair)],
            )
        )
        for (array, index), (total, reached) in zip(sums, results, strict=True):
            arm = builder.nested()
            arm.accumulate(array, index, total)
            builder.add(Branch(reached, arm.block, [], Block(), [], []))


def _with_sums(branch: Branch, found: Collection[Statement], sums: dict[_Element, _Sum]) -> Branch:
    """A branch that yields the sums to which it adds."""
    touched_here = {
        (s.array, s.index): None
        for arm in (branch.then, branch.otherwise)
        for s in arm
        if isinstance(s, Accumulate) and s in found
    }
    blocks, yields = [], []
    for arm in (branch.then, branch.otherwise):
        builder = Builder()
        now = {key: sums[key].now for key in touched_here}
        for statement in arm:
            if isinstance(statement, Accumulate) and statement in found:
                key = (statement.array, statement.index)
                now[key] = (builder.plus(now[key][0], statement.value), Const(True, BOOL))
            else:
                builder.add(statement)
        blocks.append(builder.block)
        yields.append([value for key in touched_here for value in now[key]])
    results: list[Var] = []
    for key in touched_here:
        new = tuple(Var(param.name, param.type) for param in sums[key].params)
        sums[key].now = (new[0], new[1])
        results += new
    return replace(
        branch,
        then=blocks[0],
        then_yields=[*branch.then_yields, *yields[0]],
        otherwise=blocks[1],
        otherwise_yields=[*branch.otherwise_yields, *yields[1]],
        results=[*branch.results, *results],
    )
