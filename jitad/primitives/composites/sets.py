"""Vectors as sets of numbers. Derivatives follow the elements; of equal ones the first counts."""

from __future__ import annotations

import numpy as np

from jitad.primitives.composites.collection import Collection

PRIMITIVES = Collection()
_TIES = "of equal elements, the first counts"


@PRIMITIVES.define("unique", kink=_TIES)
def unique(ar):
    """The different elements in order (all NaNs count as one)."""
    ordered = np.sort(np.ravel(np.asarray(ar)))
    first = np.ones(ordered.shape[0], np.bool_)
    for i in range(1, ordered.shape[0]):
        x, y = ordered[i - 1], ordered[i]
        first[i] = x != y and (x == x or y == y)
    return ordered[first]


@PRIMITIVES.define("union1d", kink=_TIES)
def union1d(ar1, ar2):
    """The different elements of two arrays in order."""
    return unique(np.concatenate((np.ravel(np.asarray(ar1)), np.ravel(np.asarray(ar2)))))


@PRIMITIVES.define("isin", "in1d")
def isin(element, test_elements, assume_unique=False, invert=False):
    """Which elements are among others."""
    ordered = np.sort(np.ravel(np.asarray(test_elements)))
    element = np.asarray(element)
    flat = np.ravel(element)
    found = np.zeros(flat.shape[0], np.bool_)
    for i in range(flat.shape[0]):
        place = np.searchsorted(ordered, flat[i])
        found[i] = (place < ordered.shape[0] and ordered[min(place, ordered.shape[0] - 1)] == flat[i]) != invert
    return found if element.ndim == 1 else found.reshape(element.shape)


@PRIMITIVES.define("intersect1d", kink=_TIES)
def intersect1d(ar1, ar2, assume_unique=False):
    """The different elements of the first array that are in the second, in order."""
    ordered = unique(ar1)
    return ordered[isin(ordered, ar2)]


@PRIMITIVES.define("setdiff1d", kink=_TIES)
def setdiff1d(ar1, ar2, assume_unique=False):
    """The different elements of the first array that aren't in the second, in order."""
    if assume_unique:
        first = np.ravel(np.asarray(ar1))
        return first[isin(first, ar2, invert=True)]
    ordered = unique(ar1)
    return ordered[isin(ordered, ar2, invert=True)]


@PRIMITIVES.define("setxor1d", kink=_TIES)
def setxor1d(ar1, ar2, assume_unique=False):
    """The different elements of two arrays that are in one of them only, in order."""
    return np.sort(np.concatenate((setdiff1d(ar1, ar2), setdiff1d(ar2, ar1))))
