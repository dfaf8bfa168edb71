"""What serves which function: the option ``JITAD_VECTOR_MATH``, and what was measured of the libraries.

The option is read once in a process: ``auto`` (what jitad writes out itself, then libmvec, then libsvml, function by
function), ``libmvec`` or ``svml`` (that one only), ``off``. A function is served when its error and its special values
were measured to be as promised: at most ``MAX_ULP`` units in the last place from the true value, and infinities, NaNs
and signed zeros as in libm.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache

from jitad.errors import ArgumentError
from jitad.vector import libraries
from jitad.vector.functions import FUNCTIONS, SUFFIXES
from jitad.vector.libraries import Library

VARIABLE = "JITAD_VECTOR_MATH"
MAX_ULP = 4.0

_SETTINGS: dict[str, tuple[Callable[[], Library | None], ...]] = {
    "auto": (libraries.libmvec, libraries.svml),
    "libmvec": (libraries.libmvec,),
    "svml": (libraries.svml,),
    "off": (),
}

UNFIT: dict[str, frozenset[tuple[str, str]]] = {
    "libmvec": frozenset(),
    "svml": frozenset({("pow", "float64")}),  # pow(-0.0, 1.0) is 0.0
}
"""What a library computes with a larger error, or with other special values, than is promised (function, dtype)."""

WRITTEN_OUT = frozenset({("exp", "float64"), ("exp", "float32")})
"""What jitad has in LLVM's terms itself, for all machines."""


def setting() -> str:
    """The option's value. Raises ArgumentError for one that there isn't."""
    value = os.environ.get(VARIABLE, "").strip().lower() or "auto"
    if value not in _SETTINGS:
        raise ArgumentError(f"{VARIABLE} is {value!r}.", f"Set it to one of {', '.join(_SETTINGS)}, or to nothing.")
    return value


@cache
def served() -> dict[tuple[str, str], tuple[Library, dict[int, int]]]:
    """For each function and dtype that a library serves: which, and its address for each width of a vector."""
    found = {}
    for make in _SETTINGS[setting()]:
        library = make()
        if library is None:
            continue
        for name, function in FUNCTIONS.items():
            for dtype in SUFFIXES:
                if (name, dtype) in found or (name, dtype) in UNFIT[library.name]:
                    continue
                addresses = {width: library.address(function, dtype, width) for width in libraries.widths_here(dtype)}
                there = {width: address for width, address in addresses.items() if address is not None}
                if there:
                    found[name, dtype] = (library, there)
    return found


def widths(name: str, dtype: str) -> tuple[int, ...]:
    """How many numbers a library's function takes at a time here; empty when none has it."""
    entry = served().get((name, dtype))
    return tuple(entry[1]) if entry is not None else ()


def is_written_out(name: str, dtype: str) -> bool:
    """True for a function that compiled code computes in place."""
    return setting() == "auto" and (name, dtype) in WRITTEN_OUT


def is_served(name: str, dtype: str) -> bool:
    """True for a function that may run in vectors here."""
    return is_written_out(name, dtype) or bool(widths(name, dtype))


@cache
def fingerprint() -> str:
    """What compiled code depends on: the functions that are served, and how wide."""
    written = [f"{name}:{dtype}" for name, dtype in sorted(WRITTEN_OUT) if is_written_out(name, dtype)]
    called = [f"{name}:{dtype}:{','.join(map(str, widths(name, dtype)))}" for name, dtype in sorted(served())]
    return " ".join((*written, *called))
