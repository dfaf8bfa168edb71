"""Array results of sweeps, copied from the tape in compiled code."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, unreachable"

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from jitad.runtime.memory import tape_array


@register_jitable
def copied(tape, offset, shape):
    """A fresh C-contiguous copy of the array of ``shape`` that starts at element ``offset`` of the 1-d ``tape``.

    It is a function of its own because a borrowed array doesn't keep its tape alive, and the caller of a function does.
    """
    made = np.empty(shape, tape.dtype)
    made[...] = tape_array(tape, offset, shape)
    return made
