"""A device that isn't there: numba-cuda compiles kernels for it to machine code, and loads them nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock


class _Module:
    """A module of machine code."""

    initialized = True

    def get_function(self, name: str) -> Any:
        return SimpleNamespace(name=name, module=self)


HOPPER = (9, 0)


def oldest() -> tuple[int, int]:
    """The oldest architecture that the installed toolkit compiles for: Volta, which CUDA 13 has dropped, or Turing."""
    from numba import config

    if config.ENABLE_CUDASIM:  # it compiles nothing
        return HOPPER
    from numba.cuda.cudadrv import nvrtc

    return max((7, 0), nvrtc.get_lowest_supported_cc())


@contextmanager
def device(capability: tuple[int, int]) -> Iterator[list[str]]:
    """A current device of a compute capability; gives the list of all that NVVM is asked to compile meanwhile."""
    from numba.cuda import codegen, dispatcher

    compiled: list[str] = []
    compile_ir = codegen.nvvm.compile_ir

    def counting(*args: Any, **options: Any) -> Any:
        compiled.append(options["arch"])
        return compile_ir(*args, **options)

    here = SimpleNamespace(compute_capability=capability, id=0)
    context = SimpleNamespace(device=here, create_module_image=lambda *image: _Module())
    with (
        mock.patch.object(dispatcher, "get_current_device", return_value=here),
        mock.patch.object(codegen.devices, "get_context", return_value=context),
        mock.patch.object(codegen.nvvm, "compile_ir", counting),
    ):
        yield compiled
