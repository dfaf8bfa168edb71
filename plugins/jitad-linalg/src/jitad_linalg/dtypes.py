"""What the kernels of this package ask of their arguments first."""

# These functions are read as kernels.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np


def as_floats(a):
    """The array itself, or its elements as floats when they are integers."""
    if np.iscomplexobj(a):
        return a
    kind = np.sqrt(np.empty(0, a.dtype)).dtype
    return a if a.dtype == kind else a.astype(kind)


def alike(a, b):
    """Two arrays converted to the floating-point type that NumPy gives their product."""
    kind = np.sqrt(np.empty(0, a.dtype) * np.empty(0, b.dtype)).dtype
    left = a if a.dtype == kind else a.astype(kind)
    right = b if b.dtype == kind else b.astype(kind)
    return left, right


def require_square(a):
    if a.ndim != 2:
        raise np.linalg.LinAlgError("one matrix at a time: the array must have two axes")
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError("the matrix must be square")


def columns(b):
    """A vector as a matrix of one column; a matrix as it is."""
    return b.reshape((b.size, 1)) if b.ndim == 1 else b


def identity_like(a):
    eye = np.zeros_like(a)
    for i in range(a.shape[0]):
        eye[i, i] = 1.0
    return eye
