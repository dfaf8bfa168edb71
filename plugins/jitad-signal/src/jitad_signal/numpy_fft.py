"""The discrete Fourier transforms of ``numpy.fft``, without ``out=``.

Real arguments of the complex transforms are taken as complex ones, integers as float64.
"""

# Definitions are read as kernels: jitad types their arguments by each call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import composite
from jitad_signal import cases
from jitad_signal.fourier import axes_of, from_half_spectrum, half_spectrum, lengths_of, transformed


@composite("numpy.fft:fft", cases=cases.COMPLEX, takes_complex=True)
def fft(a, n=None, axis=-1, norm=None):
    """The transform along an axis, of ``n`` elements: cut off, or followed by zeros."""
    return transformed(a, lengths_of(n), (axis,), 1, norm)


@composite("numpy.fft:ifft", cases=cases.COMPLEX, takes_complex=True)
def ifft(a, n=None, axis=-1, norm=None):
    """The transform back along an axis."""
    return transformed(a, lengths_of(n), (axis,), 0, norm)


@composite("numpy.fft:fft2", cases=cases.COMPLEX_TABLES, takes_complex=True)
def fft2(a, s=None, axes=(-2, -1), norm=None):
    """The transform along two axes."""
    return transformed(a, s, axes_of(a, s, axes), 1, norm)


@composite("numpy.fft:ifft2", cases=cases.COMPLEX_TABLES, takes_complex=True)
def ifft2(a, s=None, axes=(-2, -1), norm=None):
    """The transform back along two axes."""
    return transformed(a, s, axes_of(a, s, axes), 0, norm)


@composite("numpy.fft:fftn", cases=cases.COMPLEX_TABLES, takes_complex=True)
def fftn(a, s=None, axes=None, norm=None):
    """The transform along several axes, all of them by default."""
    return transformed(a, s, axes_of(a, s, axes), 1, norm)


@composite("numpy.fft:ifftn", cases=cases.COMPLEX_TABLES, takes_complex=True)
def ifftn(a, s=None, axes=None, norm=None):
    """The transform back along several axes."""
    return transformed(a, s, axes_of(a, s, axes), 0, norm)


@composite("numpy.fft:rfft", cases=cases.REAL)
def rfft(a, n=None, axis=-1, norm=None):
    """The first ``n // 2 + 1`` elements of the transform of real numbers along an axis."""
    return half_spectrum(a, lengths_of(n), (axis,), 1, norm)


@composite("numpy.fft:irfft", cases=cases.HALF, takes_complex=True)
def irfft(a, n=None, axis=-1, norm=None):
    """The ``n`` real numbers whose transform begins with ``a``; ``2 (len(a) - 1)`` of them by default.

    The imaginary part of the first element isn't read, nor that of the last one for even ``n``: their gradients are 0.
    """
    return from_half_spectrum(a, lengths_of(n), (axis,), 0, norm)


@composite("numpy.fft:rfft2", cases=cases.REAL_TABLES)
def rfft2(a, s=None, axes=(-2, -1), norm=None):
    """The transform of real numbers along two axes, half of the last one."""
    return half_spectrum(a, s, axes_of(a, s, axes), 1, norm)


@composite("numpy.fft:irfft2", cases=cases.HALF_TABLES, takes_complex=True)
def irfft2(a, s=None, axes=(-2, -1), norm=None):
    """The real numbers that ``rfft2`` transforms into ``a``."""
    return from_half_spectrum(a, s, axes_of(a, s, axes), 0, norm)


@composite("numpy.fft:rfftn", cases=cases.REAL_TABLES)
def rfftn(a, s=None, axes=None, norm=None):
    """The transform of real numbers along several axes, half of the last one."""
    return half_spectrum(a, s, axes_of(a, s, axes), 1, norm)


@composite("numpy.fft:irfftn", cases=cases.HALF_TABLES, takes_complex=True)
def irfftn(a, s=None, axes=None, norm=None):
    """The real numbers that ``rfftn`` transforms into ``a``."""
    return from_half_spectrum(a, s, axes_of(a, s, axes), 0, norm)


@composite("numpy.fft:hfft", cases=cases.HALF, takes_complex=True)
def hfft(a, n=None, axis=-1, norm=None):
    """The transform, which is real, of the ``n`` numbers with Hermitian symmetry that begin with ``a``."""
    return from_half_spectrum(a, lengths_of(n), (axis,), 1, norm)


@composite("numpy.fft:ihfft", cases=cases.REAL)
def ihfft(a, n=None, axis=-1, norm=None):
    """The first ``n // 2 + 1`` elements of the transform back of real numbers, which has Hermitian symmetry."""
    return half_spectrum(a, lengths_of(n), (axis,), 0, norm)


@composite("numpy.fft:fftfreq", "scipy.fft:fftfreq", cases=[(4, 0.5), (1, 2.0)])
def fftfreq(n, d=1.0):
    """The frequencies of a transform's elements, for samples that are ``d`` apart."""
    out = np.empty(n)
    for k in range(n):
        out[k] = k if k < (n + 1) // 2 else k - n
    return out / (n * d)


@composite("numpy.fft:rfftfreq", "scipy.fft:rfftfreq", cases=[(4, 0.5), (1, 2.0)])
def rfftfreq(n, d=1.0):
    """The frequencies of the elements of a half spectrum."""
    return np.arange(n // 2 + 1) / (n * d)


@composite("numpy.fft:fftshift", "scipy.fft:fftshift", cases=cases.SHIFTED, takes_complex=True)
def fftshift(x, axes=None):
    """The elements in the order of their frequencies, zero in the middle."""
    for axis in axes_of(x, None, axes):
        x = np.roll(x, x.shape[axis] // 2, axis)
    return x


@composite("numpy.fft:ifftshift", "scipy.fft:ifftshift", cases=cases.SHIFTED, takes_complex=True)
def ifftshift(x, axes=None):
    """The inverse of ``fftshift``."""
    for axis in axes_of(x, None, axes):
        x = np.roll(x, -(x.shape[axis] // 2), axis)
    return x


PRIMITIVES = (
    *(fft, ifft, fft2, ifft2, fftn, ifftn, rfft, irfft, rfft2, irfft2, rfftn, irfftn, hfft, ihfft),
    *(fftfreq, rfftfreq, fftshift, ifftshift),
)
