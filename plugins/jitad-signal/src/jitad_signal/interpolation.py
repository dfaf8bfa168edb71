"""Interpolation between samples."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import composite

_XP, _FP = np.array([0.0, 1.0, 2.5, 4.0]), np.array([1.0, -0.5, 2.0, 3.0])


@composite(
    np.interp,
    kink="at a sample the slope of the interval above it; 0 outside the samples",
    cases=[(1.7, _XP, _FP), (np.array([0.2, 3.1, -1.0, 9.0, 2.4]), _XP, _FP)],
)
def interp(x, xp, fp, left=None, right=None, period=None):
    """Piecewise linear interpolation between the samples ``fp`` at the increasing places ``xp``."""
    if period is not None:
        raise NotImplementedError("jitad has interp without a period only: reduce x, and repeat the samples, yourself")
    x, xp, fp = np.asarray(x), np.asarray(xp), np.asarray(fp)
    if xp.size != fp.size or xp.size == 0:
        raise ValueError("xp and fp must have the same length, which isn't 0")
    below = fp[0] if left is None else left
    above = fp[-1] if right is None else right
    if x.ndim == 0:
        return _at(x[()], xp, fp, below, above)
    flat = x.ravel()
    out = np.empty(flat.size)
    for i in range(flat.size):
        out[i] = _at(flat[i], xp, fp, below, above)
    return out.reshape(x.shape)


def _at(x, xp, fp, below, above):
    last = xp.size - 1
    if x < xp[0]:
        value = np.float64(below)
    elif x > xp[last]:
        value = np.float64(above)
    elif x == xp[last]:
        value = np.float64(fp[last])
    else:
        k = max(min(np.searchsorted(xp, x, side="right") - 1, last - 1), 0)
        start, low = np.float64(xp[k]), np.float64(fp[k])
        value = low + (np.float64(fp[k + 1]) - low) / (np.float64(xp[k + 1]) - start) * (np.float64(x) - start)
    return value


PRIMITIVES = (interp,)
