"""The vector libraries of this machine: glibc's libmvec and Intel's libsvml, looked up symbol by symbol.

A vector holds as many numbers as a register of the CPU that Numba compiles for. Both libraries are for x86-64 and
Linux; elsewhere nothing is found.
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jitad.vector.functions import VectorFunction

_ISA = {16: "b", 32: "d", 64: "e"}
_REGISTERS = {16: "", 32: "avx2", 64: "avx512f"}
_INTEL = "intel-cmplr-lib-rt"
_ITEMSIZES = {"float64": 8, "float32": 4}


@dataclass(frozen=True)
class Library:
    """A loaded library: what it is called, and where it was found."""

    name: str
    path: str
    handle: Any

    def address(self, function: VectorFunction, dtype: str, width: int) -> int | None:
        """Where the function for ``width`` numbers of a dtype is; None when there is none."""
        try:
            found = self.handle[_symbol(self.name, function, dtype, width)]
        except AttributeError:
            return None
        return ctypes.cast(found, ctypes.c_void_p).value


def _symbol(library: str, function: VectorFunction, dtype: str, width: int) -> str:
    name = function.c_name(dtype)
    if library == "libmvec":
        return f"_ZGV{_ISA[width * _ITEMSIZES[dtype]]}N{width}{'v' * function.arity}_{name}"
    return f"__svml_{name}{width}"


def widths(dtype: str) -> tuple[int, ...]:
    """How many numbers of a dtype a vector may hold on any CPU, widest last."""
    return tuple(size // _ITEMSIZES[dtype] for size in _ISA)


def widths_here(dtype: str) -> tuple[int, ...]:
    """How many numbers of a dtype a vector may hold in code that Numba compiles now, widest last."""
    features = cpu_features()
    sizes = (size for size, feature in _REGISTERS.items() if not feature or f"+{feature}" in features)
    return tuple(size // _ITEMSIZES[dtype] for size in sizes)


@cache
def cpu_features() -> frozenset[str]:
    """The instruction sets that Numba compiles for, as LLVM writes them: ``+avx2``."""
    from numba.core import config
    from numba.core.codegen import get_host_cpu_features

    given: str | None = getattr(config, "CPU_FEATURES", None)
    return frozenset((get_host_cpu_features() if given is None else given).split(","))


def has_fma() -> bool:
    """True where code that Numba compiles now multiplies and adds in one instruction."""
    return "+fma" in cpu_features() or platform.machine() in ("aarch64", "arm64")


def is_possible() -> bool:
    """True where there may be a vector library: in 64-bit Python on x86-64 and Linux."""
    return sys.platform == "linux" and platform.machine() == "x86_64" and sys.maxsize > 2**32


@cache
def libmvec() -> Library | None:
    """glibc's, when this is a glibc that has it."""
    if is_possible():
        with contextlib.suppress(OSError):
            version = " ".join(platform.libc_ver()).strip()
            return Library("libmvec", version or "libmvec.so.1", ctypes.CDLL("libmvec.so.1"))
    return None


@cache
def svml() -> Library | None:
    """Intel's, from the package ``intel-cmplr-lib-rt`` in this environment, or where the system's loader finds it."""
    if not is_possible():
        return None
    for folder in (*_package_folders(), ""):
        with contextlib.suppress(OSError):
            if folder:  # libsvml asks for it by name, and its folder isn't on the loader's path
                ctypes.CDLL(str(Path(folder, "libintlc.so.5")), mode=ctypes.RTLD_GLOBAL)
            path = str(Path(folder, "libsvml.so"))
            return Library("svml", path, ctypes.CDLL(path))
    return None


def _package_folders() -> list[str]:
    from importlib.metadata import PackageNotFoundError, files

    try:
        listed = files(_INTEL) or []
    except PackageNotFoundError:
        return []
    return [str(Path(str(file.locate())).resolve().parent) for file in listed if file.name == "libsvml.so"]
