"""Array access and array views for emitted code, as Numba intrinsics.

Indices are full and never negative, so there is no wraparound and no bounds check. Views are ``BorrowedArray``:
they count no references. The functions are called from compiled code only; ``jitad.runtime.plain`` has twins
with the same names and signatures for uncompiled runs.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type"

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic
from numba.np import arrayobj

from jitad.runtime.borrowed import BorrowedArray

INTP = cgutils.intp_t
MOST_ELEMENTS = 1 << 62
"""More than any tape has, and far from where sums with it would wrap around."""


@intrinsic
def load(typingctx, array, *index):
    """``array[index]`` for a full index of non-negative integers."""
    check_index("load", array, len(index))
    signature = array.dtype(array, _indices(array.ndim))

    def codegen(context, builder, sig, args):
        pointer = element_pointer(context, builder, sig.args[0], *args)
        return arrayobj.load_item(context, builder, sig.args[0], pointer)

    return signature, codegen


@intrinsic
def store(typingctx, array, *index_and_value):
    """``array[index] = value``; the value comes last and is cast to the array's dtype."""
    check_index("store", array, len(index_and_value) - 1)
    signature = types.none(array, _indices_and_value(array))

    def codegen(context, builder, sig, args):
        array_type = sig.args[0]
        pointer, value = target_pointer(context, builder, array_type, *args)
        arrayobj.store_item(context, builder, array_type, value, pointer)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def accumulate(typingctx, array, *index_and_value):
    """``array[index] += value``; the value comes last and is cast to the array's dtype."""
    check_index("accumulate", array, len(index_and_value) - 1)
    signature = types.none(array, _indices_and_value(array))
    is_float = isinstance(array.dtype, types.Float)

    def codegen(context, builder, sig, args):
        array_type = sig.args[0]
        pointer, value = target_pointer(context, builder, array_type, *args)
        old = arrayobj.load_item(context, builder, array_type, pointer)
        new = builder.fadd(old, value) if is_float else builder.add(old, value)
        arrayobj.store_item(context, builder, array_type, new, pointer)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic(prefer_literal=True)
def dim(typingctx, array, axis):
    """``array.shape[axis]``; ``axis`` is a literal."""
    if not isinstance(axis, types.IntegerLiteral):
        return None
    number = axis.literal_value
    signature = types.intp(array, axis)

    def codegen(context, builder, sig, args):
        made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        return builder.extract_value(made.shape, number)

    return signature, codegen


@intrinsic
def trip_count(typingctx, start, stop):
    """How often ``range(start, stop)`` runs: ``max(stop - start, 0)``, without an overload to compile."""
    signature = types.intp(types.intp, types.intp)

    def codegen(context, builder, sig, args):
        count = builder.sub(args[1], args[0])
        return builder.select(builder.icmp_signed(">", count, INTP(0)), count, INTP(0))

    return signature, codegen


@intrinsic
def unforeseen(typingctx, number):
    """``number``, of which the compiler sees nothing but that it is one.

    For what steps down from row to row in a loop around others. LLVM checks before that loop whether the arrays of an
    inner one overlap, takes every step down for a possible overlap, and then leaves its vector code unused. What it
    can't foresee it checks where the inner loop begins.
    """
    if not isinstance(number, types.Integer):
        return None

    def codegen(context, builder, sig, args):
        kind = ir.FunctionType(args[0].type, [args[0].type])
        return builder.call(ir.InlineAsm(kind, "", "=r,0"), args)

    return number(number), codegen


@intrinsic
def elements(typingctx, shape):
    """The number of elements of an array of ``shape`` (a tuple); ``MOST_ELEMENTS`` if it is larger."""
    if not isinstance(shape, types.BaseTuple):
        raise TypingError("elements: the shape must be a tuple")
    signature = types.intp(types.UniTuple(types.intp, len(shape)))

    def codegen(context, builder, sig, args):
        product = INTP(1)
        for length in cgutils.unpack_tuple(builder, args[0]):
            both = builder.smul_with_overflow(product, length)
            wrapped = builder.extract_value(both, 1)
            product = builder.select(wrapped, INTP(MOST_ELEMENTS), builder.extract_value(both, 0))
        most = builder.icmp_signed(">", product, INTP(MOST_ELEMENTS))
        return builder.select(most, INTP(MOST_ELEMENTS), product)

    return signature, codegen


@intrinsic
def tape_array(typingctx, tape, offset, shape):
    """The C-contiguous array of ``shape`` (a tuple) that starts at element ``offset`` of the 1-d ``tape``."""
    if not isinstance(shape, types.BaseTuple):
        raise TypingError("tape_array: the shape must be a tuple")
    ndim = len(shape)
    out_type = BorrowedArray(tape.dtype, ndim, "C")
    signature = out_type(tape, types.intp, types.UniTuple(types.intp, ndim))

    def codegen(context, builder, sig, args):
        made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        data = builder.gep(made.data, [args[1]], inbounds=True)
        return _contiguous(context, builder, sig.return_type, data, cgutils.unpack_tuple(builder, args[2]))

    return signature, codegen


