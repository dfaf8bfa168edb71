"""Products of arrays that aren't sums of products."""

from __future__ import annotations

import numpy as np

from jitad.primitives.composites.collection import Collection

PRIMITIVES = Collection()


@PRIMITIVES.define("kron")
def kron(a, b):
    """The Kronecker product of vectors or matrices."""
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if a.ndim == 1 and b.ndim == 1:
        return np.ravel(a[:, None] * b[None, :])
    if a.ndim > 2 or b.ndim > 2:
        raise ValueError("kron takes arrays of one or two axes")
    left = a[None, :] if a.ndim == 1 else a
    right = b[None, :] if b.ndim == 1 else b
    blocks = left[:, None, :, None] * right[None, :, None, :]
    return blocks.reshape(left.shape[0] * right.shape[0], left.shape[1] * right.shape[1])


@PRIMITIVES.define("cross")
def cross(a, b):
    """The vector products of vectors of three elements, along the last axis."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape[a.ndim - 1] != 3 or b.shape[b.ndim - 1] != 3:
        raise ValueError("cross takes vectors of three elements")
    first = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    second = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    third = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    if a.ndim == 1 and b.ndim == 1:
        return np.array((first, second, third))
    return np.stack((first, second, third), axis=-1)
