"""Numbers side by side as one value: a Numba type whose machine form is a vector, so that one sweep carries several.

Arithmetic on it is one vector instruction for all lanes, with the rounding that each lane has by itself. The functions
here are called from compiled code only; ``jitad.runtime.plain`` has twins on 1-d arrays for uncompiled runs.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type, misc"

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.core.datamodel.registry import register_default
from numba.core.errors import TypingError
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic

from jitad.runtime.memory import check_index, element_pointer, itemsize_of, target_pointer

INDEX = ir.IntType(32)
CACHE_LINE = 64
_MACHINE = {types.float64: ir.DoubleType(), types.float32: ir.FloatType()}


class LaneVector(types.Type):
    """``width`` numbers of a floating-point ``dtype``."""

    def __init__(self, dtype: Any, width: int) -> None:
        self.dtype = dtype
        self.width = width
        super().__init__(name=f"lanes({dtype}, {width})")


@register_default(LaneVector)
class LaneVectorModel(PrimitiveModel):
    """The LLVM vector of as many elements."""

    def __init__(self, dmm: Any, fe_type: LaneVector) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(_MACHINE[fe_type.dtype], fe_type.width))


# Arithmetic, also with a number that every lane gets


class _Arithmetic(AbstractTemplate):
    def generic(self, args, kws):
        if kws or len(args) != 2 or not any(isinstance(arg, LaneVector) for arg in args):
            return None
        vector = next(arg for arg in args if isinstance(arg, LaneVector))
        if not all(arg == vector or isinstance(arg, types.Number) for arg in args):
            return None
        return signature(vector, *(vector if arg == vector else vector.dtype for arg in args))


class _Sign(AbstractTemplate):
    def generic(self, args, kws):
        return signature(args[0], args[0]) if len(args) == 1 and isinstance(args[0], LaneVector) else None


def _register(function: Any, instruction: str) -> None:
    def lowered(context, builder, sig, args):
        both = [
            value if isinstance(type_, LaneVector) else _splatted(builder, value, sig.return_type.width)
            for type_, value in zip(sig.args, args, strict=True)
        ]
        return getattr(builder, instruction)(*both)

    infer_global(function)(_Arithmetic)
    for a, b in ((LaneVector, LaneVector), (LaneVector, types.Float), (types.Float, LaneVector)):
        lower_builtin(function, a, b)(lowered)


_register(operator.add, "fadd")
_register(operator.sub, "fsub")
_register(operator.mul, "fmul")
_register(operator.truediv, "fdiv")
infer_global(operator.neg)(_Sign)
infer_global(operator.pos)(_Sign)


@lower_builtin(operator.neg, LaneVector)
def _negated(context, builder, sig, args):
    return builder.fneg(args[0])


@lower_builtin(operator.pos, LaneVector)
def _unchanged(context, builder, sig, args):
    return args[0]


@intrinsic(prefer_literal=True)
def splat(typingctx, value, width):
    """``value`` in each of ``width`` (a literal) lanes."""
    if not isinstance(width, types.IntegerLiteral) or value not in _MACHINE:
        return None
    count = width.literal_value
    vector = LaneVector(value, count)

    def codegen(context, builder, sig, args):
        return _splatted(builder, args[0], count)

    return vector(value, width), codegen


@intrinsic(prefer_literal=True)
def unit_lanes(typingctx, position, width, dtype):
    """``width`` lanes of ``dtype`` (literals) that hold 1 at ``position``, if that is among them, and 0 elsewhere."""
    if not isinstance(width, types.IntegerLiteral) or not isinstance(dtype, types.StringLiteral):
        return None
    vector = LaneVector(getattr(types, dtype.literal_value), width.literal_value)

    def codegen(context, builder, sig, args):
        count = sig.return_type.width
        numbers = ir.Constant(ir.VectorType(args[0].type, count), list(range(count)))
        found = builder.icmp_signed("==", numbers, _splatted(builder, args[0], count))
        one, zero = (ir.Constant(context.get_value_type(sig.return_type), [value] * count) for value in (1.0, 0.0))
        return builder.select(found, one, zero)

    return vector(types.int64, width, dtype), codegen


@intrinsic(prefer_literal=True)
def lane(typingctx, value, number):
    """The number in lane ``number``, a literal."""
    if not isinstance(value, LaneVector) or not isinstance(number, types.IntegerLiteral):
        return None
    at = number.literal_value

    def codegen(context, builder, sig, args):
        return builder.extract_element(args[0], INDEX(at))

    return value.dtype(value, number), codegen


@intrinsic
def gather_lanes(typingctx, *values):
    """The lanes that hold these numbers, which are of one dtype."""
    first = values[0]
    if first not in _MACHINE or any(value != first for value in values):
        raise TypingError(f"gather_lanes: {values} aren't numbers of one floating-point dtype")

    def codegen(context, builder, sig, args):
        _align_stack(builder)
        vector = ir.Constant(context.get_value_type(sig.return_type), ir.Undefined)
        for at, value in enumerate(cgutils.unpack_tuple(builder, args[0])):
            vector = builder.insert_element(vector, value, INDEX(at))
        return vector

    return LaneVector(first, len(values))(types.UniTuple(first, len(values))), codegen


@intrinsic
def lanes_to_float64(typingctx, value):
    """The lanes as float64."""
    return _converted(value, types.float64)


@intrinsic
def lanes_to_float32(typingctx, value):
    """The lanes rounded to float32."""
    return _converted(value, types.float32)


def _converted(value: Any, dtype: Any) -> Any:
    if not isinstance(value, LaneVector):
        return None
    target = LaneVector(dtype, value.width)

    def codegen(context, builder, sig, args):
        if sig.args[0] == sig.return_type:
            return args[0]
        convert = builder.fpext if dtype == types.float64 else builder.fptrunc
        return convert(args[0], context.get_value_type(sig.return_type))

    return target(value), codegen


@intrinsic
def guarded_product_lanes(typingctx, a, b):
    """``a * b`` lane by lane, and 0 where ``a`` is 0, whatever ``b`` is."""
    if not isinstance(a, LaneVector) or a != b:
        return None

    def codegen(context, builder, sig, args):
        first, second = args
        value = builder.fmul(first, second)
        zero = ir.Constant(first.type, [0.0] * sig.return_type.width)
        return builder.select(builder.fcmp_unordered("!=", first, zero), value, first)

    return a(a, b), codegen


# Memory: the lanes are neighbours along the last axis, from an index on


@intrinsic(prefer_literal=True)
def load_lanes(typingctx, width, array, *index):
    """``width`` (a literal) elements from ``array[index]`` on, along the last axis, which has unit stride."""
    check_index("load_lanes", array, len(index))
    if not isinstance(width, types.IntegerLiteral) or array.dtype not in _MACHINE:
        return None
    vector = LaneVector(array.dtype, width.literal_value)
    sig = vector(width, array, types.UniTuple(types.intp, array.ndim))

    def codegen(context, builder, sig, args):
        pointer = element_pointer(context, builder, sig.args[1], args[1], args[2])
        return _load(context, builder, sig.args[1], pointer, context.get_value_type(sig.return_type))

    return sig, codegen


@intrinsic
def store_lanes(typingctx, array, *index_and_value):
    """Overwrite elements from ``array[index]`` on, along the last axis, by the lanes of the value, which comes last."""
    return _writer("store_lanes", array, index_and_value, accumulate=False)


@intrinsic
def accumulate_lanes(typingctx, array, *index_and_value):
    """Add the lanes of the value, which comes last, to elements from ``array[index]`` on, along the last axis."""
    return _writer("accumulate_lanes", array, index_and_value, accumulate=True)


def _writer(name: str, array: Any, index_and_value: Any, *, accumulate: bool) -> Any:
    check_index(name, array, len(index_and_value) - 1)
    vector = index_and_value[-1]
    if not isinstance(vector, LaneVector) or vector.dtype != array.dtype:
        raise TypingError(f"{name}: {vector} isn't lanes of {array.dtype}")
    sig = types.none(array, types.Tuple((types.intp,) * array.ndim + (vector,)))

    def codegen(context, builder, sig, args):
        array_type = sig.args[0]
        pointer, value = target_pointer(context, builder, array_type, *args)
        if accumulate:
            value = builder.fadd(_load(context, builder, array_type, pointer, value.type), value)
        where = builder.bitcast(pointer, value.type.as_pointer())
        builder.store(value, where, align=itemsize_of(context, array_type))
        return context.get_dummy_value()

    return sig, codegen


def _load(context: Any, builder: Any, array_type: Any, pointer: Any, vector: Any) -> Any:
    """Arrays are aligned to their elements, not to vectors."""
    _align_stack(builder)
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=itemsize_of(context, array_type))


def _align_stack(builder: Any) -> None:
    """Keep vectors that are put on the stack (around every call) within a cache line.

    LLVM doesn't by itself: a loop that calls ``cos`` for each sum of 8 or 16 lanes took 1.9 times as long in about half
    of all processes, those whose stack happened to lie askew.
    """
    attributes = builder.function.attributes
    attributes.add("nounwind")  # as Numba's functions are; llvmlite writes the alignment only among other attributes
    attributes.alignstack = CACHE_LINE


def _splatted(builder: Any, value: Any, width: int) -> Any:
    _align_stack(builder)
    vector = ir.VectorType(value.type, width)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, INDEX(0))
    mask = ir.Constant(ir.VectorType(INDEX, width), [0] * width)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), mask)
