"""Sums of exponentials along an axis, none of which overflows."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from scipy import special

import jitad
from jitad.plugin import composite

_ROW = np.array([0.3, -1.2, 2.5, 0.3])
_TABLE = np.array([[0.3, -1.2, 2.5], [800.0, 799.0, -3.0]])


@composite(special.logsumexp, cases=[(_ROW,), (_TABLE,), (_TABLE, 1), (_TABLE, 0, 0.1 + np.abs(_TABLE), True)])
def logsumexp(a, axis=None, b=None, keepdims=False):
    """The logarithm of the sum of exponentials (weighted by ``b``) of all elements, or along an axis."""
    top = jitad.stop_gradient(np.max(a, axis=axis, keepdims=True))
    top = np.nan_to_num(top, nan=0.0, posinf=0.0, neginf=0.0)
    powers = np.exp(a - top)
    if b is not None:
        powers = powers * b
    total = np.log(np.sum(powers, axis=axis, keepdims=True)) + top
    if keepdims:
        return total
    return np.squeeze(total)[()] if axis is None else np.squeeze(total, axis=axis)


@composite(special.softmax, cases=[(_ROW,), (_TABLE, 1)])
def softmax(x, axis=None):
    """Exponentials, divided by their sum over all elements or along an axis."""
    powers = np.exp(x - jitad.stop_gradient(np.max(x, axis=axis, keepdims=True)))
    return powers / np.sum(powers, axis=axis, keepdims=True)


@composite(special.log_softmax, cases=[(_ROW,), (_TABLE, 1)])
def log_softmax(x, axis=None):
    """The logarithm of ``softmax``."""
    away = x - jitad.stop_gradient(np.max(x, axis=axis, keepdims=True))
    return away - np.log(np.sum(np.exp(away), axis=axis, keepdims=True))


PRIMITIVES = (logsumexp, softmax, log_softmax)
