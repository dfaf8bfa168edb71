"""What numba-cuda makes of a kernel, run on the CPU: its LLVM code, with libm in the place of libdevice.

This sees the accesses, the views on interleaved tapes and the control flow that a device would run, without a device.
"""

from __future__ import annotations

import ctypes
import re
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
import numpy as np
from numba import types

from jitad.program.types import Array

if TYPE_CHECKING:
    from jitad.batching.work import Work
    from jitad.cuda.launch import Launch

CAPABILITY = (9, 0)
_RENAMED = {"__nv_tgamma": "tgamma", "__nv_llabs": "llabs", "__nv_abs": "abs"}
_EXPRESSIONS = {
    "__nv_dadd_rn": "fadd double %0, %1",
    "__nv_dmul_rn": "fmul double %0, %1",
    "__nv_fadd_rn": "fadd float %0, %1",
    "__nv_fmul_rn": "fmul float %0, %1",
}
_TESTS = {"isnan": "fcmp uno {t} %0, %0", "isinf": "fcmp oeq {t} %a, {inf}", "isfinited": "fcmp one {t} %a, {inf}"}


def numba_type(dtype: str) -> Any:
    """Numba's type of a dtype."""
    return types.boolean if dtype == "bool" else getattr(types, dtype)


def signature(launch: Launch, work: Work, samples: str = "C") -> Any:
    """The types of the kernel's arguments; arrays in C order, those of ``samples`` of the leaves in this layout."""
    params = work.reading.program.params
    found = [types.int64, types.Array(types.int64, 1, "C")]
    for param, is_batched in zip(params, work.batched, strict=True):
        dtype = numba_type(param.type.dtype)
        is_array = isinstance(param.type, Array)
        ndim = param.type.ndim if is_array else 0
        found.append(
            types.Array(dtype, ndim + is_batched, samples if is_batched else "C") if is_array or is_batched else dtype
        )
    for result in launch.results:
        dtype, ndim = (result.dtype, 1) if result.ndim is None else ("int64", 2)
        found.append(types.Array(numba_type(dtype), ndim, "C"))
    for gradient in launch.gradients:
        ndim = params[gradient.leaf].type.ndim if gradient.is_array else 0
        found.append(types.Array(numba_type(gradient.dtype), 2 if gradient.is_summed else ndim + 1, "C"))
    found += [types.Array(numba_type(dtype), 2, "C") for dtype in launch.code.tapes]
    return types.void(*found)


class Hosted:
    """What a thread does: a function of its number and of further arguments of these types, which returns nothing.

    ``run`` runs it for one thread after the other on NumPy arrays.
    """

    def __init__(self, function: Any, arguments: tuple[Any, ...]) -> None:
        from jitad.cuda import target

        self._types = (types.int64, *arguments)
        with target._compiling_for(CAPABILITY):
            from numba.cuda.compiler import compile_cuda

            compiled = compile_cuda(function, None, self._types, cc=CAPABILITY)
        self._engine, module = _linked([str(module) for module in compiled.library.modules])
        self._address = self._engine.get_function_address(compiled.fndesc.llvm_func_name)
        assert self._address, module.name

    def run(self, threads: int, *args: Any) -> None:
        """Run threads 0, 1, …"""
        for lane in range(threads):
            values = [
                value for type_, arg in zip(self._types, (lane, *args), strict=True) for value in _flat(type_, arg)
            ]
            result = ctypes.c_void_p()
            function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, *[type(value) for value in values])
            assert function(self._address)(ctypes.byref(result), *values) == 0


def _flat(type_: Any, value: Any) -> list[Any]:
    """An argument as numba-cuda passes it: an array as its header's fields."""
    if isinstance(type_, types.Array):
        header = [ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_int64(value.size), ctypes.c_int64(value.itemsize)]
        return [*header, ctypes.c_void_p(value.ctypes.data), *map(ctypes.c_int64, (*value.shape, *value.strides))]
    if type_ == types.float32:
        return [ctypes.c_float(value)]
    if type_ == types.float64:
        return [ctypes.c_double(value)]
    return [ctypes.c_int8(value) if type_ == types.boolean else getattr(ctypes, f"c_{type_}")(value)]


