"""The discrete Fourier transforms of ``scipy.fft``: those of NumPy, with SciPy's names of arguments.

``overwrite_x`` and ``workers`` are taken and change nothing; ``plan=`` isn't offered.
"""

# Definitions are read as kernels: jitad types their arguments by each call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from jitad.plugin import composite
from jitad_signal import cases
from jitad_signal.fourier import axes_of, from_half_spectrum, half_spectrum, lengths_of, transformed


@composite("scipy.fft:fft", name="scipy_fft", cases=cases.COMPLEX, takes_complex=True)
def scipy_fft(x, n=None, axis=-1, norm=None, overwrite_x=False, workers=None):
    """The transform along an axis, of ``n`` elements: cut off, or followed by zeros."""
    return transformed(x, lengths_of(n), (axis,), 1, norm)


@composite("scipy.fft:ifft", name="scipy_ifft", cases=cases.COMPLEX, takes_complex=True)
def scipy_ifft(x, n=None, axis=-1, norm=None, overwrite_x=False, workers=None):
    """The transform back along an axis."""
    return transformed(x, lengths_of(n), (axis,), 0, norm)


@composite("scipy.fft:fft2", name="scipy_fft2", cases=cases.COMPLEX_TABLES, takes_complex=True)
def scipy_fft2(x, s=None, axes=(-2, -1), norm=None, overwrite_x=False, workers=None):
    """The transform along two axes."""
    return transformed(x, s, axes_of(x, s, axes), 1, norm)


@composite("scipy.fft:ifft2", name="scipy_ifft2", cases=cases.COMPLEX_TABLES, takes_complex=True)
def scipy_ifft2(x, s=None, axes=(-2, -1), norm=None, overwrite_x=False, workers=None):
    """The transform back along two axes."""
    return transformed(x, s, axes_of(x, s, axes), 0, norm)


@composite("scipy.fft:fftn", name="scipy_fftn", cases=cases.COMPLEX_TABLES, takes_complex=True)
def scipy_fftn(x, s=None, axes=None, norm=None, overwrite_x=False, workers=None):
    """The transform along several axes, all of them by default."""
    return transformed(x, s, axes_of(x, s, axes), 1, norm)


@composite("scipy.fft:ifftn", name="scipy_ifftn", cases=cases.COMPLEX_TABLES, takes_complex=True)
def scipy_ifftn(x, s=None, axes=None, norm=None, overwrite_x=False, workers=None):
    """The transform back along several axes."""
    return transformed(x, s, axes_of(x, s, axes), 0, norm)


@composite("scipy.fft:rfft", name="scipy_rfft", cases=cases.REAL)
def scipy_rfft(x, n=None, axis=-1, norm=None, overwrite_x=False, workers=None):
    """The first ``n // 2 + 1`` elements of the transform of real numbers along an axis."""
    return half_spectrum(x, lengths_of(n), (axis,), 1, norm)


@composite("scipy.fft:irfft", name="scipy_irfft", cases=cases.HALF, takes_complex=True)
def scipy_irfft(x, n=None, axis=-1, norm=None, overwrite_x=False, workers=None):
    """The ``n`` real numbers whose transform begins with ``a``; ``2 (len(a) - 1)`` of them by default."""
    return from_half_spectrum(x, lengths_of(n), (axis,), 0, norm)


@composite("scipy.fft:rfft2", name="scipy_rfft2", cases=cases.REAL_TABLES)
def scipy_rfft2(x, s=None, axes=(-2, -1), norm=None, overwrite_x=False, workers=None):
    """The transform of real numbers along two axes, half of the last one."""
    return half_spectrum(x, s, axes_of(x, s, axes), 1, norm)


@composite("scipy.fft:irfft2", name="scipy_irfft2", cases=cases.HALF_TABLES, takes_complex=True)
def scipy_irfft2(x, s=None, axes=(-2, -1), norm=None, overwrite_x=False, workers=None):
    """The real numbers that ``rfft2`` transforms into ``a``."""
    return from_half_spectrum(x, s, axes_of(x, s, axes), 0, norm)


@composite("scipy.fft:rfftn", name="scipy_rfftn", cases=cases.REAL_TABLES)
def scipy_rfftn(x, s=None, axes=None, norm=None, overwrite_x=False, workers=None):
    """The transform of real numbers along several axes, half of the last one."""
    return half_spectrum(x, s, axes_of(x, s, axes), 1, norm)


@composite("scipy.fft:irfftn", name="scipy_irfftn", cases=cases.HALF_TABLES, takes_complex=True)
def scipy_irfftn(x, s=None, axes=None, norm=None, overwrite_x=False, workers=None):
    """The real numbers that ``rfftn`` transforms into ``a``."""
    return from_half_spectrum(x, s, axes_of(x, s, axes), 0, norm)


@composite("scipy.fft:hfft", name="scipy_hfft", cases=cases.HALF, takes_complex=True)
def scipy_hfft(x, n=None, axis=-1, norm=None, overwrite_x=False, workers=None):
    """The transform, which is real, of the ``n`` numbers with Hermitian symmetry that begin with ``a``."""
    return from_half_spectrum(x, lengths_of(n), (axis,), 1, norm)


@composite("scipy.fft:ihfft", name="scipy_ihfft", cases=cases.REAL)
def scipy_ihfft(x, n=None, axis=-1, norm=None, overwrite_x=False, workers=None):
    """The first ``n // 2 + 1`` elements of the transform back of real numbers, which has Hermitian symmetry."""
    return half_spectrum(x, lengths_of(n), (axis,), 0, norm)


PRIMITIVES = (
    *(scipy_fft, scipy_ifft, scipy_fft2, scipy_ifft2, scipy_fftn, scipy_ifftn),
    *(scipy_rfft, scipy_irfft, scipy_rfft2, scipy_irfft2, scipy_rfftn, scipy_irfftn, scipy_hfft, scipy_ihfft),
)
