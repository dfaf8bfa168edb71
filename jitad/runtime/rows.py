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

from jitad.runtime.memory import reshaped, tape_array
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


@register_jitable
def pack(lanes: Array, array: Array, first: int, count: int) -> None:
    """``lanes[..., k] = array[first + k]`` for ``count`` rows; further lanes get the last of these."""
    width = lanes.shape[lanes.ndim - 1]
    size = lanes.size // width
    target: Array = reshaped(lanes, (size, width))
    source: Array = reshaped(array, (array.shape[0], size))
    for k in range(width):
        at = first + min(k, count - 1)
        for i in range(size):
            target[i, k] = source[at, i]


@register_jitable
def unpack(array: Array, first: int, count: int, lanes: Array) -> None:
    """``array[first + k] = lanes[..., k]`` for ``count`` rows, and clear ``lanes``."""
    width = lanes.shape[lanes.ndim - 1]
    size = lanes.size // width
    source: Array = reshaped(lanes, (size, width))
    target: Array = reshaped(array, (array.shape[0], size))
    for k in range(count):
        for i in range(size):
            target[first + k, i] = source[i, k]
    for i in range(size):
        for k in range(width):
            source[i, k] = 0


@register_jitable
def unpack_tape(array: Array, first: int, count: int, tape: Array, offset: int, width: int) -> None:
    """``array[first + k]`` is lane ``k`` of ``width``, of the array at element ``offset`` of the 1-d ``tape``."""
    size = array.size // array.shape[0]
    source: Array = tape_array(tape, offset, (size, width))
    target: Array = reshaped(array, (array.shape[0], size))
    for k in range(count):
        for i in range(size):
            target[first + k, i] = source[i, k]


@register_jitable
def put_rows(array: Array, first: int, count: int, tape: Array, offset: int) -> None:
    """``count`` rows of ``array`` are the array that starts at element ``offset`` of the 1-d ``tape``."""
    for k in range(count):
        put_row(array, first + k, tape, offset)


@register_jitable
def pour_lanes(total: Array, index: int, count: int, lanes: Array) -> None:
    """Add the first ``count`` lanes, one after the other, to the first elements of ``total[index]``, and clear them."""
    width = lanes.shape[lanes.ndim - 1]
    size = lanes.size // width
    source: Array = reshaped(lanes, (size, width))
    for i in range(size):
        for k in range(count):
            total[index, i] += source[i, k]
        for k in range(width):
            source[i, k] = 0


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


def plain_pack(lanes: Array, array: Array, first: int, count: int) -> None:
    """The twin of ``pack``."""
    for k in range(lanes.shape[-1]):
        lanes[..., k] = array[first + min(k, count - 1)]


def plain_unpack(array: Array, first: int, count: int, lanes: Array) -> None:
    """The twin of ``unpack``."""
    array[first : first + count] = np.moveaxis(lanes[..., :count], -1, 0)
    lanes.fill(0)


def plain_unpack_tape(array: Array, first: int, count: int, tape: Array, offset: int, width: int) -> None:
    """The twin of ``unpack_tape``."""
    size = array.size // array.shape[0]
    lanes = tape[offset : offset + size * width].reshape(*array.shape[1:], width)
    array[first : first + count] = np.moveaxis(lanes[..., :count], -1, 0)


def plain_put_rows(array: Array, first: int, count: int, tape: Array, offset: int) -> None:
    """The twin of ``put_rows``."""
    for k in range(count):
        plain_put_row(array, first + k, tape, offset)


def plain_pour_lanes(total: Array, index: int, count: int, lanes: Array) -> None:
    """The twin of ``pour_lanes``."""
    for k in range(count):
        total[index, : lanes.size // lanes.shape[-1]] += lanes[..., k].ravel()
    lanes.fill(0)
