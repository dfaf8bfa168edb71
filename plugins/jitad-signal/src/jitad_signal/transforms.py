"""Discrete Fourier transforms of arrays of pairs: each is the transpose of another one, or of itself.

A complex array is a real array here, whose last axis holds real and imaginary parts; axes are counted from the first.
With ``w = exp(-2 pi i / n)``, the forward transform is ``y[k] = sum x[j] w**(j k)``. Its matrix is symmetric, so its
transpose in the inner product ``Re(conj(a) b)`` is the transform back, which has ``conj(w)``.

The transforms of real sequences keep ``n // 2 + 1`` numbers; each stands for its mirror image too, except the first
and, for even n, the last. This is a weight of 2 on the way back and none on the way there, so ``inner`` weighs the
numbers between: the transpose of one with the weight w is the other with ``w / 2``, or ``2 w``.

Compiled code calls DUCC through rocket-fft, uncompiled code calls NumPy.
"""

# Rules and implementations are kernels: jitad and Numba type their arguments by each call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array
from jitad_signal import ducc

# The text becomes part of the keys of jitad's cache, so compiled code isn't used with another version of DUCC.
_BY = f"computed by rocket-fft {ducc.VERSION}"

_ZERO, _ONE = np.array([0]), np.array([1])
_BOTH = np.array([0, 1])


def _drawn(*shape):
    return np.random.default_rng(len(shape)).standard_normal(shape)


@array(
    inert=("factor",),
    layouts="C",
    cost=20_000,
    doc=f"The Fourier transform of complex numbers along axes, {_BY}.",
    cases=[
        (np.empty((5, 2)), _drawn(5, 2), _ZERO, 1, 1.0),
        (np.empty((3, 4, 2)), _drawn(3, 4, 2), _ONE, 0, 0.25),
        (np.empty((3, 4, 2)), _drawn(3, 4, 2), _BOTH, 1, 0.5),
    ],
)
def transform_into(out, x, axes, forward, factor):
    """``factor`` times the transform along ``axes``, forward or (for ``forward`` 0) back, of pairs (..., 2)."""
    ducc.complex_to_complex(x, out, axes, forward == 1, factor)


@transform_into.vjp
def transform_vjp(out, out_bar, x, x_bar, axes, axes_bar, forward, forward_bar, factor, factor_bar):
    if out_bar is not None and x_bar is not None:
        step = np.empty_like(x_bar)
        transform_into(step, out_bar, axes, 1 - forward, factor)
        x_bar += step


@transform_into.jvp
def transform_jvp(out, out_dot, x, x_dot, axes, axes_dot, forward, forward_dot, factor, factor_dot):
    if out_dot is not None and x_dot is not None:
        step = np.empty_like(out_dot)
        transform_into(step, x_dot, axes, forward, factor)
        out_dot += step


@array(
    inert=("factor", "inner"),
    layouts="C",
    cost=20_000,
    doc=f"The half spectrum of real numbers along an axis, {_BY}.",
    cases=[
        (np.empty((3, 2)), _drawn(5), 0, 1, 1.0, 1.0),
        (np.empty((4, 2)), _drawn(6), 0, 1, 0.5, 2.0),
        (np.empty((1, 2)), _drawn(1), 0, 1, 2.0, 0.5),
        (np.empty((3, 3, 2)), _drawn(4, 3), 0, 0, 1.0, 0.5),
    ],
)
def half_into(out, x, axis, forward, factor, inner):
    """``factor`` times the transform of x (..., n, ...) along ``axis``: pairs (..., n // 2 + 1, ..., 2).

    The numbers without a mirror image are real; the others are weighed by ``inner``.
    """
    ducc.real_to_half(x, out, axis, forward == 1, factor)
    if inner != 1.0:
        ducc.weigh_inner(out, axis, x.shape[axis], inner)


@half_into.vjp
def half_vjp(out, out_bar, x, x_bar, axis, axis_bar, forward, forward_bar, factor, factor_bar, inner, inner_bar):
    if out_bar is not None and x_bar is not None:
        step = np.empty_like(x_bar)
        whole_into(step, out_bar, axis, 1 - forward, factor, 0.5 * inner)
        x_bar += step


@half_into.jvp
def half_jvp(out, out_dot, x, x_dot, axis, axis_dot, forward, forward_dot, factor, factor_dot, inner, inner_dot):
    if out_dot is not None and x_dot is not None:
        step = np.empty_like(out_dot)
        half_into(step, x_dot, axis, forward, factor, inner)
        out_dot += step


@array(
    inert=("factor", "inner"),
    layouts="C",
    cost=20_000,
    doc=f"The real numbers of a half spectrum along an axis, {_BY}.",
    cases=[
        (np.empty(5), _drawn(3, 2), 0, 0, 0.2, 1.0),
        (np.empty(6), _drawn(4, 2), 0, 0, 1.0, 0.5),
        (np.empty(1), _drawn(1, 2), 0, 0, 1.0, 0.5),
        (np.empty((4, 3)), _drawn(3, 3, 2), 0, 1, 1.0, 2.0),
    ],
)
def whole_into(out, x, axis, forward, factor, inner):
    """``factor`` times the sequences (..., n, ...) of the half spectra x (..., n // 2 + 1, ..., 2) along ``axis``.

    The imaginary parts of the numbers without a mirror image aren't read; the others are weighed by ``inner``.
    """
    if inner == 1.0:
        ducc.half_to_real(x, out, axis, forward == 1, factor)
    else:
        weighed = x.copy()
        ducc.weigh_inner(weighed, axis, out.shape[axis], inner)
        ducc.half_to_real(weighed, out, axis, forward == 1, factor)


@whole_into.vjp
def whole_vjp(out, out_bar, x, x_bar, axis, axis_bar, forward, forward_bar, factor, factor_bar, inner, inner_bar):
    if out_bar is not None and x_bar is not None:
        step = np.empty_like(x_bar)
        half_into(step, out_bar, axis, 1 - forward, factor, 2.0 * inner)
        x_bar += step


@whole_into.jvp
def whole_jvp(out, out_dot, x, x_dot, axis, axis_dot, forward, forward_dot, factor, factor_dot, inner, inner_dot):
    if out_dot is not None and x_dot is not None:
        step = np.empty_like(out_dot)
        whole_into(step, x_dot, axis, forward, factor, inner)
        out_dot += step


PRIMITIVES = (transform_into, half_into, whole_into)
