"""Loops over arrays in machine code: a vector function as its library has it, and C's long double function."""

from __future__ import annotations

import ctypes
import functools
import itertools

import numpy as np
from llvmlite import binding
from numba.core.registry import cpu_target

from jitad.vector.functions import FUNCTIONS

_numbers = itertools.count()
_LLVM = {"float64": "double", "float32": "float", "longdouble": "x86_fp80"}

_LOOP = """
define void @{entry}(i8* %first, i8* %second, i8* %result, i64 %size) {{
start:
  br label %body
body:
  %i = phi i64 [ 0, %start ], [ %next, %body ]
{loads}
  %value = call {out} {called}({arguments})
  %to = bitcast i8* %result to {out_element}*
  %at = getelementptr {out_element}, {out_element}* %to, i64 %i
  %place = bitcast {out_element}* %at to {out}*
  store {out} %value, {out}* %place, align 4
  %next = add i64 %i, {step}
  %more = icmp slt i64 %next, %size
  br i1 %more, label %body, label %end
end:
  ret void
}}
"""

_LOAD = """
  %from_{name} = bitcast i8* %{name} to {element}*
  %at_{name} = getelementptr {element}, {element}* %from_{name}, i64 %i
  %place_{name} = bitcast {element}* %at_{name} to {type}*
  %loaded_{name} = load {type}, {type}* %place_{name}, align 4
"""


def vectors(address: int, name: str, dtype: str, width: int, *args: np.ndarray) -> np.ndarray:
    """The function at an address, on ``width`` elements at a time."""
    size = -(-args[0].size // width) * width
    padded = [np.resize(arg, size) for arg in args]
    out = np.empty(size, dtype)
    type_ = f"<{width} x {_LLVM[dtype]}>"
    given = ("first", "second")[: FUNCTIONS[name].arity]
    type_ = type_ if width > 1 else _LLVM[dtype]
    called = f"inttoptr (i64 {address} to {type_} ({', '.join([type_] * len(given))})*)"
    loads = "".join(_LOAD.format(name=arg, element=_LLVM[dtype], type=type_) for arg in given)
    arguments = ", ".join(f"{type_} %loaded_{arg}" for arg in given)
    _run(loads, arguments, called, type_, _LLVM[dtype], width, "", padded, out)
    return out[: args[0].size]


def true_values(name: str, dtype: str, *args: np.ndarray) -> np.ndarray:
    """C's long double function, rounded to nothing."""
    out = np.zeros(args[0].size, np.longdouble)
    given = ("first", "second")[: FUNCTIONS[name].arity]
    wide = _LLVM["longdouble"]
    loads = "".join(
        _LOAD.format(name=arg, element=_LLVM[dtype], type=_LLVM[dtype])
        + f"  %wide_{arg} = fpext {_LLVM[dtype]} %loaded_{arg} to {wide}\n"
        for arg in given
    )
    arguments = ", ".join(f"{wide} %wide_{arg}" for arg in given)
    declared = f"declare {wide} @{name}l({', '.join([wide] * len(given))})"
    _run(loads, arguments, f"@{name}l", wide, wide, 1, declared, args, out)
    return out


def _run(loads, arguments, called, out_type, out_element, step, declared, args, out):
    entry = f"loop_{next(_numbers)}"
    text = declared + _LOOP.format(
        entry=entry, loads=loads, called=called, arguments=arguments, out=out_type, out_element=out_element, step=step
    )
    address = compiled(text, entry)
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64)(address)
    given = [arg.ctypes.data for arg in args]
    function(given[0], given[-1], out.ctypes.data, out.size)


def compiled(text: str, entry: str) -> int:
    """The address of a function in a module of LLVM's."""
    module = binding.parse_assembly(text)
    engine = _engine()
    engine.add_module(module)
    engine.finalize_object()
    address: int = engine.get_function_address(entry)
    return address


@functools.cache
def _engine():
    codegen = cpu_target.target_context.codegen()
    target = binding.Target.from_default_triple()
    machine = target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=codegen._tm_features, opt=2, reloc="default", codemodel="jitdefault"
    )
    return binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
