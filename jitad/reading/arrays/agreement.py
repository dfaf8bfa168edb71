"""Which shapes go together: equal lengths, and axes of length 1 that are repeated."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.errors import ShapeMismatchError
from jitad.primitives import core
from jitad.program.builder import is_const
from jitad.program.statements import Const, Operand
from jitad.reading.arrays.maps import same_operand, show_shape
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, LazyValue, Value

SHAPE_REMEDY = (
    "make the shapes equal; an axis of length 1 is repeated only if its length is a literal 1, "
    "so write a[:, None] or a[0] for it"
)


def broadcast_shape(ctx: Context, arrays: Sequence[Value], what: str) -> tuple[Operand, ...]:
    """The shape that arrays broadcast to; lengths that may differ are checked at run time."""
    shapes = [array.shape for array in arrays if isinstance(array, ArrayValue | LazyValue)]
    ndim = max((len(shape) for shape in shapes), default=0)
    result: list[Operand] = []
    for axis in range(-ndim, 0):
        lengths = [shape[axis] for shape in shapes if len(shape) >= -axis]
        real = [length for length in lengths if not is_const(length, 1)]
        literal = [length for length in real if isinstance(length, Const)]
        chosen = (literal or real or lengths)[0]
        for length in real:
            require_equal(ctx, length, chosen, what, shapes)
        result.append(chosen)
    return tuple(result)


def require_equal(ctx: Context, a: Operand, b: Operand, what: str, shapes: Sequence[Sequence[Operand]]) -> None:
    """Check, at run time unless it is known, that two lengths are equal."""
    if same_operand(a, b):
        return
    listed = " and ".join(show_shape(shape) for shape in shapes)
    differ = ctx.builder.compute(core.ne, a, b)
    ctx.fail_if(differ, ShapeMismatchError, f"{what}: shapes {listed} don't fit together", SHAPE_REMEDY)


def is_repeated(part: LazyValue, shape: Sequence[Operand]) -> bool:
    """True when broadcasting ``part`` to ``shape`` would evaluate its elements more than once."""
    lead = len(shape) - part.ndim
    if any(not is_const(length, 1) for length in shape[:lead]):
        return True
    return any(is_const(own, 1) and not is_const(to, 1) for own, to in zip(part.shape, shape[lead:], strict=True))
