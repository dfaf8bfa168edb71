"""Convolutions and correlations of NumPy and SciPy, of arrays with one axis or two.

They are summed directly, whichever method SciPy would choose: for real numbers the results differ by rounding alone.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import composite
from jitad_signal.products import full_into, valid_into
from jitad_signal.products_2d import full_2d_into, valid_2d_into

_A = np.array([0.3, -1.2, 2.5, 0.7, 1.1])
_V = np.array([1.5, -0.4, 0.9])
_EVEN = np.array([0.5, 2.0])
_MODES = [(_A, _V, "full"), (_A, _V, "same"), (_V, _A, "valid"), (_EVEN, _A, "same"), (_A, _EVEN, "same")]
_TABLE = np.array([[0.3, -1.2, 2.5, 0.4], [0.7, 1.1, -0.6, 2.0], [0.2, 0.9, -1.4, 1.0]])
_MASK = np.array([[1.5, -0.4], [0.9, 0.3]])
_TABLES = [(_TABLE, _MASK, mode) for mode in ("full", "same", "valid")] + [(_MASK, _TABLE, "valid")]


def _full(a, v):
    """All overlaps of two arrays with one axis or two."""
    if a.ndim == 1:
        out = np.empty(a.size + v.size - 1, (a[:1] * v[:1]).dtype)
        full_into(out, a, v)
    else:
        shape = (a.shape[0] + v.shape[0] - 1, a.shape[1] + v.shape[1] - 1)
        out = np.empty(shape, (a[:1, :1] * v[:1, :1]).dtype)
        full_2d_into(out, a, v)
    return out


def _valid(a, v):
    """The overlaps where ``v`` lies within ``a``, without reversing it."""
    if a.ndim == 1:
        out = np.empty(a.size - v.size + 1, (a[:1] * v[:1]).dtype)
        valid_into(out, a, v)
    else:
        shape = (a.shape[0] - v.shape[0] + 1, a.shape[1] - v.shape[1] + 1)
        out = np.empty(shape, (a[:1, :1] * v[:1, :1]).dtype)
        valid_2d_into(out, a, v)
    return out


def _reversed(a):
    return a[::-1] if a.ndim == 1 else a[::-1, ::-1]


def _same(out, like, row, column):
    """The part of ``out`` with the shape of ``like`` that begins at (row, column)."""
    return out[row : row + like.shape[0], column : column + like.shape[1]]


def _require(a, v):
    if a.ndim != v.ndim:
        raise ValueError("both arrays must have the same number of axes")
    if a.size == 0 or v.size == 0:
        raise ValueError("neither array may be empty")


# NumPy


@composite(np.convolve, cases=_MODES)
def convolve(a, v, mode="full"):
    """The discrete convolution of two sequences."""
    a, v = np.atleast_1d(np.asarray(a)), np.atleast_1d(np.asarray(v))
    _require(a, v)
    if mode == "full":
        return _full(a, v)
    if mode == "same":
        first = (min(a.size, v.size) - 1) // 2
        return _full(a, v)[first : first + max(a.size, v.size)]
    if mode != "valid":
        raise ValueError("the mode must be 'full', 'same' or 'valid'")
    shortest = min(a.size, v.size)
    return _full(a, v)[shortest - 1 : max(a.size, v.size)]


@composite(np.correlate, cases=_MODES)
def correlate(a, v, mode="valid"):
    """The cross-correlation of two sequences."""
    a, v = np.atleast_1d(np.asarray(a)), np.atleast_1d(np.asarray(v))
    _require(a, v)
    shortest, longest = min(a.size, v.size), max(a.size, v.size)
    everywhere = _full(a, v[::-1])
    if mode == "full":
        return everywhere
    if mode == "same":
        # the longer one is the one that is kept; swapping them reverses the result
        first = shortest // 2 if v.size > a.size else (shortest - 1) // 2
        return everywhere[first : first + longest]
    if mode != "valid":
        raise ValueError("the mode must be 'full', 'same' or 'valid'")
    return everywhere[shortest - 1 : longest]


# SciPy


def _convolved(a, v, mode):
    """SciPy's modes: "same" has the shape of the first array, "valid" asks that one holds the other."""
    _require(a, v)
    if mode == "full":
        return _full(a, v)
    if mode == "same":
        if a.ndim == 1:
            first = (v.size - 1) // 2
            return _full(a, v)[first : first + a.size]
        return _same(_full(a, v), a, (v.shape[0] - 1) // 2, (v.shape[1] - 1) // 2)
    if mode != "valid":
        raise ValueError("the mode must be 'full', 'same' or 'valid'")
    holds = held = True
    for axis in range(a.ndim):
        holds = holds and a.shape[axis] >= v.shape[axis]
        held = held and a.shape[axis] <= v.shape[axis]
    if not (holds or held):
        raise ValueError("in the mode 'valid', one array must be at least as large as the other along each axis")
    if holds:
        return _valid(a, _reversed(v))
    return _valid(v, _reversed(a))


@composite(
    "scipy.signal:convolve",
    "scipy.signal:fftconvolve",
    "scipy.signal:oaconvolve",
    name="scipy_convolve",
    cases=[*_MODES, *_TABLES],
)
def scipy_convolve(in1, in2, mode="full", method="auto"):
    """The convolution of two arrays with one axis or two."""
    return _convolved(np.asarray(in1), np.asarray(in2), mode)


@composite("scipy.signal:convolve2d", name="convolve2d", cases=_TABLES)
def convolve2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    """The convolution of two matrices, zero outside (other boundaries are refused)."""
    if boundary != "fill" or fillvalue != 0:
        raise NotImplementedError("jitad has convolve2d with zeros outside only; pad the first matrix instead")
    return _convolved(np.asarray(in1), np.asarray(in2), mode)


@composite("scipy.signal:correlate2d", name="correlate2d", cases=_TABLES)
def correlate2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    """The cross-correlation of two matrices, zero outside (other boundaries are refused)."""
    if boundary != "fill" or fillvalue != 0:
        raise NotImplementedError("jitad has correlate2d with zeros outside only; pad the first matrix instead")
    in1, in2 = np.asarray(in1), np.asarray(in2)
    if mode == "same":
        _require(in1, in2)
        return _same(_full(in1, _reversed(in2)), in1, in2.shape[0] // 2, in2.shape[1] // 2)
    return _convolved(in1, _reversed(in2), mode)


PRIMITIVES = (
    *(full_into, valid_into, full_2d_into, valid_2d_into),
    *(convolve, correlate, scipy_convolve, convolve2d, correlate2d),
)
