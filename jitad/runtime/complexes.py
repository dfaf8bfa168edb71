"""Complex arrays seen as real arrays of their parts, and back, in compiled code."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from jitad.primitives.views import view_as_complex, view_as_real


@register_jitable
def contiguous_parts(z):
    """The real array of a C-contiguous complex one, in its memory."""
    return z.view(z.real.dtype).reshape((*z.shape, 2))


@register_jitable
def strided_parts(z):
    """The same of an array with any strides."""
    return np.lib.stride_tricks.as_strided(z.real, (*z.shape, 2), (*z.strides, z.itemsize // 2))


@register_jitable
def from_parts(a):
    """The complex array of a C-contiguous real one with a last axis of 2, in its memory."""
    dtype = (a.ravel()[:0] * np.complex64(1.0)).dtype  # complex64 for float32, complex128 for float64
    return a.view(dtype).reshape(a.shape[:-1])


def register() -> None:
    """Let compiled code call ``view_as_real`` and, on C-contiguous arrays, ``view_as_complex``."""
    overload(view_as_real)(_typed_view_as_real)
    overload(view_as_complex)(_typed_view_as_complex)


def _typed_view_as_real(z):
    if isinstance(z, types.Array) and isinstance(z.dtype, types.Complex):
        return contiguous_parts if z.layout == "C" else strided_parts
    return None


def _typed_view_as_complex(a):
    if isinstance(a, types.Array) and isinstance(a.dtype, types.Float) and a.layout == "C" and a.ndim:
        return from_parts
    return None
