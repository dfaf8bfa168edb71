"""An addition to a sum whose terms may be added in any order, for emitted code, as a Numba intrinsic.

A loop that adds one term after the other waits for each addition. LLVM may split such a sum into several partial sums,
and does so where the loop runs in vectors, if the additions say that they may be regrouped. This is said of these
additions alone: nothing else in a function is computed with other roundings.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type, misc"

from __future__ import annotations

from numba import types
from numba.extending import intrinsic


@intrinsic
def add_to_sum(typingctx, total, term):
    """``total + term`` for two numbers of one type."""
    if not isinstance(total, types.Float | types.Integer) or total != term:
        return None
    is_float = isinstance(total, types.Float)

    def codegen(context, builder, sig, args):
        return builder.fadd(*args, flags=("reassoc",)) if is_float else builder.add(*args)

    return total(total, term), codegen
