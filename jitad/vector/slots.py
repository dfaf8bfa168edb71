"""The addresses of vector functions as symbols that compiled code links to, also when it comes from disk.

A symbol is a slot for a function's address; an empty one (0) has compiled code call the scalar function for each
element. So code that was compiled where a library had the function runs where none has it. All slots exist on all
machines, under names that stay as they are from version to version.
"""

from __future__ import annotations

import contextlib
import ctypes
from functools import cache

from jitad.errors import ArgumentError
from jitad.vector.choice import served
from jitad.vector.functions import FUNCTIONS, SUFFIXES
from jitad.vector.libraries import widths

SLOTS = {(name, dtype, width): ctypes.c_void_p() for name in FUNCTIONS for dtype in SUFFIXES for width in widths(dtype)}


def symbol(name: str, dtype: str, width: int) -> str:
    """The name of a slot."""
    return f"jitad_vector_{name}_{dtype}x{width}"


@cache
def register() -> None:
    """Fill the slots and make them known to LLVM, once, before compiled code is loaded."""
    from llvmlite import binding

    with contextlib.suppress(ArgumentError):  # a wrong option: those who build code for it will tell
        for (name, dtype), (_, addresses) in served().items():
            for width, address in addresses.items():
                SLOTS[name, dtype, width].value = address
    for key, slot in SLOTS.items():
        binding.add_symbol(symbol(*key), ctypes.addressof(slot))
