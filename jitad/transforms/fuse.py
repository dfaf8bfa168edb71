"""Let one loop run both sweeps of a sum whose terms don't need each other.

Where the reverse sweep of an order-free loop follows it directly and reads nothing that only the whole loop gives, each
iteration can be reversed as soon as it has run: what it recorded need not go over the tape, and memory is read once.

Postcondition: such pairs of loops are one, if the reverse loop adds to neighbouring elements only, so that
the one loop still runs in vector registers; it computes what the two did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jitad.analysis.aliasing import Aliases
from jitad.program.builder import Builder
from jitad.program.rewrite import Copier
from jitad.program.statements import (
    Accumulate,
    Block,
    Compute,
    Const,
    Dim,
    Load,
    Loop,
    Operand,
    Pop,
    Program,
    Push,
    Statement,
    Var,
    definitions,
    free_variables,
    operands,
)


def fuse_sweeps(program: Program) -> tuple[Program, set[Operand]]:
    """The same program with such pairs made one, and what is no longer recorded."""
    aliases = Aliases(program)
    dropped: set[Operand] = set()
    statements: list[Statement] = []
    for statement in program.body:
        pair = _pair(statements, statement, aliases) if isinstance(statement, Loop) else None
        if pair is None:
            statements.append(statement)
            continue
        statements[pair.at :] = [*pair.early, pair.fused(), *pair.late]
        dropped.update(value for push in pair.pushes for value in push.values)
    return replace(program, body=Block(statements)), dropped


@dataclass
class _Pair:
    """A loop at a position, what comes after it before its reverse loop, and which of that may come before it."""

    at: int
    forward: Loop
    reverse: Loop
    early: list[Statement]
    late: list[Statement]

    @property
    def pushes(self) -> list[Push]:
        return [statement for statement in self.forward.body if isinstance(statement, Push)]

    def fused(self) -> Loop:
        """The loop that runs an iteration and its reversal."""
        forward, reverse = self.forward, self.reverse
        builder = Builder(Block([s for s in forward.body if not isinstance(s, Push)]))
        known: dict[Var, Operand] = {reverse.index: forward.index}
        pops = [statement for statement in reverse.body if isinstance(statement, Pop)]
        for push, pop in zip(reversed(self.pushes), pops, strict=True):
            known.update(zip(pop.outs, push.values, strict=True))
        copier = Copier(lambda var: known.get(var, var))
        copier.block(Block([s for s in reverse.body if not isinstance(s, Pop)]), builder)
        return replace(
            forward,
            params=[*forward.params, *reverse.params],
            inits=[*forward.inits, *reverse.inits],
            body=builder.block,
            yields=[*forward.yields, *copier.all(reverse.yields)],
            results=[*forward.results, *reverse.results],
            rows=False,
        )


def _pair(before: Sequence[Statement], reverse: Loop, aliases: Aliases) -> _Pair | None:
    """The pair that a reverse loop makes with the last loop before it; None if they can't be one."""
    at = len(before) - 1
    while at >= 0 and isinstance(before[at], Compute | Dim):
        at -= 1
    if at < 0:
        return None
    forward = before[at]
    if not isinstance(forward, Loop) or not _run_alike(forward, reverse):
        return None
    if not (_only(forward, Compute, Dim, Load, Push) and _only(reverse, Compute, Dim, Load, Pop, Accumulate)):
        return None
    early, late = _split(before[at + 1 :], forward)
    after: set[Operand] = {*forward.results, *(var for statement in late for var in definitions(statement))}
    if after.intersection((*free_variables(reverse.body, reverse.yields), *reverse.inits)):
        return None
    pair = _Pair(at, forward, reverse, early, late)
    return pair if _records_match(pair) and _stays_in_vectors(forward, reverse, aliases) else None


def _run_alike(forward: Loop, reverse: Loop) -> bool:
    """True for two order-free loops over the same range, one number after the other."""
    bounds = ((forward.start, reverse.start), (forward.stop, reverse.stop), (forward.step, reverse.step))
    same = all(first is not None and first == second for first, second in bounds)
    unit = isinstance(forward.step, Const) and forward.step.value == 1
    return same and unit and forward.order_free and reverse.order_free and not forward.descending


def _only(loop: Loop, *kinds: type[Statement]) -> bool:
    return all(isinstance(statement, kinds) for statement in loop.body)


def _split(between: Sequence[Statement], forward: Loop) -> tuple[list[Statement], list[Statement]]:
    """What doesn't need the loop's results, and what does."""
    early: list[Statement] = []
    late: list[Statement] = []
    waiting: set[Operand] = set(forward.results)
    for statement in between:
        if waiting.intersection(operands(statement)):
            waiting.update(definitions(statement))
            late.append(statement)
        else:
            early.append(statement)
    return early, late


def _records_match(pair: _Pair) -> bool:
    """True when the reverse loop pops just what the forward loop pushes, the last push first."""
    pops = [statement for statement in pair.reverse.body if isinstance(statement, Pop)]
    pushes = pair.pushes[::-1]
    return [[value.type for value in push.values] for push in pushes] == [[out.type for out in p.outs] for p in pops]


def _stays_in_vectors(forward: Loop, reverse: Loop, aliases: Aliases) -> bool:
    """True when the reverse loop adds to each array once an iteration, along the last axis, and to no other memory."""
    added = [statement for statement in reverse.body if isinstance(statement, Accumulate)]
    roots = [aliases.root(statement.array) for statement in added]
    read = [aliases.root(s.array) for loop in (forward, reverse) for s in loop.body if isinstance(s, Load)]
    inside = {reverse.index, *(var for statement in reverse.body for var in definitions(statement))}
    along = all(s.index[-1] is reverse.index and not inside.intersection(s.index[:-1]) for s in added)
    return along and len(set(roots)) == len(roots) and not set(roots).intersection(read)