@intrinsic
def borrowed(typingctx, array):
    """``array`` for a function that needn't count references to it: the caller keeps it alive meanwhile."""
    if not isinstance(array, types.Array):
        raise TypingError(f"borrowed: {array} is not an array")
    if not array.aligned:
        return None
    out_type = BorrowedArray(array.dtype, array.ndim, array.layout)

    def codegen(context, builder, sig, args):
        own = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        made = arrayobj.make_array(sig.return_type)(context, builder)
        arrayobj.populate_array(
            made, data=own.data, shape=own.shape, strides=own.strides, itemsize=own.itemsize, meminfo=None
        )
        return made._getvalue()

    return out_type(array), codegen


@intrinsic(prefer_literal=True)
def local_array(typingctx, shape, dtype):
    """An uninitialised C-contiguous array of ``shape`` (literals) on the stack of the function that is compiled.

    It is the same memory each time that the function comes by. LLVM keeps what it can of it in registers.
    """
    if not isinstance(shape, types.BaseTuple) or not isinstance(dtype, types.DType | types.NumberClass):
        return None
    lengths: tuple[Any, ...] = tuple(shape)
    if not all(isinstance(length, types.IntegerLiteral) for length in lengths):
        raise TypingError("local_array: the lengths must be literals")
    values = [length.literal_value for length in lengths]
    element = dtype.dtype
    out_type = BorrowedArray(element, len(values), "C")

    def codegen(context, builder, sig, args):
        memory = ir.ArrayType(context.get_data_type(element), math.prod(values))
        with builder.goto_entry_block():
            slot = builder.alloca(memory, name="local")
        data = builder.gep(slot, [INTP(0), INTP(0)], inbounds=True)
        return _contiguous(context, builder, sig.return_type, data, [INTP(value) for value in values])

    return out_type(shape, dtype), codegen


@intrinsic
def reshaped(typingctx, base, shape):
    """The C-contiguous ``base`` seen with another ``shape`` (a tuple) of the same size."""
    if not isinstance(shape, types.BaseTuple):
        raise TypingError("reshaped: the shape must be a tuple")
    if base.layout != "C" and base.ndim > 0:
        raise TypingError("reshaped: the array must be C-contiguous")
    ndim = len(shape)
    signature = BorrowedArray(base.dtype, ndim, "C")(base, types.UniTuple(types.intp, ndim))

    def codegen(context, builder, sig, args):
        made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        return _contiguous(context, builder, sig.return_type, made.data, cgutils.unpack_tuple(builder, args[1]))

    return signature, codegen


@intrinsic(prefer_literal=True)
def view(typingctx, base, starts, lengths, steps, axes, layout):
    """An alias of part of ``base``: element ``j`` is ``base[starts + sum over axes k of steps[k] * j[k]]``.

    ``starts`` has one entry for each axis of ``base``; ``lengths``, ``steps`` and ``axes`` one for each axis of
    the view. ``axes[k]`` is the literal axis of ``base`` that axis ``k`` walks along, or -1 when it
    repeats the same element. ``layout`` is the literal ``"A"``, ``"C"`` or ``"F"`` that the caller vouches for.
    """
    if not isinstance(layout, types.StringLiteral) or not isinstance(axes, types.BaseTuple):
        return None
    literals: tuple[Any, ...] = tuple(axes)
    if not all(isinstance(axis, types.IntegerLiteral) for axis in literals):
        return None
    walked = tuple(axis.literal_value for axis in literals)
    ndim = len(walked)
    if not len(lengths) == len(steps) == ndim or len(starts) != base.ndim:
        raise TypingError("view: the numbers of starts, lengths, steps and axes don't fit together")
    out_type = BorrowedArray(base.dtype, ndim, layout.literal_value)
    many = types.UniTuple(types.intp, ndim)
    signature = out_type(base, _indices(base.ndim), many, many, axes, layout)

    def codegen(context, builder, sig, args):
        base_type, out_type = sig.args[0], sig.return_type
        made = arrayobj.make_array(base_type)(context, builder, args[0])
        pointer = element_pointer(context, builder, base_type, args[0], args[1])
        lengths = cgutils.unpack_tuple(builder, args[2])
        if out_type.layout == "C":
            return _contiguous(context, builder, out_type, pointer, lengths)
        base_strides = byte_strides(context, builder, base_type, made)
        steps = cgutils.unpack_tuple(builder, args[3])
        strides = [
            INTP(0) if axis < 0 else builder.mul(base_strides[axis], step)
            for axis, step in zip(walked, steps, strict=True)
        ]
        return _populated(context, builder, out_type, pointer, lengths, strides)

    return signature, codegen


