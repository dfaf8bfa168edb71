"""Complex arguments and results of a primitive, as the real arrays of pairs that it is checked with.

A kernel of pairs makes complex arrays of them for the call, and pairs of its complex results, so that everything around
it sees real numbers: its derivatives are those in the inner product ``Re(conj(a) b)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import jitad

Function = Callable[..., Any]


def is_complex(arg: Any) -> bool:
    """True for an array of complex numbers."""
    return isinstance(arg, np.ndarray) and arg.dtype.kind == "c"


def holds_complex(result: Any) -> bool:
    """True for a complex number or array, and for a sequence with one in it."""
    if isinstance(result, tuple | list):
        return any(map(holds_complex, result))
    return isinstance(result, complex | np.complexfloating) or is_complex(result)


def as_pairs(arg: Any) -> Any:
    """A complex array as an array of pairs (..., 2) in the same memory; anything else as it is."""
    return jitad.view_as_real(arg) if is_complex(arg) else arg


def calling_with_pairs(function: Function, given: Sequence[tuple[int, Any, bool]]) -> Function:
    """A kernel that calls ``function``: for each argument its position or -1, itself, and if it is given as pairs."""

    def kernel(*moving):  # type: ignore[no-untyped-def]
        return parted(
            function(
                *[
                    jitad.view_as_complex(moving[at]) if paired else moving[at] if at >= 0 else value
                    for at, value, paired in given
                ]
            )
        )

    def parted(result):  # type: ignore[no-untyped-def]
        if isinstance(result, tuple):
            return tuple([parted(item) for item in result])
        return jitad.view_as_real(result) if np.iscomplexobj(result) else result

    return kernel
