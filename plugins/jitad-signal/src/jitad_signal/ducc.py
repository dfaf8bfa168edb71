"""Fourier transforms of arrays of pairs, the same in compiled code (by DUCC) and in uncompiled code (by NumPy).

All arrays are contiguous. Pairs (..., 2) are complex numbers; ``forward`` is true for the exponent ``-2 pi i j k / n``.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
import rocket_fft
from numba import types
from numba.extending import overload, register_jitable

VERSION = rocket_fft.__version__


def as_complex(a):
    """Pairs (..., 2) as complex numbers (...), in the same memory."""
    return a.view(np.complex128 if a.dtype == np.float64 else np.complex64)[..., 0]


@overload(as_complex)
def _as_complex_compiled(a):
    kind = np.complex128 if a.dtype == types.float64 else np.complex64

    def view(a):
        return a.view(kind).reshape(a.shape[:-1])

    return view


def complex_to_complex(x, out, axes, forward, factor):
    """``factor`` times the transform of pairs along ``axes``."""
    transform = np.fft.fftn if forward else np.fft.ifftn
    as_complex(out)[...] = factor * transform(as_complex(x), axes=tuple(axes), norm=_unscaled(forward))


@overload(complex_to_complex)
def _complex_to_complex(x, out, axes, forward, factor):
    def run(x, out, axes, forward, factor):
        rocket_fft.c2c(as_complex(x), as_complex(out), axes, forward, factor, 1)

    return run


def real_to_half(x, out, axis, forward, factor):
    """``factor`` times the half spectra, as pairs, of real sequences."""
    half = np.fft.rfft(x, axis=axis)
    as_complex(out)[...] = factor * (half if forward else np.conj(half))


@overload(real_to_half)
def _real_to_half(x, out, axis, forward, factor):
    def run(x, out, axis, forward, factor):
        rocket_fft.r2c(x, as_complex(out), np.array([axis]), forward, factor, 1)

    return run


def half_to_real(x, out, axis, forward, factor):
    """``factor`` times the real sequences with the half spectra ``x``, as pairs."""
    half = np.conj(as_complex(x)) if forward else as_complex(x)
    out[...] = factor * np.fft.irfft(half, out.shape[axis], axis=axis, norm=_unscaled(False))


@overload(half_to_real)
def _half_to_real(x, out, axis, forward, factor):
    def run(x, out, axis, forward, factor):
        rocket_fft.c2r(as_complex(x), out, np.array([axis]), forward, factor, 1)

    return run


def _unscaled(forward):
    """NumPy's name for a transform in this direction that isn't divided by its length."""
    return "backward" if forward else "forward"


@register_jitable
def weigh_inner(a, axis, n, weight):
    """Multiply the pairs of half spectra of ``n`` numbers along ``axis``, except those without a mirror image."""
    length, inside = a.shape[axis], 1
    for other in range(axis + 1, a.ndim):
        inside *= a.shape[other]
    rows = a.reshape((a.size // max(length * inside, 1), length, inside))
    for outer in range(rows.shape[0]):
        for k in range(1, (n + 1) // 2):
            for at in range(inside):
                rows[outer, k, at] *= weight
