"""Sorting and what follows from it: medians, percentiles, partitions.

An order is a constant, and derivatives follow the elements to their places. Equal elements keep their order, NaNs come
last.
"""

from __future__ import annotations

import math

import numpy as np

from jitad.primitives.composites.collection import Collection
from jitad.primitives.kinds import common_type, float_type
from jitad.primitives.sorting import order

PRIMITIVES = Collection()
_TIES = "equal elements keep their order"


@PRIMITIVES.define("argsort", name="np_argsort", kink=_TIES)
def argsort(a, axis=-1, kind=None):
    """The indices that sort along an axis (of all elements in row order for None); ties keep their order."""
    a = np.asarray(a)
    if axis is None:
        return order(np.ravel(a))
    if a.ndim == 1:
        return order(a)
    moved = np.moveaxis(a, axis, -1)
    rows = np.ravel(moved.copy()).reshape(-1, moved.shape[-1])
    result = np.empty(rows.shape, np.int64)
    for i in range(rows.shape[0]):
        result[i] = order(rows[i])
    return np.moveaxis(result.reshape(moved.shape), -1, axis)


@PRIMITIVES.define("sort", kink=_TIES)
def sort(a, axis=-1, kind=None):
    """A copy sorted along an axis (all elements in row order for None)."""
    a = np.asarray(a)
    if axis is None:
        a, axis = np.ravel(a), -1
    if a.ndim == 1:
        return a[order(a)]
    moved = np.moveaxis(a, axis, -1)
    rows = np.ravel(moved.copy()).reshape(-1, moved.shape[-1])
    result = np.empty(rows.shape, a.dtype)
    for i in range(rows.shape[0]):
        result[i] = rows[i][order(rows[i])]
    return np.moveaxis(result.reshape(moved.shape), -1, axis)


@PRIMITIVES.define("ndarray.sort", name="sort_in_place", kink=_TIES)
def sort_in_place(a, axis=-1, kind=None):
    """Sort an array along an axis in place."""
    a[...] = sort(a, axis)


@PRIMITIVES.define("ndarray.partition", name="partition_in_place", kink=_TIES)
def partition_in_place(a, kth):
    """Partition an array along its last axis in place."""
    a[...] = partition(a, kth)


def _refuse_outside(kth, length):
    for place in np.ravel(np.asarray(kth)):
        if place < -length or place >= length:
            raise ValueError("kth is outside the array")


@PRIMITIVES.define("partition", kink=_TIES)
def partition(a, kth):
    """A copy with the ``kth`` elements of the last axis where sorting puts them (all of them are)."""
    a = np.asarray(a)
    _refuse_outside(kth, a.shape[-1])
    return sort(a)


@PRIMITIVES.define("argpartition", kink=_TIES)
def argpartition(a, kth):
    """The indices that partition along the last axis (those that sort)."""
    a = np.asarray(a)
    _refuse_outside(kth, a.shape[-1])
    return argsort(a)


@PRIMITIVES.define("median", kink=_TIES)
def median(a):
    """The middle element in order, or the mean of the two in the middle; NaN if there is a NaN."""
    return _middle(sort(a, None), float_type(a))


@PRIMITIVES.define("nanmedian", kink=_TIES)
def nanmedian(a):
    """The median of the elements that aren't NaN; NaN when there is none."""
    return _middle(_numbers_in_order(a), float_type(a))


def _numbers_in_order(a):
    """The elements that aren't NaN, sorted."""
    a = np.asarray(a)
    return sort(a, None)[: np.sum(~np.isnan(a))]


def _middle(ordered, kind):
    size = ordered.shape[0]
    result = kind(np.nan)
    if size > 0:
        low, high = ordered[(size - 1) // 2], ordered[size // 2]
        result = kind(0.5 * low + 0.5 * high)
        if ordered[size - 1] != ordered[size - 1]:
            result = kind(np.nan)
    return result


@PRIMITIVES.define("quantile", kink=_TIES)
def quantile(a, q):
    """What is at fractions ``q`` of the way through the elements in order, interpolated linearly; NaN if one is NaN."""
    return _quantiles(sort(a, None), q, float_type(a))


@PRIMITIVES.define("percentile", kink=_TIES)
def percentile(a, q):
    """``quantile`` with ``q`` in percent."""
    return quantile(a, np.asarray(q) / 100.0 if isinstance(q, (np.ndarray, tuple, list)) else q / 100.0)


@PRIMITIVES.define("nanquantile", kink=_TIES)
def nanquantile(a, q):
    """``quantile`` of the elements that aren't NaN; NaN when there is none."""
    return _quantiles(_numbers_in_order(a), q, float_type(a))


@PRIMITIVES.define("nanpercentile", kink=_TIES)
def nanpercentile(a, q):
    """``nanquantile`` with ``q`` in percent."""
    return nanquantile(a, np.asarray(q) / 100.0 if isinstance(q, (np.ndarray, tuple, list)) else q / 100.0)


def _quantiles(ordered, q, kind):
    if not isinstance(q, (np.ndarray, tuple, list)):
        return kind(_quantile(ordered, q, kind))
    fractions = np.asarray(q)
    kind = common_type(fractions, np.empty(0, kind))
    result = np.empty(fractions.shape[0], kind)
    for i in range(fractions.shape[0]):
        result[i] = _quantile(ordered, fractions[i], kind)
    return result


def _quantile(ordered, q, kind):
    if not 0.0 <= q <= 1.0:
        raise ValueError("Quantiles must be in the range [0, 1]")
    size = ordered.shape[0]
    result = 1.0 * kind(np.nan)
    if size > 0:
        place = (size - 1) * q
        below = math.floor(place)
        low, high = ordered[below], ordered[min(below + 1, size - 1)]
        along = place - below
        result = low + (high - low) * along if along < 0.5 else high - (high - low) * (1.0 - along)
        if ordered[size - 1] != ordered[size - 1]:
            result = 1.0 * kind(np.nan)
    return result
