"""Let the sums that a transform made be added in any order.

A sum of adjoints that a loop carries is nobody's but ours, so its additions may say that they can be regrouped (see
``jitad.runtime.sums``), and the loop runs in vectors. Sums that the user wrote keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jitad.primitives import core
from jitad.primitives.sums import add_to_sum
from jitad.program.builder import Builder
from jitad.program.statements import Block, Compute, Operand, Var
from jitad.program.types import Scalar


def free_sums(block: Block, sums: Iterable[tuple[Var, Operand]]) -> Block:
    """The body of a loop with the additions free that lead from carried numbers to their next values."""
    made = {s.out: s for s in block if isinstance(s, Compute)}
    free: set[Compute] = set()
    for param, new in sums:
        free.update(_chain(param, new, made))
    if not free:
        return block
    builder = Builder()
    for statement in block:
        builder.add(_freed(statement, builder) if statement in free else statement)
    return builder.block


def _chain(param: Var, new: Operand, made: dict[Var, Compute]) -> list[Compute]:
    """The additions to and subtractions from ``param`` that end in ``new``, as far as they are plain arithmetic."""
    found = []
    while isinstance(new, Var) and new is not param and new in made:
        last = made[new]
        if last.primitive not in (core.add, core.sub) or not last.out.type.is_float or _lanes(last):
            break
        found.append(last)
        new = last.args[0]
    return found


def _lanes(statement: Compute) -> int:
    assert isinstance(statement.out.type, Scalar)
    return statement.out.type.lanes


def _freed(statement: Compute, builder: Builder) -> Compute:
    total, term = statement.args
    if statement.primitive is core.sub:
        term = builder.negative(term)
    return replace(statement, primitive=add_to_sum, args=(total, term))
