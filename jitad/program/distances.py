"""What is known of the difference of two integers of a program."""

from __future__ import annotations

from collections.abc import Callable

from jitad.primitives import core
from jitad.program.statements import Compute, Const, Operand, Var


def never_equal(made_by: Callable[[Var], Compute | None], a: Operand, b: Operand) -> bool:
    """True when two integers are known to differ: by literals, or as ``k`` and ``k - 1`` do."""
    (first, shift), (second, other_shift) = shifted(made_by, a), shifted(made_by, b)
    return first is second and shift != other_shift


def shifted(made_by: Callable[[Var], Compute | None], operand: Operand) -> tuple[Operand | None, int]:
    """A value (None for 0) and the literal that is added to it."""
    shift = 0
    while isinstance(operand, Var):
        made = made_by(operand)
        if made is None or made.primitive not in (core.add, core.sub) or not isinstance(made.args[1], Const):
            return operand, shift
        shift += int(made.args[1].value) * (1 if made.primitive is core.add else -1)
        operand = made.args[0]
    return None, shift + int(operand.value)
