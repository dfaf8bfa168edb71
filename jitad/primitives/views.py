"""Complex arrays seen as real ones and back, in kernels and outside."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import ArgumentError


def view_as_real(z: Any) -> Any:
    """A complex array as a real one with one axis more, the last, of length 2: real and imaginary parts.

    The two share their memory. The dtype is that of the parts: float64 for complex128, float32 for complex64. In
    kernels and outside. Raises ArgumentError for what isn't an array of complex numbers.

    >>> import numpy as np
    >>> import jitad
    >>> jitad.view_as_real(np.array([1 + 2j, 3 - 1j]))
    array([[ 1.,  2.],
           [ 3., -1.]])
    """
    array = np.asarray(z)
    if array.dtype.name not in ("complex64", "complex128") or not array.dtype.isnative:
        raise ArgumentError(f"view_as_real got {array.dtype}, not complex numbers.", "convert it with astype(complex).")
    return array[..., np.newaxis].view(np.float32 if array.dtype == np.complex64 else np.float64)


def view_as_complex(a: Any) -> Any:
    """A floating-point array whose last axis has length 2 as a complex one without that axis.

    The two share their memory, so the pairs must lie whole in it. In kernels and outside. Raises ArgumentError for
    another shape, dtype or memory.

    >>> import numpy as np
    >>> import jitad
    >>> jitad.view_as_complex(np.array([[1.0, 2.0], [3.0, -1.0]]))
    array([1.+2.j, 3.-1.j])
    """
    array = np.asarray(a)
    if array.dtype.name not in ("float32", "float64") or not array.dtype.isnative:
        raise ArgumentError(f"view_as_complex got {array.dtype}, not floats.", "convert it with astype(float).")
    if array.ndim == 0 or array.shape[-1] != 2:
        raise ArgumentError(
            f"view_as_complex got the shape {array.shape}, whose last axis doesn't have length 2.",
            "put the real and the imaginary parts next to each other: np.stack((re, im), axis=-1).",
        )
    if array.size and array.strides[-1] != array.itemsize:
        raise ArgumentError(
            "view_as_complex got an array whose pairs don't lie whole in memory.", "pass np.ascontiguousarray(a)."
        )
    dtype = np.complex64 if array.dtype == np.float32 else np.complex128
    return array.view(dtype)[..., 0] if array.size else np.empty(array.shape[:-1], dtype)
