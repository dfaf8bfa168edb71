"""The text that puts the results of a loop's chunks together."""

from __future__ import annotations

from jitad.analysis.folds import fold_of
from jitad.analysis.sums import carried_sums
from jitad.primitives import core
from jitad.program.statements import Compute, Loop, Operand


def is_sum(loop: Loop, at: int) -> bool:
    """True when the number carried at a position is a sum, whose later chunks start from zero."""
    return at in carried_sums(loop)


def put_together(loop: Loop, at: int, total: str, part: str) -> str:
    """The number carried at a position after a chunk: its own result is ``part``, ``total`` that of those before."""
    fold = None if is_sum(loop, at) else fold_of(loop, at)
    if fold is None:
        return f"{total} + {part}"
    names: dict[Operand, str] = {}
    for arg in fold.args[1:] if fold.primitive is core.select else fold.args:
        names[arg] = total if arg is loop.params[at] else part
    if fold.primitive is core.select:
        (test,) = (s for s in loop.body if isinstance(s, Compute) and s.out is fold.args[0])
        names[test.out] = test.primitive.template.format(*(names[arg] for arg in test.args))
    return fold.primitive.template.format(*(names[arg] for arg in fold.args))
