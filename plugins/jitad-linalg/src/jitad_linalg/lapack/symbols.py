"""The addresses of LAPACK and BLAS routines as symbols that compiled code links to, also when it comes from disk.

A symbol ``jitad_linalg_dgetrf`` is a slot for the routine's address. Slots are empty at first, so that registering
costs nothing; compiled code that finds one empty calls ``jitad_linalg_resolve``, which imports SciPy and fills all.
"""

from __future__ import annotations

import ctypes
import functools

RESOLVE = "jitad_linalg_resolve"

LAPACK = (*("gbtrf", "gbtrs", "gees", "geev", "geqrf", "gesdd", "getrf", "getrs", "orgqr", "potrf", "syevd", "trsyl"),)
BLAS = ("gemm", "trsm")
COMPLEX = ("geev", "getrf", "getrs")
"""The routines of LAPACK that are called for complex matrices too."""

_PLACES = {
    **{letter + name: "scipy.linalg.cython_lapack" for letter in "ds" for name in LAPACK},
    **{letter + name: "scipy.linalg.cython_lapack" for letter in "zc" for name in COMPLEX},
    **{letter + name: "scipy.linalg.cython_blas" for letter in "ds" for name in BLAS},
}
"""The module that exports each routine, by its name with the letter of its precision."""

SLOTS = {name: ctypes.c_void_p() for name in _PLACES}
"""The address of each routine, by its name with the letter of its precision."""


def symbol(routine: str) -> str:
    """The name of the symbol of a routine's slot."""
    return f"jitad_linalg_{routine}"


def resolve() -> None:
    """Fill the slots with the addresses that SciPy's ``cython_lapack`` and ``cython_blas`` export."""
    from numba.extending import get_cython_function_address

    for name, module in _PLACES.items():
        SLOTS[name].value = get_cython_function_address(module, name)


_RESOLVER = ctypes.CFUNCTYPE(None)(resolve)


@functools.cache
def register() -> None:
    """Make the symbols known to LLVM. Numba calls this when it starts, by the entry point ``numba_extensions``."""
    from llvmlite import binding

    for name, slot in SLOTS.items():
        binding.add_symbol(symbol(name), ctypes.addressof(slot))
    address = ctypes.cast(_RESOLVER, ctypes.c_void_p).value
    assert address is not None
    binding.add_symbol(RESOLVE, address)
