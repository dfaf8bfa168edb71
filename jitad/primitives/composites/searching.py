"""Places and counts: integers, without a derivative, and the sums that go with them."""

from __future__ import annotations

import math

import numpy as np

from jitad.primitives.composites.collection import Collection

PRIMITIVES = Collection()


@PRIMITIVES.define("argwhere")
def argwhere(a):
    """The places of the elements that aren't zero, a row for each."""
    return np.column_stack(np.nonzero(np.asarray(a)))


def _comes_before(x, y):
    """``x < y``, where NaN comes after all numbers."""
    return x < y or (y != y and x == x)


def _first_not_before(a, v):
    low, high = 0, a.shape[0]
    while low < high:
        middle = (low + high) // 2
        if _comes_before(a[middle], v):
            low = middle + 1
        else:
            high = middle
    return low


def _first_after(a, v):
    low, high = 0, a.shape[0]
    while low < high:
        middle = (low + high) // 2
        if _comes_before(v, a[middle]):
            high = middle
        else:
            low = middle + 1
    return low


@PRIMITIVES.define("searchsorted", kink="jumps")
def searchsorted(a, v, side="left"):
    """Where numbers go in a sorted vector: before equal elements for ``"left"``, after them for ``"right"``."""
    if side != "left" and side != "right":
        raise ValueError("side must be 'left' or 'right'")
    a = np.asarray(a)
    if isinstance(v, (tuple, list)):
        v = np.asarray(v)
    if np.ndim(v) == 0:
        return _first_not_before(a, v) if side == "left" else _first_after(a, v)
    numbers = np.ravel(v)
    places = np.empty(numbers.shape[0], np.int64)
    for i in range(numbers.shape[0]):
        places[i] = _first_not_before(a, numbers[i]) if side == "left" else _first_after(a, numbers[i])
    return places if np.ndim(v) == 1 else places.reshape(v.shape)


@PRIMITIVES.define("digitize", kink="jumps")
def digitize(x, bins, right=False):
    """The numbers of the bins that numbers are in; the edges of the bins go up or down."""
    bins = np.asarray(bins)
    for i in range(bins.shape[0] - 1):
        if (bins[i + 1] - bins[i]) * (bins[bins.shape[0] - 1] - bins[0]) < 0:
            raise ValueError("bins must be monotonically increasing or decreasing")
    if bins.shape[0] > 0 and bins[0] > bins[bins.shape[0] - 1]:
        places = bins.shape[0] - searchsorted(bins[::-1], x, "right" if right else "left")
    else:
        places = searchsorted(bins, x, "left" if right else "right")
    return places


@PRIMITIVES.define("bincount")
def bincount(x, weights=None, minlength=0):
    """How often each of the numbers 0, 1, … is in a vector of integers, or the sum of the weights that go with it."""
    x = np.asarray(x)
    count = minlength
    for i in range(x.shape[0]):
        if x[i] < 0:
            raise ValueError("bincount takes integers that aren't negative")
        count = max(count, x[i] + 1)
    if weights is None:
        counts = np.zeros(count, np.int64)
        for i in range(x.shape[0]):
            counts[x[i]] += 1
        return counts
    weights = np.asarray(weights)
    if weights.shape[0] != x.shape[0]:
        raise ValueError("The weights and list don't have the same length.")
    sums = np.zeros(count)
    for i in range(x.shape[0]):
        sums[x[i]] += weights[i]
    return sums


@PRIMITIVES.define("histogram", kink="counts jump")
def histogram(a, bins=10, range=None):
    """How many elements are in each bin, and the bins' edges, which move with the extremes when no range is given."""
    a = np.ravel(np.asarray(a))
    edges = np.asarray(bins) if np.ndim(bins) else _even_edges(a, bins, range)
    count = edges.shape[0] - 1
    counts = np.zeros(count, np.int64)
    for x in a:
        if edges[0] <= x <= edges[count]:
            counts[min(_first_after(edges, x), count) - 1] += 1
    return counts, edges


def _even_edges(a, count, limits):
    low, high = 0.0, 1.0
    if limits is not None:
        low, high = 1.0 * limits[0], 1.0 * limits[1]
    elif a.shape[0] > 0:
        low, high = 1.0 * np.min(a), 1.0 * np.max(a)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("the range of a histogram must be finite")
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, count + 1)
