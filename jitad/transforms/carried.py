"""What a loop carries, as its reversal carries it."""

from __future__ import annotations

from dataclasses import dataclass

from jitad.analysis.sums import carried_sums
from jitad.program.queries import permuted_arrays
from jitad.program.statements import Loop, Operand, Var
from jitad.program.types import Scalar
from jitad.transforms.scope import Scope


class CarriedBack:
    """Arrays that an iteration only exchanges: the reverse loop exchanges them back, and records nothing."""

    def __init__(self, loop: Loop, outer: Scope, inner: Scope, *, needed: bool) -> None:
        exchanged = permuted_arrays(loop) if needed else {}
        after = {slot: Var(slot.name, slot.type) for slot, _ in exchanged.values()}
        for new, (slot, _) in exchanged.items():
            inner.values[new] = after[slot]
        self.params = list(after.values())
        self.inits: list[Operand] = [outer.value(result) for _, result in exchanged.values()]
        self.yields: list[Operand] = [after[exchanged[slot][0]] for slot in after]
        self.results = [Var(slot.name, slot.type) for slot in after]


@dataclass(frozen=True)
class Carried:
    """A number that a loop carries; ``is_sum``: an iteration only adds to it."""

    param: Var
    init: Operand
    new: Operand
    result: Var
    is_sum: bool


def carried_numbers(loop: Loop) -> list[Carried]:
    sums = carried_sums(loop)
    rows = zip(loop.params, loop.inits, loop.yields, loop.results, strict=True)
    return [Carried(*row, at in sums) for at, row in enumerate(rows) if isinstance(row[0].type, Scalar)]
