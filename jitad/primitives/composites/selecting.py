"""Elements chosen by their places or by conditions, taken out, or put in."""

from __future__ import annotations

import numpy as np

from jitad.primitives.composites.collection import Collection
from jitad.primitives.kinds import common_type

PRIMITIVES = Collection()


def _refuse_outside(places, length):
    for place in np.ravel(np.asarray(places)):
        if place < -length or place >= length:
            raise IndexError("an index is outside the array")


@PRIMITIVES.define("take", takes_complex=True)
def take(a, indices, axis=None):
    """The elements at the places ``indices``, of all elements in row order, or along an axis."""
    a = np.asarray(a)
    if isinstance(indices, (tuple, list)):
        indices = np.asarray(indices)
    if axis is None:
        a = np.ravel(a)
    rows = a if a.ndim == 1 else np.moveaxis(a, axis, 0)
    _refuse_outside(indices, rows.shape[0])
    if np.ndim(indices) < 2:
        taken = rows[indices]
        return taken if a.ndim == 1 or np.ndim(indices) == 0 else np.moveaxis(taken, 0, axis)
    if a.ndim > 1:
        raise ValueError("take along an axis needs a vector of indices")
    return rows[np.ravel(indices)].reshape(indices.shape)


@PRIMITIVES.define("take_along_axis", takes_complex=True)
def take_along_axis(arr, indices, axis=-1):
    """The elements at the places ``indices`` along an axis, a vector of places for each vector of elements."""
    if axis is None:
        flat = np.ravel(arr)
        _refuse_outside(indices, flat.shape[0])
        return flat[np.ravel(indices)]
    if arr.ndim == 1:
        _refuse_outside(indices, arr.shape[0])
        return arr[indices]
    source, places = np.moveaxis(arr, axis, -1), np.moveaxis(indices, axis, -1)
    for k in range(arr.ndim - 1):
        if source.shape[k] != places.shape[k]:
            raise IndexError("the indices don't have the array's shape")
    _refuse_outside(indices, source.shape[-1])
    rows = np.ravel(source.copy()).reshape(-1, source.shape[-1])
    columns = np.ravel(places.copy()).reshape(-1, places.shape[-1])
    result = np.empty(columns.shape, arr.dtype)
    for i in range(columns.shape[0]):
        for j in range(columns.shape[1]):
            result[i, j] = rows[i, columns[i, j]]
    return np.moveaxis(result.reshape(places.shape), -1, axis)


@PRIMITIVES.define("extract", takes_complex=True)
def extract(condition, arr):
    """The elements, in row order, where a condition holds."""
    return np.ravel(np.asarray(arr))[np.nonzero(np.ravel(np.asarray(condition)))[0]]


@PRIMITIVES.define("select", name="np_select")
def select(condlist, choicelist, default=0):
    """For each place the element of the first choice whose condition holds there."""
    result = common_type(*choicelist)(default)
    for condition, choice in zip(condlist[::-1], choicelist[::-1]):  # noqa: B905 (kernels know no strict)
        result = np.where(condition, choice, result)
    return result


@PRIMITIVES.define("delete", takes_complex=True)
def delete(arr, obj):
    """The elements in row order without those at the places ``obj``."""
    flat = np.ravel(np.asarray(arr))
    _refuse_outside(obj, flat.shape[0])
    keep = np.ones(flat.shape[0], np.bool_)
    for place in np.ravel(np.asarray(obj)):
        keep[place] = False
    return flat[keep]


@PRIMITIVES.define("insert", takes_complex=True)
def insert(arr, obj, values):
    """The elements in row order with others put before the places ``obj``."""
    flat = np.ravel(np.asarray(arr))
    size = flat.shape[0]
    new = flat.dtype.type(np.ravel(np.asarray(values)))
    places = np.ravel(np.asarray(obj))
    for place in places:
        if place < -size or place > size:
            raise IndexError("an index is outside the array")
    if places.shape[0] == 1:
        at = places[0] if places[0] >= 0 else places[0] + size
        return np.concatenate((flat[:at], new, flat[at:]))
    if new.shape[0] != 1 and new.shape[0] != places.shape[0]:
        raise ValueError("insert takes one value, or one for each place")
    before = np.where(places < 0, places + size, places)
    order = np.argsort(before)
    result = np.empty(size + places.shape[0], flat.dtype)
    is_new = np.zeros(size + places.shape[0], np.bool_)
    for i in range(places.shape[0]):
        at = before[order[i]] + i
        result[at] = new[order[i] if new.shape[0] > 1 else 0]
        is_new[at] = True
    i = 0
    for at in range(result.shape[0]):
        if not is_new[at]:
            result[at] = flat[i]
            i += 1
    return result


@PRIMITIVES.define("trim_zeros", takes_complex=True)
def trim_zeros(filt, trim="fb"):
    """A vector without the zeros at its front (``"f"``) and back (``"b"``)."""
    first, last = 0, filt.shape[0]
    if trim in ("f", "fb", "bf"):
        while first < last and filt[first] == 0:
            first += 1
    if trim in ("b", "fb", "bf"):
        while last > first and filt[last - 1] == 0:
            last -= 1
    return filt[first:last]
