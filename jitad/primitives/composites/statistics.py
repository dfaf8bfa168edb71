"""Averages, ranges and covariances."""

from __future__ import annotations

import numpy as np

from jitad.primitives.composites.collection import Collection
from jitad.primitives.kinds import float_type

PRIMITIVES = Collection()


@PRIMITIVES.define("ptp", kink="of equal extremes, the first counts")
def ptp(a, axis=None):
    """The largest element less the smallest."""
    return np.max(a, axis=axis) - np.min(a, axis=axis)


@PRIMITIVES.define("average")
def average(a, axis=None, weights=None):
    """The mean with weights, which have the shape of ``a`` or go along its axis."""
    a = np.asarray(a)
    if weights is None:
        return np.mean(a, axis=axis)
    w = np.asarray(weights)
    if w.ndim != a.ndim:
        if axis is None:
            raise TypeError("weights of another shape need an axis")
        a, axis = np.moveaxis(a, axis, -1), -1
    total = np.sum(w, axis=None if w.ndim == 1 else axis)
    if np.any(total == 0):
        raise ZeroDivisionError("the weights sum to zero, can't be normalized")
    return float_type(a, w)(np.sum(a * w, axis=axis) / total)


@PRIMITIVES.define("cov")
def cov(m, y=None, rowvar=True, bias=False, ddof=None):
    """The covariance matrix of variables (rows, or columns unless ``rowvar``) in float64; of a vector, a number."""
    m = np.asarray(m, np.float64)
    x = m[None, :] if m.ndim == 1 else m if rowvar else m.T
    if y is not None:
        y = np.asarray(y, np.float64)
        x = np.concatenate((x, y[None, :] if y.ndim == 1 else y if rowvar else y.T))
    less = (0 if bias else 1) if ddof is None else ddof
    deviations = x - np.mean(x, axis=1)[:, None]
    products = deviations @ deviations.T / np.maximum(x.shape[1] - less, 0)
    return products[0, 0] if m.ndim == 1 and y is None else products


@PRIMITIVES.define("corrcoef")
def corrcoef(x, y=None, rowvar=True):
    """The correlation coefficients of variables; a number for a single vector."""
    c = cov(x, y, rowvar)
    if np.ndim(c) == 0:
        return c / c
    deviations = np.sqrt(np.diag(c))
    return np.clip(c / deviations[:, None] / deviations[None, :], -1.0, 1.0)
