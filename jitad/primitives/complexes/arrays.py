"""Functions of complex arrays as kernels of complex numbers."""

from __future__ import annotations

import numpy as np


def cumprod(z):
    result = np.empty(z.shape[0], z.dtype)
    total = z.dtype.type(1.0)
    for i in range(z.shape[0]):
        total = total * z[i]
        result[i] = total
    return result


def var(z, axis=None, ddof=0, keepdims=False):
    """The real variance of each part about its mean, added."""
    return np.var(z.real, axis=axis, ddof=ddof, keepdims=keepdims) + np.var(
        z.imag, axis=axis, ddof=ddof, keepdims=keepdims
    )


def kron(a, b):
    """The products of all pairs of elements, in blocks."""
    if a.ndim == 1:
        return np.ravel(np.outer(a, b))
    blocks = a[:, None, :, None] * b[None, :, None, :]
    return np.ascontiguousarray(blocks).reshape(a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])
