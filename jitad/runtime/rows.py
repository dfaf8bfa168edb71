"""Rows of arrays, for compiled loops over the samples of a batch."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type, unreachable"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic, register_jitable
from numba.np import arrayobj

from jitad.runtime.memory import reshaped
from jitad.runtime.results import take

Array = np.ndarray[Any, Any]


@intrinsic
def row(typingctx, array, index):
    """``array[index]`` of a C-contiguous array that someone else keeps alive: no references are counted.

    Threads that count references of one array wait for each other. The type is that of any contiguous array, so that
    what is compiled for arrays from Python takes it.
    """
    if array.layout != "C" or array.ndim == 0:
        raise TypingError("row: the array must be C-contiguous and have an axis")
    out_type = types.Array(array.dtype, array.ndim - 1, "C")
    signature = out_type(array, types.intp)

    def codegen(context, builder, sig, args):
        made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        strides = cgutils.unpack_tuple(builder, made.strides)
        start = builder.ptrtoint(made.data, cgutils.intp_t)
        data = builder.inttoptr(builder.add(start, builder.mul(args[1], strides[0])), made.data.type)
        out = arrayobj.make_array(sig.return_type)(context, builder)
        arrayobj.populate_array(
            out,
            data=data,
            shape=cgutils.unpack_tuple(builder, made.shape)[1:],
            strides=strides[1:],
            itemsize=made.itemsize,
            meminfo=ir.Constant(ir.IntType(8).as_pointer(), None),
        )
        return out._getvalue()

    return signature, codegen


@register_jitable
def put_row(out: Array, index: int, tape: Array, offset: int) -> None:
    """``out[index]`` is the array that starts at element ``offset`` of the 1-d ``tape``."""
    take(row(out, index), tape, offset)


@register_jitable
def pour(total: Array, index: int, part: Array) -> None:
    """Add the elements of the C-contiguous ``part``, in order, to the first of ``total[index]``, and clear ``part``."""
    flat: Array = reshaped(part, (part.size,))
    for k in range(flat.size):
        total[index, k] += flat[k]
        flat[k] = 0


def plain_row(array: Array, index: int) -> Array:
    """The twin of ``row``."""
    return array[index, ...]


def plain_put_row(out: Array, index: int, tape: Array, offset: int) -> None:
    """The twin of ``put_row``."""
    place = out[index, ...]
    place[...] = tape[offset : offset + place.size].reshape(place.shape)


def plain_pour(total: Array, index: int, part: Array) -> None:
    """The twin of ``pour``."""
    total[index, : part.size] += part.ravel()
    part.fill(0)
