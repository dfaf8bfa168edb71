"""Norms of vectors and matrices. Where a norm is 0 its derivative is 0, the smallest of its subgradients there."""

from __future__ import annotations

import numpy as np

from jitad.primitives.roots import root


def norm(x, ord=None, axis=None, keepdims=False):
    """``np.linalg.norm`` of all elements, or along one axis. What needs singular values asks for ``np.linalg.svd``."""
    x = np.asarray(x)
    if axis is not None:
        return _along(x, ord, axis, keepdims)
    if ord is None or (x.ndim == 2 and ord == "fro"):
        return root(np.sum(x * x))
    if x.ndim == 1:
        return _along(x, ord, -1, False)
    if x.ndim != 2:
        raise ValueError("Improper number of dimensions to norm.")
    if ord == 1:
        return np.max(np.sum(np.abs(x), axis=0))
    if ord == -1:
        return np.min(np.sum(np.abs(x), axis=0))
    if ord == np.inf:
        return np.max(np.sum(np.abs(x), axis=1))
    if ord == -np.inf:
        return np.min(np.sum(np.abs(x), axis=1))
    values = np.linalg.svd(x, full_matrices=False)[1]
    if ord == 2:
        return np.max(values)
    if ord == -2:
        return np.min(values)
    if ord == "nuc":
        return np.sum(values)
    raise ValueError("Invalid norm order for matrices.")


def _along(x, ord, axis, keepdims):
    """The norms of the vectors along an axis."""
    if ord is None or ord == 2:
        return root(np.sum(x * x, axis=axis, keepdims=keepdims))
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return x.dtype.type(np.sum(x != 0, axis=axis, keepdims=keepdims))
    powers = np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims)
    return x.dtype.type(np.where(powers == 0, 0.0, powers ** (1.0 / ord)))
