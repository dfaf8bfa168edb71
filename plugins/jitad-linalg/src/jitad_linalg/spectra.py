"""Quotients by the gaps between eigenvalues or singular values, where a gap of zero needs care."""

# These functions are read as kernels.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

KINK = (
    "where eigenvalues or singular values coincide, each value has the derivative along its own vector; "
    "vectors have none: nan, unless the result doesn't change when these vectors are turned among themselves"
)


def over_gap(number, gap, width, noise, is_certain):
    """``number / gap``. Gaps below ``width`` are zero: the quotient is 0 if ``is_certain`` and ``number`` is noise.

    Otherwise it is nan: the derivative doesn't exist, or the vectors alone don't determine it.
    """
    if abs(gap) > width:
        return number / gap
    if is_certain and abs(number) <= noise:
        return 0.0
    return np.nan


def resolution(values):
    """The size of the rounding errors of computed eigenvalues or singular values."""
    largest = 0.0
    for i in range(values.size):
        largest = max(largest, abs(values[i]))
    return 4.0 * values.size * np.finfo(values.dtype).eps * largest


def noise_of(a):
    """The size of the rounding errors of a product of matrices."""
    largest = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            largest = max(largest, abs(a[i, j]))
    return 64.0 * (a.shape[0] + 1) * np.finfo(a.dtype).eps * largest
