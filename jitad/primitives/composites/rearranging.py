"""The same elements in other places."""

from __future__ import annotations

import numpy as np

from jitad.primitives.composites.collection import Collection

PRIMITIVES = Collection()


@PRIMITIVES.define("rot90", takes_complex=True)
def rot90(m, k=1):
    """A matrix turned by ``k`` quarters of a circle, from the first axis towards the second."""
    turns = k % 4
    if turns == 1:
        return np.transpose(m[:, ::-1])
    if turns == 2:
        return m[::-1, ::-1]
    if turns == 3:
        return np.transpose(m)[:, ::-1]
    return m[:, :]


@PRIMITIVES.define("repeat", takes_complex=True)
def repeat(a, repeats):
    """Each element several times, in row order; ``repeats`` is a number, or one for each element."""
    flat = np.ravel(np.asarray(a))
    if isinstance(repeats, (tuple, list)):
        repeats = np.asarray(repeats)
    if np.ndim(repeats) == 0:
        return np.ravel(np.broadcast_to(flat[:, None], (flat.shape[0], repeats)))
    if repeats.shape[0] != flat.shape[0]:
        raise ValueError("repeat takes one number, or one for each element")
    result = np.empty(np.sum(repeats), flat.dtype)
    at = 0
    for i in range(flat.shape[0]):
        for _ in range(repeats[i]):
            result[at] = flat[i]
            at += 1
    return result


@PRIMITIVES.define("resize", takes_complex=True)
def resize(a, new_shape):
    """The elements in row order, repeated as often as it takes to fill another shape."""
    flat = np.ravel(np.asarray(a))
    result = np.empty(new_shape, flat.dtype)
    places = np.ravel(result)
    if flat.shape[0] == 0:
        places[:] = 0
    else:
        for i in range(places.shape[0]):
            places[i] = flat[i % flat.shape[0]]
    return result


@PRIMITIVES.define("atleast_3d", takes_complex=True)
def atleast_3d(a):
    """The array with axes of length 1 added to make three."""
    a = np.asarray(a)
    if a.ndim == 0:
        return a[None, None, None]
    if a.ndim == 1:
        return a[None, :, None]
    return a[:, :, None] if a.ndim == 2 else a


@PRIMITIVES.define("dstack", takes_complex=True)
def dstack(tup):
    """The arrays along the third axis."""
    return np.concatenate([atleast_3d(a) for a in tup], axis=2)


@PRIMITIVES.define("row_stack", takes_complex=True)
def row_stack(tup):
    """The arrays along the first axis, vectors as rows."""
    return np.vstack(tup)


@PRIMITIVES.define("asfortranarray", takes_complex=True)
def asfortranarray(a):
    """The array with the first axis fastest in memory: itself, or a copy."""
    return np.transpose(np.ascontiguousarray(np.transpose(a)))


@PRIMITIVES.define("asarray_chkfinite", takes_complex=True)
def asarray_chkfinite(a, dtype=None):
    """The array, which may hold neither NaN nor infinity."""
    a = np.asarray(a, dtype)
    if not np.all(np.isfinite(a)):
        raise ValueError("array must not contain infs or NaNs")
    return a


@PRIMITIVES.define("diagflat", takes_complex=True)
def diagflat(v, k=0):
    """The matrix with the elements, in row order, on a diagonal."""
    return np.diag(np.ravel(np.asarray(v)), k)


@PRIMITIVES.define("fill_diagonal", takes_complex=True)
def fill_diagonal(a, val, wrap=False):
    """Store numbers on the diagonal, in turn if there are several; ``wrap`` starts it again below in a tall matrix."""
    values = np.ravel(np.asarray(val))
    if a.ndim == 2:
        rows, columns = a.shape
        count = min(rows, columns)
        if wrap and rows > columns:
            count = (rows * columns + columns) // (columns + 1)
        for i in range(count):
            at = i * (columns + 1)
            a[at // columns, at % columns] = values[i % values.shape[0]]
    elif a.ndim == 3:
        if a.shape[0] != a.shape[1] or a.shape[0] != a.shape[2]:
            raise ValueError("All dimensions of input must be of equal length")
        for i in range(a.shape[0]):
            a[i, i, i] = values[i % values.shape[0]]
    else:
        raise ValueError("fill_diagonal takes arrays of two or three axes")
