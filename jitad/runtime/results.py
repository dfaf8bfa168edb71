"""Array results of sweeps, copied from the tape in compiled code."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type, unreachable"

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable
from numba.np import arrayobj


@intrinsic
def take(typingctx, made, tape, offset):
    """Fill the C-contiguous ``made`` with what starts at element ``offset`` of the 1-d ``tape`` of its dtype."""

    def codegen(context, builder, sig, args):
        target = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        source = arrayobj.make_array(sig.args[1])(context, builder, args[1])
        first = builder.gep(source.data, [args[2]])
        size = context.get_abi_sizeof(context.get_data_type(sig.args[0].dtype))
        cgutils.raw_memcpy(builder, target.data, first, target.nitems, ir.Constant(cgutils.intp_t, size))
        return context.get_dummy_value()

    return types.none(made, tape, types.intp), codegen


@register_jitable
def copied(tape, offset, shape):
    """A fresh C-contiguous copy of the array of ``shape`` that starts at element ``offset`` of the 1-d ``tape``."""
    made = np.empty(shape, tape.dtype)
    take(made, tape, offset)
    return made
