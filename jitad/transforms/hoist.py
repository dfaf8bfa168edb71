"""Sum in a register what a loop adds to one element of an array.

``for j: A[i] += v(j)`` with ``i`` fixed becomes a sum that the loop carries and one addition after it.
Postcondition: the same sums, in another order of addition. Only arrays that the loop neither reads nor overwrites
are concerned, so nothing can see an element in between.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.primitives import core
from jitad.program.builder import Builder
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Call,
    Const,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
    array_type,
    definitions,
    operands,
    walk,
)
from jitad.program.types import Array


def hoist_sums(program: Program) -> Program:
    """The same program with the sums described above carried by their loops, innermost first."""
    return replace(program, body=_Hoister(Aliases(program)).block(program.body))


class _Hoister:
    def __init__(self, aliases: Aliases) -> None:
        self._aliases = aliases

    def block(self, block: Block) -> Block:
        builder = Builder()
        for statement in block:
            if isinstance(statement, Loop):
                self._loop(replace(statement, body=self.block(statement.body)), builder)
            elif isinstance(statement, Branch):
                then, otherwise = self.block(statement.then), self.block(statement.otherwise)
                builder.add(replace(statement, then=then, otherwise=otherwise))
            else:
                builder.add(statement)
        return builder.block

    def _loop(self, loop: Loop, builder: Builder) -> None:
        """Append a loop, with its sums into fixed elements carried."""
        if not loop.is_counted or not isinstance(loop.step, Const):
            builder.add(loop)
            return
        inside = {loop.index, *loop.params}
        for statement in walk(loop.body):
            inside.update(definitions(statement))
            if isinstance(statement, Loop):
                inside.update((statement.index, *statement.params))
        touched = self._touched(loop)
        sums: dict[tuple[Var, tuple[Operand, ...]], list[Accumulate]] = {}
        for statement in loop.body:
            if not isinstance(statement, Accumulate) or inside.intersection(operands(statement)[:-1]):
                continue
            if self._aliases.root(statement.array) not in touched:
                sums.setdefault((statement.array, statement.index), []).append(statement)
        if not sums:
            builder.add(loop)
            return
        body = Builder()
        totals: dict[tuple[Var, tuple[Operand, ...]], Operand] = {}
        params = []
        for array, index in sums:
            params.append(Var(f"{array.name}_sum", array_type(array).element))
            totals[array, index] = params[-1]
        for statement in loop.body:
            key = (statement.array, statement.index) if isinstance(statement, Accumulate) else None
            if key is not None and key in sums and isinstance(statement, Accumulate):
                totals[key] = body.plus(totals[key], statement.value)
            else:
                body.add(statement)
        results = [Var(param.name, param.type) for param in params]
        builder.add(
            replace(
                loop,
                params=[*loop.params, *params],
                inits=[*loop.inits, *(Const(0.0, array_type(array).element) for array, _ in sums)],
                body=body.block,
                yields=[*loop.yields, *totals.values()],
                results=[*loop.results, *results],
            )
        )
        self._add_totals(loop, list(sums), results, builder)

    def _add_totals(
        self, loop: Loop, places: list[tuple[Var, tuple[Operand, ...]]], totals: list[Var], builder: Builder
    ) -> None:
        """Add the sums where they belong, unless the loop hasn't run: the place may not exist then."""
        assert isinstance(loop.step, Const) and loop.start is not None and loop.stop is not None
        ran = builder.compute(core.lt if loop.step.value > 0 else core.gt, loop.start, loop.stop)
        arm = builder.nested()
        for (array, index), total in zip(places, totals, strict=True):
            arm.accumulate(array, index, total)
        builder.add(Branch(ran, arm.block, [], Block(), [], []))

    def _touched(self, loop: Loop) -> set[Var]:
        """The alias groups that the loop reads or overwrites, or whose arrays it binds anew."""
        roots: set[Var] = set()
        for statement in walk(loop.body):
            match statement:
                case Load(array=array) | Store(array=array):
                    roots.add(self._aliases.root(array))
                case Alloc() | Call():
                    roots.update(self._arrays(statement))
        return roots

    def _arrays(self, statement: Statement) -> set[Var]:
        found = (*definitions(statement), *operands(statement))
        return {self._aliases.root(v) for v in found if isinstance(v, Var) and isinstance(v.type, Array)}
