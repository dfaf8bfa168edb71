"""Calls of LAPACK and BLAS routines by name, the same in compiled and in uncompiled code."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, call-arg"

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic, overload
from numba.np import arrayobj

from jitad_linalg.lapack import symbols

symbols.register()

_POINTER, _INT = ir.IntType(8).as_pointer(), ir.IntType(32)


def invoke(routine: str, args: tuple[Any, ...]) -> None:
    """Call a routine in the precision of the first floating-point array among ``args``.

    Arrays are passed as their address, integers (and the codes of letters) as the address of a 32-bit integer, and
    floating-point numbers as the address of a number in that precision.
    """
    _run(routine, args, "ds")


def invoke_complex(routine: str, args: tuple[Any, ...]) -> None:
    """``invoke`` of the routine for complex matrices, which are arrays of pairs (..., 2)."""
    _run(routine, args, "zc")


def _run(routine: str, args: tuple[Any, ...], letters: str) -> None:
    kind = next(arg.dtype for arg in args if isinstance(arg, np.ndarray) and arg.dtype.kind == "f")
    letter, real = (letters[0], ctypes.c_double) if kind == np.float64 else (letters[1], ctypes.c_float)
    slot = symbols.SLOTS[letter + routine]
    if not slot.value:
        symbols.resolve()
    assert slot.value is not None
    slots: list[Any] = []
    for arg in args:
        if isinstance(arg, np.ndarray):
            slots.append(ctypes.c_void_p(arg.ctypes.data))
        else:
            slots.append(ctypes.byref(real(arg) if isinstance(arg, float) else ctypes.c_int(int(arg))))
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(slots))(slot.value)(*slots)


@overload(invoke, prefer_literal=True)
def _invoke_compiled(routine, args):
    def run(routine, args):
        _call(routine, args)

    return run


@overload(invoke_complex, prefer_literal=True)
def _invoke_complex_compiled(routine, args):
    def run(routine, args):
        _call_complex(routine, args)

    return run


@intrinsic(prefer_literal=True)
def _call(typingctx, routine, args):
    return _typed_call(routine, args, "ds")


@intrinsic(prefer_literal=True)
def _call_complex(typingctx, routine, args):
    return _typed_call(routine, args, "zc")


def _typed_call(routine, args, letters):
    arrays = [item for item in args.types if isinstance(item, types.Array) and isinstance(item.dtype, types.Float)]
    if len({item.dtype for item in arrays}) != 1 or arrays[0].dtype not in (types.float64, types.float32):
        raise TypingError(f"LAPACK takes matrices of float64 or of float32, and gets {args}")
    real = arrays[0].dtype
    name = letters[0 if real == types.float64 else 1] + routine.literal_value

    def codegen(context, builder, signature, values):
        function_type = ir.FunctionType(ir.VoidType(), [_POINTER] * len(args.types))
        slot = _global(builder.module, symbols.symbol(name))
        function = cgutils.alloca_once_value(builder, builder.load(slot))
        with builder.if_then(cgutils.is_null(builder, builder.load(function)), likely=False):
            resolver = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(ir.VoidType(), []), symbols.RESOLVE
            )
            builder.call(resolver, [])
            builder.store(builder.load(slot), function)
        pointers = []
        for position, item in enumerate(args.types):
            value = builder.extract_value(values[1], position)
            if isinstance(item, types.Array):
                pointer = arrayobj.make_array(item)(context, builder, value).data
            elif isinstance(item, types.Float):
                pointer = cgutils.alloca_once_value(builder, context.cast(builder, value, item, real))
            else:
                number = context.cast(builder, value, types.unliteral(item), types.int32)
                pointer = cgutils.alloca_once_value(builder, number)
            pointers.append(builder.bitcast(pointer, _POINTER))
        builder.call(builder.bitcast(builder.load(function), function_type.as_pointer()), pointers)
        return context.get_dummy_value()

    return types.none(routine, args), codegen


def _global(module: Any, name: str) -> Any:
    if name in module.globals:
        return module.globals[name]
    return ir.GlobalVariable(module, _POINTER, name)
