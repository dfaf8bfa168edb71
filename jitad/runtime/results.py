"""Array results of sweeps in compiled code: parts of the tape, or copies."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type, unreachable"

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic, register_jitable
from numba.np import arrayobj

from jitad.runtime.memory import contiguous_strides, itemsize_of


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


@intrinsic
def on_tape(typingctx, tape, offset, shape):
    """The array of ``shape`` that starts at element ``offset`` of the 1-d ``tape``; it keeps the tape alive."""
    out_type = types.Array(tape.dtype, len(shape), "C")

    def codegen(context, builder, sig, args):
        source = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        lengths = cgutils.unpack_tuple(builder, args[2])
        strides = contiguous_strides(builder, lengths, itemsize_of(context, sig.args[0]))
        made = arrayobj.make_array(sig.return_type)(context, builder)
        arrayobj.populate_array(
            made,
            data=builder.gep(source.data, [args[1]]),
            shape=cgutils.pack_array(builder, lengths, cgutils.intp_t),
            strides=cgutils.pack_array(builder, strides, cgutils.intp_t),
            itemsize=source.itemsize,
            meminfo=source.meminfo,
        )
        return impl_ret_borrowed(context, builder, sig.return_type, made._getvalue())

    return out_type(tape, types.intp, types.UniTuple(types.intp, len(shape))), codegen


@register_jitable
def taken(tape, offset, shape, is_part):
    """The array of ``shape`` at element ``offset`` of the 1-d ``tape``: a part of it, or a fresh C-contiguous copy."""
    if is_part:
        return on_tape(tape, offset, shape)
    return copied(tape, offset, shape)


@register_jitable
def copied(tape, offset, shape):
    """A fresh C-contiguous copy of the array of ``shape`` that starts at element ``offset`` of the 1-d ``tape``."""
    made = np.empty(shape, tape.dtype)
    take(made, tape, offset)
    return made
