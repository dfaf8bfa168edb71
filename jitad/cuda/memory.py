"""The functions of ``jitad.runtime.memory`` for kernels: the same accesses, and arrays on interleaved tapes.

The tape of a thread is a column of a 2-d array: neighbouring elements are as many apart as there are threads. So an
array on it has the strides of a C-contiguous one times that distance, and its Numba layout is ``"A"``. ``jitad.runtime.
plain`` works on such arrays as it is.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, arg-type"

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.np import arrayobj

from jitad.cuda.target import intrinsic, libdevice
from jitad.runtime import memory

INTP = memory.INTP


def _shared(name: str) -> Any:
    """The intrinsic of ``jitad.runtime.memory``, whose machine code is the same here."""
    made = intrinsic(getattr(memory, name)._defn)
    made.__module__ = __name__
    return made


load = _shared("load")
store = _shared("store")
accumulate = _shared("accumulate")
elements = _shared("elements")
trip_count = _shared("trip_count")


@intrinsic
def unforeseen(typingctx, number):
    """``number``: nothing runs in vector registers here."""
    return number(number), lambda context, builder, sig, args: args[0]


@intrinsic
def accumulate_exact(typingctx, array, *index_and_value):
    """As ``accumulate``, with a sum that is rounded by itself, never as part of a fused multiply-add."""
    memory.check_index("accumulate_exact", array, len(index_and_value) - 1)
    signature = types.none(array, types.Tuple((types.intp,) * array.ndim + (array.dtype,)))
    add = _rounded_sum(typingctx, array.dtype)

    def codegen(context, builder, sig, args):
        array_type = sig.args[0]
        pointer, value = memory.target_pointer(context, builder, array_type, *args)
        old = arrayobj.load_item(context, builder, array_type, pointer)
        arrayobj.store_item(context, builder, array_type, add(context, builder, (old, value)), pointer)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def exact_add(typingctx, a, b):
    """``a + b``, rounded by itself."""
    return _exact(typingctx, operator.add, "add", a, b)


@intrinsic
def exact_sub(typingctx, a, b):
    """``a - b``, rounded by itself."""
    return _exact(typingctx, operator.sub, "sub", a, b)


@intrinsic
def exact_mul(typingctx, a, b):
    """``a * b``, rounded by itself."""
    return _exact(typingctx, operator.mul, "mul", a, b)


def _exact(typingctx: Any, function: Any, name: str, a: Any, b: Any) -> Any:
    result = typingctx.resolve_function_type(function, (a, b), {}).return_type
    if not isinstance(result, types.Float):
        return None
    rounded = _rounding(typingctx, "mul" if name == "mul" else "add", result)

    def codegen(context, builder, sig, args):
        if name == "sub":
            minus_zero = ir.Constant(args[1].type, -0.0)
            args = (args[0], builder.fsub(minus_zero, args[1]))  # LLVM 7, which NVVM reads, has no fneg
        return rounded(context, builder, args)

    return result(result, result), codegen


def _rounded_sum(typingctx: Any, dtype: Any) -> Any:
    if not isinstance(dtype, types.Float):
        return lambda context, builder, args: builder.add(*args)
    return _rounding(typingctx, "add", dtype)


def _rounding(typingctx: Any, name: str, dtype: Any) -> Any:
    """Writes a call of the operation that rounds to nearest and that no compiler fuses with another."""
    function = libdevice(f"{'d' if dtype == types.float64 else 'f'}{name}_rn")
    resolved = typingctx.resolve_value_type(function)
    signature = resolved.get_call_type(typingctx, (dtype, dtype), {})

    def write(context, builder, args):
        return context.get_function(resolved, signature)(builder, args)

    return write


@intrinsic
def tape_array(typingctx, tape, offset, shape):
    """The array of ``shape`` (a tuple) in C order that starts at element ``offset`` of the 1-d ``tape``."""
    if not isinstance(shape, types.BaseTuple):
        raise TypingError("tape_array: the shape must be a tuple")
    ndim = len(shape)
    out_type = types.Array(tape.dtype, ndim, "C" if ndim == 0 else tape.layout)
    signature = out_type(tape, types.intp, types.UniTuple(types.intp, ndim))

    def codegen(context, builder, sig, args):
        made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        unit = _unit(context, builder, sig.args[0], made)
        data = _moved(builder, made.data, builder.mul(args[1], unit))
        return _in_order(context, builder, sig.return_type, data, cgutils.unpack_tuple(builder, args[2]), unit)

    return signature, codegen


@intrinsic
def reshaped(typingctx, base, shape):
    """``base``, whose elements lie in C order, seen with another ``shape`` (a tuple) of the same size."""
    if not isinstance(shape, types.BaseTuple):
        raise TypingError("reshaped: the shape must be a tuple")
    ndim = len(shape)
    layout = "C" if ndim == 0 or base.ndim == 0 else base.layout
    signature = types.Array(base.dtype, ndim, layout)(base, types.UniTuple(types.intp, ndim))

    def codegen(context, builder, sig, args):
        made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        unit = _unit(context, builder, sig.args[0], made)
        return _in_order(context, builder, sig.return_type, made.data, cgutils.unpack_tuple(builder, args[1]), unit)

    return signature, codegen


@intrinsic
def view(typingctx, base, starts, lengths, steps, axes, layout):
    """As ``jitad.runtime.memory.view``; the layout of a view of an array with any strides is ``"A"``, too."""
    if not isinstance(layout, types.StringLiteral) or not isinstance(axes, types.BaseTuple):
        return None
    literals: tuple[Any, ...] = tuple(axes)
    if not all(isinstance(axis, types.IntegerLiteral) for axis in literals):
        return None
    walked = tuple(axis.literal_value for axis in literals)
    ndim = len(walked)
    if not len(lengths) == len(steps) == ndim or len(starts) != base.ndim:
        raise TypingError("view: the numbers of starts, lengths, steps and axes don't fit together")
    known = layout.literal_value if base.layout in ("C", "F") else "A"
    out_type = types.Array(base.dtype, ndim, "C" if ndim == 0 else known)
    many = types.UniTuple(types.intp, ndim)
    signature = out_type(base, types.UniTuple(types.intp, base.ndim), many, many, axes, layout)

    def codegen(context, builder, sig, args):
        base_type, out_type = sig.args[0], sig.return_type
        made = arrayobj.make_array(base_type)(context, builder, args[0])
        pointer = memory.element_pointer(context, builder, base_type, args[0], args[1])
        lengths = cgutils.unpack_tuple(builder, args[2])
        if out_type.layout == "C":
            return _in_order(context, builder, out_type, pointer, lengths, _itemsize(context, out_type))
        base_strides = memory.byte_strides(context, builder, base_type, made)
        steps = cgutils.unpack_tuple(builder, args[3])
        strides = [
            INTP(0) if axis < 0 else builder.mul(base_strides[axis], step)
            for axis, step in zip(walked, steps, strict=True)
        ]
        return _populated(context, builder, out_type, pointer, lengths, strides)

    return signature, codegen


@intrinsic
def as_real(typingctx, z):
    """The parts of a complex array along a last axis of 2, in its memory."""
    out_type = types.Array(z.dtype.underlying_float, z.ndim + 1, "C" if z.layout == "C" else "A")

    def codegen(context, builder, sig, args):
        base_type, out_type = sig.args[0], sig.return_type
        made = arrayobj.make_array(base_type)(context, builder, args[0])
        data = builder.bitcast(made.data, context.get_data_type(out_type.dtype).as_pointer())
        lengths = [*cgutils.unpack_tuple(builder, made.shape, base_type.ndim), INTP(2)]
        strides = [*cgutils.unpack_tuple(builder, made.strides, base_type.ndim), _itemsize(context, out_type)]
        return _populated(context, builder, out_type, data, lengths, strides)

    return out_type(z), codegen


@intrinsic
def offset_of(typingctx, tape, array):
    """The position of ``array`` on the 1-d ``tape`` that it lives on, in elements."""

    def codegen(context, builder, sig, args):
        tape_made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        array_made = arrayobj.make_array(sig.args[1])(context, builder, args[1])
        distance = builder.sub(builder.ptrtoint(array_made.data, INTP), builder.ptrtoint(tape_made.data, INTP))
        return builder.sdiv(distance, _unit(context, builder, sig.args[0], tape_made))

    return types.intp(tape, array), codegen


@intrinsic
def stride_of(typingctx, tape, array, axis):
    """How many elements of the 1-d ``tape`` lie between neighbours along an axis (a literal) of an array on it."""
    if not isinstance(axis, types.IntegerLiteral):
        return None
    number = axis.literal_value

    def codegen(context, builder, sig, args):
        tape_made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
        array_made = arrayobj.make_array(sig.args[1])(context, builder, args[1])
        stride = memory.byte_strides(context, builder, sig.args[1], array_made)[number]
        return builder.sdiv(stride, _unit(context, builder, sig.args[0], tape_made))

    return types.intp(tape, array, axis), codegen


@intrinsic
def fill(typingctx, array, value):
    """Set every element of ``array``, whose elements lie in C order, to ``value``, which is cast to its dtype."""
    signature = types.none(array, array.dtype)

    def codegen(context, builder, sig, args):
        array_type = sig.args[0]
        made = arrayobj.make_array(array_type)(context, builder, args[0])
        unit = _unit(context, builder, array_type, made)
        with cgutils.for_range(builder, made.nitems) as loop:
            pointer = _moved(builder, made.data, builder.mul(loop.index, unit))
            arrayobj.store_item(context, builder, array_type, args[1], pointer)
        return context.get_dummy_value()

    return signature, codegen


# Parts


def _itemsize(context: Any, array_type: Any) -> Any:
    return INTP(memory.itemsize_of(context, array_type))


def _unit(context: Any, builder: Any, array_type: Any, made: Any) -> Any:
    """The bytes between neighbouring elements of an array in C order: its stride along the last axis longer than 1."""
    if array_type.layout != "A" or array_type.ndim == 0:
        return _itemsize(context, array_type)
    shape = cgutils.unpack_tuple(builder, made.shape, array_type.ndim)
    strides = cgutils.unpack_tuple(builder, made.strides, array_type.ndim)
    unit = strides[0]
    for length, stride in zip(shape[1:], strides[1:], strict=True):
        unit = builder.select(builder.icmp_signed("!=", length, INTP(1)), stride, unit)
    return unit


def _moved(builder: Any, pointer: Any, distance: Any) -> Any:
    """A pointer so many bytes further."""
    first = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    return builder.bitcast(builder.gep(first, [distance]), pointer.type)


def _in_order(context: Any, builder: Any, array_type: Any, data: Any, shape: list[Any], unit: Any) -> Any:
    """An array in C order whose neighbouring elements are ``unit`` bytes apart."""
    strides = [unit]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    return _populated(context, builder, array_type, data, shape, strides[: len(shape)])


def _populated(context: Any, builder: Any, array_type: Any, data: Any, shape: list[Any], strides: list[Any]) -> Any:
    made = arrayobj.make_array(array_type)(context, builder)
    arrayobj.populate_array(
        made,
        data=data,
        shape=cgutils.pack_array(builder, shape, INTP),
        strides=cgutils.pack_array(builder, strides, INTP),
        itemsize=_itemsize(context, array_type),
        meminfo=None,
    )
    return made._getvalue()