@intrinsic
def offset_of(typingctx, tape, array):
    """The position of ``array`` on the 1-d ``tape`` that it lives on, in elements."""
    signature = types.intp(tape, array)

    def codegen(context, builder, sig, args):
        tape_made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        array_made = arrayobj.make_array(sig.args[1])(context, builder, args[1])
        first = builder.ptrtoint(tape_made.data, INTP)
        here = builder.ptrtoint(array_made.data, INTP)
        return builder.sdiv(builder.sub(here, first), INTP(itemsize_of(context, sig.args[0])))

    return signature, codegen


@intrinsic(prefer_literal=True)
def stride_of(typingctx, tape, array, axis):
    """How many elements of the 1-d ``tape`` lie between neighbours along an axis (a literal) of an array on it."""
    if not isinstance(axis, types.IntegerLiteral):
        return None
    number = axis.literal_value

    def codegen(context, builder, sig, args):
        made = arrayobj.make_array(sig.args[1])(context, builder, args[1])
        stride = byte_strides(context, builder, sig.args[1], made)[number]
        return builder.sdiv(stride, INTP(itemsize_of(context, sig.args[0])))

    return types.intp(tape, array, axis), codegen


@intrinsic
def fill(typingctx, array, value):
    """Set every element of the C- or F-contiguous ``array`` to ``value``, which is cast to its dtype."""
    if array.layout == "A" and array.ndim > 0:
        raise TypingError("fill: the array must be contiguous")
    signature = types.none(array, array.dtype)

    def codegen(context, builder, sig, args):
        array_type = sig.args[0]
        made = arrayobj.make_array(array_type)(context, builder, args[0])
        with cgutils.for_range(builder, made.nitems) as loop:
            pointer = builder.gep(made.data, [loop.index], inbounds=True)
            arrayobj.store_item(context, builder, array_type, args[1], pointer)
        return context.get_dummy_value()

    return signature, codegen


# Parts


def _indices(count: int) -> Any:
    return types.UniTuple(types.intp, count)


def _indices_and_value(array: Any) -> Any:
    return types.Tuple((types.intp,) * array.ndim + (array.dtype,))


def check_index(name: str, array: Any, count: int) -> None:
    if not isinstance(array, types.Array):
        raise TypingError(f"{name}: {array} is not an array")
    if count != array.ndim:
        raise TypingError(f"{name}: {count} indices for an array of {array.ndim} dimensions")


def itemsize_of(context: Any, array_type: Any) -> int:
    return context.get_abi_sizeof(context.get_data_type(array_type.dtype))


def element_pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    """A pointer to one element."""
    made = arrayobj.make_array(array_type)(context, builder, array)
    if array_type.ndim == 0:
        return made.data
    return cgutils.get_item_pointer(
        *(context, builder, array_type, made, cgutils.unpack_tuple(builder, index)),
        wraparound=False,
        boundscheck=False,
    )


def target_pointer(context: Any, builder: Any, array_type: Any, array: Any, index_and_value: Any) -> tuple[Any, Any]:
    """A pointer to the element that a store writes, and the value."""
    parts = [builder.extract_value(index_and_value, i) for i in range(array_type.ndim + 1)]
    if array_type.ndim == 0:
        return arrayobj.make_array(array_type)(context, builder, array).data, parts[0]
    made = arrayobj.make_array(array_type)(context, builder, array)
    pointer = cgutils.get_item_pointer(
        context, builder, array_type, made, parts[:-1], wraparound=False, boundscheck=False
    )
    return pointer, parts[-1]


def byte_strides(context: Any, builder: Any, array_type: Any, made: Any) -> list[Any]:
    """The strides of an array in bytes, computed from its shape where the layout is known."""
    if array_type.layout == "A":
        return cgutils.unpack_tuple(builder, made.strides, array_type.ndim)
    shape = cgutils.unpack_tuple(builder, made.shape, array_type.ndim)
    if array_type.layout == "C":
        return contiguous_strides(builder, shape, itemsize_of(context, array_type))
    return contiguous_strides(builder, shape[::-1], itemsize_of(context, array_type))[::-1]


def contiguous_strides(builder: Any, shape: list[Any], itemsize: int) -> list[Any]:
    """The strides in bytes of a C-contiguous array of this shape."""
    strides = [INTP(itemsize)]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    return strides[: len(shape)]


def _contiguous(context: Any, builder: Any, array_type: Any, data: Any, shape: list[Any]) -> Any:
    strides = contiguous_strides(builder, shape, itemsize_of(context, array_type))
    return _populated(context, builder, array_type, data, shape, strides)


def _populated(context: Any, builder: Any, array_type: Any, data: Any, shape: list[Any], strides: list[Any]) -> Any:
    made = arrayobj.make_array(array_type)(context, builder)
    arrayobj.populate_array(
        made,
        data=data,
        shape=cgutils.pack_array(builder, shape, INTP),
        strides=cgutils.pack_array(builder, strides, INTP),
        itemsize=INTP(itemsize_of(context, array_type)),
        meminfo=None,
    )
    return made._getvalue()