def _linked(texts: list[str]) -> tuple[Any, Any]:
    """The modules as one, for this machine."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    declared = {match for text in texts for match in re.findall(r'declare (\S+) @"?(__nv_\w+)"?\(([^)]*)\)', text)}
    whole = None
    for text in [*texts, *(_definition(*found) for found in sorted(declared))]:
        text = re.sub(r"target (triple|datalayout) = .*", "", text)
        module = llvm.parse_assembly(text)
        module.triple = llvm.get_default_triple()
        module.data_layout = str(machine.target_data)
        if whole is None:
            whole = module
        else:
            whole.link_in(module)
    assert whole is not None
    whole.verify()
    return llvm.create_mcjit_compiler(whole, machine), whole


def _definition(result: str, name: str, params: str) -> str:
    """What stands for a function of libdevice."""
    kinds = [param.split()[0] for param in params.split(",")]
    head = f"define {result} @{name}({', '.join(f'{kind} %{at}' for at, kind in enumerate(kinds))}) {{\n"
    if name in _EXPRESSIONS:
        return f"{head}  %r = {_EXPRESSIONS[name]}\n  ret {result} %r\n}}\n"
    plain = name.removeprefix("__nv_")
    for test, text in _TESTS.items():
        if plain.startswith(test) or (test == "isfinited" and plain == "finitef"):
            absolute = f"  %a = call {kinds[0]} @llvm.fabs.{'f64' if kinds[0] == 'double' else 'f32'}({kinds[0]} %0)\n"
            compared = text.format(t=kinds[0], inf="0x7FF0000000000000")
            declared = f"declare {kinds[0]} @llvm.fabs.{'f64' if kinds[0] == 'double' else 'f32'}({kinds[0]})\n"
            return f"{declared}{head}{absolute}  %c = {compared}\n  %r = zext i1 %c to i32\n  ret i32 %r\n}}\n"
    if plain in ("powi", "powif"):
        number = f"  %n = sitofp i32 %1 to {kinds[0]}\n"
        call = f"  %r = call {result} @{plain.replace('powi', 'pow')}({kinds[0]} %0, {kinds[0]} %n)\n"
        declared = f"declare {result} @{plain.replace('powi', 'pow')}({kinds[0]}, {kinds[0]})\n"
        return f"{declared}{head}{number}{call}  ret {result} %r\n}}\n"
    inner = _RENAMED.get(name, plain)
    arguments = ", ".join(f"{kind} %{at}" for at, kind in enumerate(kinds))
    declared = f"declare {result} @{inner}({', '.join(kinds)})\n"
    return f"{declared}{head}  %r = call {result} @{inner}({arguments})\n  ret {result} %r\n}}\n"


def gradients_of(launch: Launch, work: Work, leaves: list[np.ndarray], count: int, samples: str) -> list[np.ndarray]:
    """The gradients of ``count`` samples, by all leaves in ``wrt``; tapes grow until they are long enough.

    ``samples`` is the layout of the leaves with samples.
    """
    hosted = Hosted(launch.kernel.py_func.__globals__["body"].py_func, signature(launch, work, samples).args)
    capacity = dict.fromkeys(launch.code.tapes, 64)
    while True:
        status = np.zeros(count, np.int64)
        outputs = [
            np.zeros(count, result.dtype) if result.ndim is None else np.zeros((1 + result.ndim, count), np.int64)
            for result in launch.results
        ]
        gradients = [np.full((count, *leaves[g.leaf].shape[1:]), np.nan, g.dtype) for g in launch.gradients]
        tapes = [np.zeros((length, count), dtype) for dtype, length in capacity.items()]
        hosted.run(count, count, status, *leaves, *outputs, *gradients, *tapes)
        assert (status >= 0).all()
        if not status.any():
            return gradients
        for number in np.unique(status[status > 0]):
            capacity[launch.code.tapes[number - 1]] *= 4
