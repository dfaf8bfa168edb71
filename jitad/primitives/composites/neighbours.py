"""Differences and sums of neighbouring elements."""

from __future__ import annotations

import math

import numpy as np

from jitad.primitives.composites.collection import Collection
from jitad.primitives.core import stop_gradient
from jitad.primitives.kinds import float_type

PRIMITIVES = Collection()


@PRIMITIVES.define("ediff1d", takes_complex=True)
def ediff1d(ary, to_end=None, to_begin=None):
    """Differences of consecutive elements in row order, with something before and after them."""
    flat = np.ravel(np.asarray(ary))
    differences = flat[1:] - flat[:-1] if flat.shape[0] > 1 else flat[:0].copy()
    kind = flat.dtype.type
    if to_begin is not None:
        differences = np.concatenate((kind(np.ravel(np.asarray(to_begin))), differences))
    if to_end is not None:
        differences = np.concatenate((differences, kind(np.ravel(np.asarray(to_end)))))
    return differences


@PRIMITIVES.define("trapezoid", "trapz", takes_complex=True)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral of samples along an axis by the trapezoidal rule."""
    y = np.moveaxis(np.asarray(y), axis, -1)
    sums = y[..., 1:] + y[..., :-1]
    if x is None:
        return float_type(y)(0.5 * dx * np.sum(sums, axis=-1))
    x = np.asarray(x)
    if x.ndim > 1:
        x = np.moveaxis(x, axis, -1)
    return float_type(y, x)(0.5 * np.sum((x[..., 1:] - x[..., :-1]) * sums, axis=-1))


@PRIMITIVES.define("unwrap", kink="jumps where a difference is half a period")
def unwrap(p, discont=None, axis=-1, period=2.0 * math.pi):
    """Angles along an axis with whole periods added, so that neighbours differ by half a period at most."""
    p = np.moveaxis(np.asarray(p), axis, -1)
    fixed, turn = stop_gradient(p), stop_gradient(1.0 * period)
    steps = fixed[..., 1:] - fixed[..., :-1]
    folded = (steps + 0.5 * turn) % turn - 0.5 * turn
    folded = np.where((folded == -0.5 * turn) & (steps > 0.0), 0.5 * turn, folded)
    least = 0.5 * turn if discont is None else np.maximum(discont, 0.5 * turn)
    turns = np.where(np.abs(steps) < least, 0.0, np.rint((folded - steps) / turn))
    result = float_type(p)(1.0 * p)
    result[..., 1:] += period * np.cumsum(turns, axis=-1)
    return np.moveaxis(result, -1, axis)
