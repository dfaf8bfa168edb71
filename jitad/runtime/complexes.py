"""Complex arrays seen as real arrays of their parts, and back, in compiled code."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable


@register_jitable
def contiguous_parts(z):
    """The real array of a C-contiguous complex one, in its memory."""
    return z.view(z.real.dtype).reshape((*z.shape, 2))


@register_jitable
def strided_parts(z):
    """The same of an array with any strides."""
    return np.lib.stride_tricks.as_strided(z.real, (*z.shape, 2), (*z.strides, z.itemsize // 2))


@register_jitable
def from_parts(pairs):
    """The complex array of a C-contiguous real one with a last axis of 2, in its memory."""
    return pairs.view((pairs.ravel()[:0] * np.complex64(1)).dtype).reshape(pairs.shape[:-1])
