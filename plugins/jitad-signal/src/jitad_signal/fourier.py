"""What the Fourier transforms of NumPy and of SciPy have in common: complex arrays and pairs, lengths, axes, factors.

``s`` are new lengths along ``axes``, -1 for one that stays, or None.
"""

# These functions are read as kernels.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

import jitad
from jitad_signal.transforms import half_into, transform_into, whole_into


def transformed(a, s, axes, forward, norm):
    """A complex array, or a real one, transformed."""
    x = pairs_of(a)
    axes = counted(axes, x.ndim - 1)
    if s is not None:
        x = resized_to(x, s, axes)
    out = np.empty_like(x)
    transform_into(out, x, np.array(axes), forward, factor_of(size_along(x, axes), forward, norm))
    return jitad.view_as_complex(out)


def half_spectrum(a, s, axes, forward, norm):
    """A real array transformed, of the last one of the axes only the first half."""
    x = real_of(a)
    axes = counted(axes, x.ndim)
    if s is not None:
        x = resized_to(x, s, axes)
    y = half(x, axes[-1], forward, factor_of(size_along(x, axes), forward, norm))
    if len(axes) == 1:
        return jitad.view_as_complex(y)
    out = np.empty_like(y)
    transform_into(out, y, np.array(axes[:-1]), forward, 1.0)
    return jitad.view_as_complex(out)


def from_half_spectrum(a, s, axes, forward, norm):
    """The real array of what ``half_spectrum`` gives, or a complex array without its mirror image transformed."""
    x = pairs_of(a)
    axes = counted(axes, x.ndim - 1)
    last = axes[-1]
    length = 2 * (x.shape[last] - 1)
    if s is not None:
        if len(s) != len(axes):
            raise ValueError("Shape and axes have different lengths.")
        length = s[-1] if s[-1] != -1 else length
        x = resized_to(x, s[:-1], axes[:-1])
    require_length(length)
    factor = factor_of(size_along(x, axes[:-1]) * length, forward, norm)
    if len(axes) > 1:
        y = np.empty_like(x)
        transform_into(y, x, np.array(axes[:-1]), forward, 1.0)
        x = y
    return whole(x, length, s, last, forward, factor)


def half(x, axis, forward, factor):
    """The half spectra of real numbers along an axis, as pairs."""
    require_length(x.shape[axis])
    out = np.empty((*x.shape[:axis], x.shape[axis] // 2 + 1, *x.shape[axis + 1 :], 2), x.dtype)
    half_into(out, x, axis, forward, factor, 1.0)
    return out


def whole(x, length, given, axis, forward, factor):
    """The real numbers, ``length`` along the axis, of half spectra that may have another length if that is given."""
    if given is not None:
        x = resized(x, length // 2 + 1, axis)
    out = np.empty((*x.shape[:axis], length, *x.shape[axis + 1 : -1]), x.dtype)
    whole_into(out, x, axis, forward, factor, 1.0)
    return out


def pairs_of(a):
    """A complex or real array as pairs."""
    if np.iscomplexobj(a):
        return jitad.view_as_real(np.asarray(a))
    x = real_of(a)
    out = np.zeros((*x.shape, 2), x.dtype)
    out[..., 0] = x
    return out


def real_of(a):
    if np.iscomplexobj(a):
        raise TypeError("the transforms that begin with r, and ihfft, take real numbers")
    x = np.asarray(a)
    return x if x.dtype == np.float32 or x.dtype == np.float64 else x.astype(np.float64)


def lengths_of(n):
    return None if n is None else (n,)


def axes_of(a, s, axes):
    """The axes that are given; else the last ones, as many as there are lengths, or all."""
    if axes is not None:
        return (axes,) if isinstance(axes, int) else axes
    count = np.ndim(a) if s is None else len(s)
    return tuple(range(-count, 0))


def counted(axes, ndim):
    """Axes counted from the first one."""
    found = tuple([axis if axis >= 0 else axis + ndim for axis in axes])
    for at in range(len(found)):
        if not 0 <= found[at] < ndim:
            raise ValueError("an axis is out of bounds")
        for other in range(at):
            if found[at] == found[other]:
                raise ValueError("jitad has transforms along different axes only")
    return found


def resized_to(x, s, axes):
    if len(s) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    for n, axis in zip(s, axes, strict=False):
        if n != -1:
            x = resized(x, n, axis)
    return x


def resized(x, n, axis):
    """``n`` elements along an axis: the first ones, or all of them and zeros."""
    require_length(n)
    out = np.zeros((*x.shape[:axis], n, *x.shape[axis + 1 :]), x.dtype)
    count = min(n, x.shape[axis])
    np.moveaxis(out, axis, 0)[:count] = np.moveaxis(x, axis, 0)[:count]
    return out


def size_along(x, axes):
    size = 1
    for axis in axes:
        require_length(x.shape[axis])
        size *= x.shape[axis]
    return size


def require_length(n):
    if n < 1:
        raise ValueError("Invalid number of FFT data points specified.")


def factor_of(size, forward, norm):
    """What a transform of so many elements is multiplied by."""
    if norm is None or norm == "backward":
        return 1.0 if forward == 1 else 1.0 / size
    if norm == "ortho":
        return 1.0 / np.sqrt(size)
    if norm == "forward":
        return 1.0 / size if forward == 1 else 1.0
    raise ValueError('Invalid norm value; should be "backward", "ortho" or "forward".')
