"""Complex matrices as arrays of pairs (m, n, 2): the products that rules are written with."""

# These functions are read as kernels.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

import jitad
from jitad_linalg.dtypes import as_floats


def pairs_of(a):
    """A complex matrix or vector, or a real one, as an array of pairs."""
    if np.iscomplexobj(a):
        return jitad.view_as_real(a)
    a = as_floats(a)
    out = np.zeros((*a.shape, 2), a.dtype)
    out[..., 0] = a
    return out


def times(a, b):
    """The product of two complex matrices."""
    out = np.empty((a.shape[0], b.shape[1], 2), a.dtype)
    out[:, :, 0] = a[:, :, 0] @ b[:, :, 0] - a[:, :, 1] @ b[:, :, 1]
    out[:, :, 1] = a[:, :, 0] @ b[:, :, 1] + a[:, :, 1] @ b[:, :, 0]
    return out


def adjoint(a):
    """The conjugate transpose."""
    out = np.empty((a.shape[1], a.shape[0], 2), a.dtype)
    out[:, :, 0] = a[:, :, 0].T
    out[:, :, 1] = -a[:, :, 1].T
    return out


def scaled(a, factor):
    """A complex matrix times the complex number (2,)."""
    out = np.empty_like(a)
    out[:, :, 0] = factor[0] * a[:, :, 0] - factor[1] * a[:, :, 1]
    out[:, :, 1] = factor[0] * a[:, :, 1] + factor[1] * a[:, :, 0]
    return out


def inner(a, b):
    """The sum of ``conj(a) * b``: its real and its imaginary part."""
    real = np.sum(a[:, :, 0] * b[:, :, 0] + a[:, :, 1] * b[:, :, 1])
    imaginary = np.sum(a[:, :, 0] * b[:, :, 1] - a[:, :, 1] * b[:, :, 0])
    return real, imaginary


def identity(n, dtype):
    out = np.zeros((n, n, 2), dtype)
    for i in range(n):
        out[i, i, 0] = 1.0
    return out
