"""Loops that look for a largest or a smallest number, in parts that can be put together."""

from __future__ import annotations

from collections import Counter

from jitad.analysis.sums import carried_sums
from jitad.primitives import core, extremes
from jitad.program.queries import operands
from jitad.program.statements import Compute, Dim, Load, Loop, Var


def fold_of(loop: Loop, at: int) -> Compute | None:
    """What makes the next value of the number carried at a position, if that is the larger (or smaller) of two.

    One of the two is the carried number, and the loop reads it for nothing else. Taking the larger of a number and
    itself again changes nothing, so parts of the loop may start from the same number, and the larger of their
    results, in order, is that of the whole loop: also where some are NaN, or zeros of both signs.
    """
    param, new = loop.params[at], loop.yields[at]
    made = {s.out: s for s in loop.body if isinstance(s, Compute)}
    last = made.get(new) if isinstance(new, Var) else None
    if last is None:
        return None
    reads = Counter(o for s in loop.body for o in operands(s)) + Counter(loop.yields)
    if last.primitive in (extremes.largest, extremes.smallest):
        return last if param in last.args and reads[param] == 1 and reads[new] == 1 else None
    if last.primitive is not core.select:
        return None
    condition, *sides = last.args
    test = made.get(condition) if isinstance(condition, Var) else None
    if test is None or test.primitive not in (core.lt, core.gt):
        return None
    kept = sides[1] is param or (param in sides and not param.type.is_float)  # a NaN is never the larger one
    if not kept or set(test.args) != set(sides) or len(set(sides)) < 2:
        return None
    return last if reads[param] == 2 and reads[new] == 1 and reads[condition] == 1 else None


def searches(loop: Loop) -> bool:
    """True when a loop only reads memory, and all that it carries are sums or such searches."""
    if not loop.is_counted or not all(isinstance(s, Compute | Dim | Load) for s in loop.body):
        return False
    sums = carried_sums(loop)
    return all(at in sums or fold_of(loop, at) is not None for at in range(len(loop.params)))
