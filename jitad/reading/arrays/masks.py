"""Boolean masks as index arrays."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.program.builder import Builder
from jitad.program.statements import Branch, Operand, Var
from jitad.program.types import BOOL, INT64
from jitad.reading.arrays.agreement import require_equal
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.loops import fold
from jitad.reading.arrays.maps import ONE, ZERO, allocate, as_lazy
from jitad.reading.arrays.materialize import materialize, settled
from jitad.reading.context import Context
from jitad.reading.values import ArrayLike, ArrayValue


def nonzero(ctx: Context, mask: ArrayLike, shape: Sequence[Operand] = ()) -> list[ArrayValue]:
    """One index array per axis of ``mask``: where it holds, in order. ``shape`` is what it must fit."""
    for own, wanted in zip(mask.shape, shape, strict=False):
        require_equal(ctx, own, wanted, "a mask and what it selects from", [mask.shape, shape])
    lazy = as_lazy(settled(ctx, mask))
    if lazy.cost > 0:
        lazy = as_lazy(materialize(ctx, lazy, "mask"))

    def holds(builder: Builder, index: Sequence[Operand]) -> Operand:
        found = lazy.element(builder, index)
        return found if found.type == BOOL else builder.cast(found, BOOL)

    def count(builder: Builder, index: list[Operand], carried: list[Operand]) -> list[Operand]:
        return [builder.select(holds(builder, index), builder.plus(carried[0], ONE), carried[0])]

    (total,) = fold(ctx, lazy.shape, [ZERO], count)
    note_at_least(ctx, total)
    found = [allocate(ctx, "where", "int64", (total,)) for _ in lazy.shape]

    def put(builder: Builder, index: list[Operand], carried: list[Operand]) -> list[Operand]:
        then = builder.nested()
        for axis, out in enumerate(found):
            then.store(out.base, (carried[0],), index[axis])
        after = then.plus(carried[0], ONE)
        counted = Var("count", INT64)
        builder.add(Branch(holds(builder, index), then.block, [after], builder.nested().block, [carried[0]], [counted]))
        return [counted]

    fold(ctx, lazy.shape, [ZERO], put, order_free=False)
    return found
