"""Sum in a register what a loop adds to one element of an array.

``for j: A[i] += v(j)`` with ``i`` fixed becomes a sum that the loop carries and one addition after it.
Postcondition: the same sums, in another order of addition. Only arrays that the loop neither reads nor overwrites
are concerned, so nothing can see an element in between.

Such a loop runs in vectors. What it loads again and again, from memory that it doesn't write, is then loaded once
before it, if the place exists although the loop may not run: the compiler would have to see that nothing overwrites it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.order import written_arrays
from jitad.analysis.places import bound_in
from jitad.analysis.ranges import Ranges
from jitad.primitives.sums import addition
from jitad.program.builder import Builder
from jitad.program.queries import operands, walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Const,
    Fail,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
    View,
    array_type,
)
from jitad.transforms.loop_sums import add_if_it_ran, touched

_Place = tuple[Var, tuple[Operand, ...]]


def hoist_sums(program: Program) -> Program:
    """The same program with the sums described above carried by their loops, innermost first."""
    return replace(program, body=_Hoister(program).block(program.body))


class _Hoister:
    def __init__(self, program: Program) -> None:
        self._aliases = Aliases(program)
        self._lengths: dict[Var, tuple[Operand, ...]] = {}
        self._ranges = Ranges(program)
        for statement in walk(program.body):
            match statement:
                case Alloc(out=out, shape=shape):
                    self._lengths[out] = shape
                case View(out=out, axes=axes):
                    self._lengths[out] = tuple(axis.length for axis in axes)

    def block(self, block: Block) -> Block:
        builder = Builder()
        for statement in block:
            if isinstance(statement, Loop):
                self._loop(replace(statement, body=self.block(statement.body)), builder, block)
            elif isinstance(statement, Branch):
                then, otherwise = self.block(statement.then), self.block(statement.otherwise)
                builder.add(replace(statement, then=then, otherwise=otherwise))
            else:
                builder.add(statement)
        return builder.block

    def _loop(self, loop: Loop, builder: Builder, around: Block) -> None:
        """Append a loop of a block, with its sums into fixed elements carried."""
        if not loop.is_counted or not isinstance(loop.step, Const):
            builder.add(loop)
            return
        inside, blocked = bound_in(loop), touched(loop, self._aliases)
        sums: dict[_Place, list[Accumulate]] = {}
        for statement in loop.body:
            if not isinstance(statement, Accumulate) or inside.intersection(operands(statement)[:-1]):
                continue
            if self._aliases.root(statement.array) not in blocked:
                sums.setdefault((statement.array, statement.index), []).append(statement)
        if not sums:
            builder.add(loop)
            return
        visited = _visited(around)
        early = self._loads_before(loop, inside, visited)
        for load in early:
            builder.add(load)
        body = Builder()
        totals: dict[_Place, Operand] = {}
        params = []
        for array, index in sums:
            params.append(Var(f"{array.name}_sum", array_type(array).element))
            totals[array, index] = params[-1]
        for statement in loop.body:
            if statement in early:
                continue
            key = (statement.array, statement.index) if isinstance(statement, Accumulate) else None
            if key is not None and key in sums and isinstance(statement, Accumulate):
                join = addition(array_type(statement.array).element)
                totals[key] = body.compute(join, totals[key], statement.value)
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
        unsure = []
        for (array, index), total in zip(sums, results, strict=True):
            if (array, index) in visited or self._exists(array, index):
                builder.accumulate(array, index, total)
            else:
                unsure.append((array, index, total))
        if unsure:
            add_if_it_ran(loop, unsure, builder)

    def _loads_before(self, loop: Loop, inside: set[Operand], visited: Collection[_Place]) -> list[Statement]:
        """The loads that give the same in all iterations of a loop, from places that exist."""
        written = {self._aliases.root(array) for s in walk(loop.body) for array in written_arrays(s)}
        return [
            s
            for s in loop.body
            if isinstance(s, Load)
            and inside.isdisjoint(operands(s))
            and self._aliases.root(s.array) not in written
            and ((s.array, s.index) in visited or self._exists(s.array, s.index))
        ]

    def _exists(self, array: Var, index: tuple[Operand, ...]) -> bool:
        """True when the loops around keep an index within the bounds of an array."""
        lengths = self._lengths.get(array)
        return lengths is not None and all(
            self._ranges.is_natural(at) and self._ranges.is_below(at, length)
            for at, length in zip(index, lengths, strict=True)
        )


def _visited(block: Block) -> set[_Place]:
    """The places that each run of a block reads or writes, whatever its loops and branches do."""
    found: set[_Place] = set()
    for statement in block:
        if isinstance(statement, Fail):
            break
        if isinstance(statement, Load | Store | Accumulate):
            found.add((statement.array, statement.index))
    return found
