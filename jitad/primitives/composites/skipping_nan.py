"""Reductions that leave NaNs out."""

from __future__ import annotations

import numpy as np

from jitad.primitives.composites.collection import Collection
from jitad.primitives.kinds import common_type, float_type
from jitad.primitives.roots import root

PRIMITIVES = Collection()


def _with(a, value):
    """The elements, with another value in the place of NaNs."""
    return np.where(np.isnan(a), common_type(a)(value), a)


@PRIMITIVES.define("nansum")
def nansum(a, axis=None):
    """The sum of the elements that aren't NaN."""
    return np.sum(_with(a, 0), axis=axis)


@PRIMITIVES.define("nanprod")
def nanprod(a, axis=None):
    """The product of the elements that aren't NaN."""
    return np.prod(_with(a, 1), axis=axis)


@PRIMITIVES.define("nancumsum")
def nancumsum(a, axis=None):
    """The running sums, NaN counting as 0."""
    return np.cumsum(_with(a, 0), axis=axis)


@PRIMITIVES.define("nancumprod")
def nancumprod(a, axis=None):
    """The running products, NaN counting as 1."""
    return np.cumprod(_with(a, 1), axis=axis)


@PRIMITIVES.define("nanmax", kink="of equal elements, the first counts")
def nanmax(a, axis=None):
    """The largest element that isn't NaN; NaN when there is none."""
    largest = np.max(_with(a, -np.inf), axis=axis)
    return common_type(a)(np.where(np.all(np.isnan(a), axis=axis), np.nan, largest))


@PRIMITIVES.define("nanmin", kink="of equal elements, the first counts")
def nanmin(a, axis=None):
    """The smallest element that isn't NaN; NaN when there is none."""
    smallest = np.min(_with(a, np.inf), axis=axis)
    return common_type(a)(np.where(np.all(np.isnan(a), axis=axis), np.nan, smallest))


def _refuse_empty(a, axis):
    if np.any(np.all(np.isnan(a), axis=axis)):
        raise ValueError("All-NaN slice encountered")


@PRIMITIVES.define("nanargmax")
def nanargmax(a, axis=None):
    """The place of the largest element that isn't NaN."""
    _refuse_empty(a, axis)
    return np.argmax(_with(a, -np.inf), axis=axis)


@PRIMITIVES.define("nanargmin")
def nanargmin(a, axis=None):
    """The place of the smallest element that isn't NaN."""
    _refuse_empty(a, axis)
    return np.argmin(_with(a, np.inf), axis=axis)


@PRIMITIVES.define("nanmean")
def nanmean(a, axis=None):
    """The mean of the elements that aren't NaN."""
    return float_type(a)(nansum(a, axis) / np.sum(~np.isnan(a), axis=axis))


@PRIMITIVES.define("nanvar")
def nanvar(a, axis=None, *, ddof=0):
    """The variance of the elements that aren't NaN."""
    a = np.asarray(a)
    if axis is None:
        center = nanmean(a)
        deviations = np.where(np.isnan(a), 0.0, a - center)
    else:
        moved = np.moveaxis(a, axis, 0)
        deviations = np.moveaxis(np.where(np.isnan(moved), 0.0, moved - nanmean(a, axis)), 0, axis)
    count = np.sum(~np.isnan(a), axis=axis)
    return float_type(a)(np.sum(deviations * deviations, axis=axis) / np.where(count > ddof, count - ddof, np.nan))


@PRIMITIVES.define("nanstd", kink="0 where all elements are equal")
def nanstd(a, axis=None, *, ddof=0):
    """The standard deviation of the elements that aren't NaN."""
    return float_type(a)(root(nanvar(a, axis, ddof=ddof)))
