"""Numbers for which an iteration of a loop waits for the one before, so that the loop can't run in vectors."""

from __future__ import annotations

from jitad.program.queries import definitions, operands
from jitad.program.statements import Block, Branch, Loop, Operand, Var


def waiting(loop: Loop) -> set[Var]:
    """What a loop computes from carried floating-point numbers that come back to themselves: not sums of other things.

    A sum whose own value nothing else is computed from is added to, but nobody waits for it.
    """
    found: set[Var] = set()
    following = dict(zip(loop.params, loop.yields, strict=True))
    for param in loop.params:
        if not param.type.is_float or param in found:
            continue
        reached = _reached(loop, param, following)
        if following[param] in reached:
            found |= reached
    return found


def _reached(loop: Loop, param: Var, following: dict[Var, Operand]) -> set[Var]:
    """What depends on a carried number, in this iteration and in later ones."""
    reached = {param}
    while True:
        _follow(loop.body, reached)
        new = {other for other, next_ in following.items() if next_ in reached} - reached
        if not new:
            return reached
        reached |= new


def _follow(block: Block, reached: set[Var]) -> None:
    """Add to ``reached`` what a block computes from it."""
    for statement in block:
        if isinstance(statement, Loop):
            while True:
                pairs = zip(statement.params, statement.inits, statement.yields, strict=True)
                new = {param for param, *values in pairs if not reached.isdisjoint(values)} - reached
                reached |= new
                _follow(statement.body, reached)
                if not new:
                    break
            pairs = zip(statement.results, statement.params, statement.yields, strict=True)
            reached.update(result for result, *values in pairs if not reached.isdisjoint(values))
        elif isinstance(statement, Branch):
            _follow(statement.then, reached)
            _follow(statement.otherwise, reached)
            sides = zip(statement.results, statement.then_yields, statement.otherwise_yields, strict=True)
            reached.update(r for r, *values in sides if not reached.isdisjoint([*values, statement.condition]))
        elif not reached.isdisjoint(operands(statement)):
            reached.update(definitions(statement))
