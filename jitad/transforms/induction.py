"""Compute counters from the loop's index instead of carrying them.

Postcondition: no counted loop with step 1 carries an integer to which each iteration adds the same number, or one that
grows evenly from iteration to iteration, as a position in a triangle does whose rows become shorter. Such a counter
need not be recorded, and an index that is one is seen to take another value in each iteration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jitad.analysis.affine import Affine, Integers
from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.queries import definitions, walk
from jitad.program.rewrite import Copier, as_they_are
from jitad.program.statements import Block, Branch, Compute, Loop, Operand, Program, Statement, Var
from jitad.program.types import INT64


def remove_counters(program: Program) -> Program:
    """The same program without carried counters, innermost loops first."""
    remover = _Remover(program)
    body = remover.block(program.body)
    return without_copies(replace(program, body=body)) if remover.changed else program


@dataclass(frozen=True)
class _Step:
    """What an iteration adds to a counter: ``rate``, of integers from outside, plus ``growth`` times the index."""

    rate: Affine
    growth: int

    def sum(self, builder: Builder, rate: Operand, turns: Operand) -> Operand:
        """What so many iterations add, given the number that the first of them adds."""
        whole = builder.times(turns, rate)
        if self.growth == 0:
            return whole
        pairs = builder.compute(core.rshift, builder.times(turns, builder.minus(turns, const_int(1))), const_int(1))
        grown = builder.times(pairs, const_int(abs(self.growth)))
        return builder.plus(whole, grown) if self.growth > 0 else builder.minus(whole, grown)

    def first(self, builder: Builder, start: Operand) -> Operand:
        """What the first iteration adds."""
        total: Operand | None = None
        for var, factor in (*self.rate.factors.items(), (start, self.growth)):
            if factor:
                part = builder.times(var, const_int(abs(factor)))
                if total is None:
                    total = part if factor > 0 else builder.negative(part)
                else:
                    total = builder.plus(total, part) if factor > 0 else builder.minus(total, part)
        literal = const_int(self.rate.constant)
        return literal if total is None else builder.plus(total, literal)


class _Remover:
    def __init__(self, program: Program) -> None:
        self._made = {s.out: s for s in walk(program.body) if isinstance(s, Compute)}
        self.changed = False

    def block(self, block: Block) -> Block:
        statements: list[Statement] = []
        for statement in block:
            if isinstance(statement, Loop):
                statements += self._loop(replace(statement, body=self.block(statement.body)))
            elif isinstance(statement, Branch):
                then, otherwise = self.block(statement.then), self.block(statement.otherwise)
                statements.append(replace(statement, then=then, otherwise=otherwise))
            else:
                statements.append(statement)
        return Block(statements)

    def _loop(self, loop: Loop) -> list[Statement]:
        """A loop without the counters that it carries, and what computes their last values."""
        found = self._counters(loop)
        if not found:
            return [loop]
        self.changed = True
        assert loop.start is not None and loop.stop is not None
        before, body, after = Builder(), Builder(), Builder()
        runs = after.compute(core.lt, loop.start, loop.stop)
        trips = after.select(runs, after.minus(loop.stop, loop.start), const_int(0))
        turn = body.minus(loop.index, loop.start)
        for at, step in found.items():
            init, rate = loop.inits[at], step.first(before, loop.start)
            self._bind(body, loop.params[at], body.plus(init, step.sum(body, rate, turn)))
            self._bind(after, loop.results[at], after.plus(init, step.sum(after, rate, trips)))
        kept = [at for at in range(len(loop.params)) if at not in found]
        slim = replace(
            loop,
            params=[loop.params[at] for at in kept],
            inits=[loop.inits[at] for at in kept],
            body=Block([*body.block.statements, *loop.body.statements]),
            yields=[loop.yields[at] for at in kept],
            results=[loop.results[at] for at in kept],
        )
        for statement in (*before.block, *body.block, *after.block):
            statement.origin = statement.origin or loop.origin
            if isinstance(statement, Compute):
                self._made[statement.out] = statement
        return [*before.block.statements, slim, *after.block.statements]

    def _bind(self, builder: Builder, var: Var, value: Operand) -> None:
        """``var`` as another name of a value."""
        builder.add(Compute(var, core.pos, (value,)))

    def _counters(self, loop: Loop) -> dict[int, _Step]:
        """The positions of the counters that a loop carries, and what an iteration adds to each."""
        if loop.start is None or not is_const(loop.step, 1) or loop.descending:
            return {}
        inside: set[Operand] = {loop.index, *loop.params, *(v for s in walk(loop.body) for v in definitions(s))}
        integers = Integers(loop, self._made, inside)
        found: dict[int, _Step] = {}
        for at, (param, new) in enumerate(zip(loop.params, loop.yields, strict=True)):
            whole = integers.affine(new) if param.type == INT64 and new is not param else None
            if whole is None or whole.factors.get(param) != 1:
                continue
            rate = whole.without(param).without(loop.index)
            if inside.isdisjoint(rate.factors):
                found[at] = _Step(rate, whole.factors.get(loop.index, 0))
        return found


def without_copies(program: Program) -> Program:
    """The same program without second names of values."""
    builder = Builder()
    copier = Copier(as_they_are(program.params))
    copier.block(program.body, builder)
    return replace(program, body=builder.block, results=[copier(result) for result in program.results])
