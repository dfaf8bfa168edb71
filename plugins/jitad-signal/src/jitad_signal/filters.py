"""Digital filters."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import composite

_B, _A = np.array([0.3, 0.5, -0.2]), np.array([1.5, -0.4])
_X = np.array([0.3, -1.2, 2.5, 0.7, 1.1])


@composite("scipy.signal:lfilter", cases=[(_B, _A, _X), (_A, _B, _X), (_B, _A, np.array([_X, _X[::-1]]))])
def lfilter(b, a, x, axis=-1, zi=None):
    """The output of a recursive filter at rest, along the last axis of a signal with one axis or two.

    ``a[0] y[n] = sum b[k] x[n - k] - sum over k > 0 of a[k] y[n - k]`` (Oppenheim and Schafer, section 6.3).
    """
    if zi is not None:
        raise NotImplementedError("jitad has lfilter without initial conditions only: put what came before into x")
    b, a, x = np.atleast_1d(np.asarray(b)), np.atleast_1d(np.asarray(a)), np.asarray(x)
    if axis != -1 and axis != x.ndim - 1:
        raise NotImplementedError("jitad has lfilter along the last axis only: pass a transpose of x")
    if x.ndim == 1:
        return _filtered(b, a, x)
    y = np.empty(x.shape, (b[:1] * a[:1] * x[:1, :1]).dtype)
    for row in range(x.shape[0]):
        y[row] = _filtered(b, a, x[row])
    return y


def _filtered(b, a, x):
    y = np.empty(x.size, (b[:1] * a[:1] * x[:1]).dtype)
    for n in range(x.size):
        total = (x[n] * b[0] * a[0]) * 0
        for k in range(min(b.size, n + 1)):
            total += b[k] * x[n - k]
        for k in range(1, min(a.size, n + 1)):
            total -= a[k] * y[n - k]
        y[n] = total / a[0]
    return y


PRIMITIVES = (lfilter,)
