"""Numbers in regular order: masks of triangles, spacings, windows, powers."""

from __future__ import annotations

import math

import numpy as np

from jitad.primitives.composites.collection import Collection
from jitad.primitives.kinds import common_type

PRIMITIVES = Collection()


def _triangle(rows, columns, k):
    """Where a matrix is on or below its ``k``-th diagonal."""
    return np.arange(rows)[:, None] >= np.arange(columns)[None, :] - k


@PRIMITIVES.define("tri")
def tri(N, M=None, k=0):  # noqa: N803 (NumPy's names, which callers may use)
    """Ones on and below a diagonal."""
    return _triangle(N, N if M is None else M, k).astype(np.float64)


@PRIMITIVES.define("tril", takes_complex=True)
def tril(m, k=0):
    """A copy with zeros above the ``k``-th diagonal of the last two axes."""
    m = np.asarray(m)
    return np.where(_triangle(m.shape[-1] if m.ndim == 1 else m.shape[-2], m.shape[-1], k), m, common_type(m)(0))


@PRIMITIVES.define("triu", takes_complex=True)
def triu(m, k=0):
    """A copy with zeros below the ``k``-th diagonal of the last two axes."""
    m = np.asarray(m)
    below = _triangle(m.shape[-1] if m.ndim == 1 else m.shape[-2], m.shape[-1], k - 1)
    return np.where(below, common_type(m)(0), m)


@PRIMITIVES.define("tril_indices")
def tril_indices(n, k=0, m=None):
    """The places on and below a diagonal."""
    return np.nonzero(_triangle(n, n if m is None else m, k))


@PRIMITIVES.define("triu_indices")
def triu_indices(n, k=0, m=None):
    """The places on and above a diagonal."""
    return np.nonzero(~_triangle(n, n if m is None else m, k - 1))


@PRIMITIVES.define("tril_indices_from")
def tril_indices_from(arr, k=0):
    """The places of a matrix on and below a diagonal."""
    return tril_indices(arr.shape[0], k, arr.shape[1])


@PRIMITIVES.define("triu_indices_from")
def triu_indices_from(arr, k=0):
    """The places of a matrix on and above a diagonal."""
    return triu_indices(arr.shape[0], k, arr.shape[1])


@PRIMITIVES.define("logspace")
def logspace(start, stop, num=50, *, base=10.0):
    """Powers whose exponents are evenly spaced."""
    return base ** np.linspace(start, stop, num)


@PRIMITIVES.define("geomspace")
def geomspace(start, stop, num=50):
    """Numbers with a constant ratio; the first is ``start`` and the last is ``stop``."""
    if start * stop <= 0:
        raise ValueError("the ends of geomspace must be both positive or both negative")
    sign = np.sign(1.0 * start)
    result = sign * 10.0 ** np.linspace(np.log10(sign * start), np.log10(sign * stop), num)
    if num > 0:
        result[0] = start
    if num > 1:
        result[num - 1] = stop
    return result


@PRIMITIVES.define("vander")
def vander(x, N=None, increasing=False):  # noqa: N803
    """The powers of numbers, a column for each, the highest first unless ``increasing``."""
    x = np.asarray(x)
    columns = x.shape[0] if N is None else N
    kind = np.float64 if common_type(x) in (np.float64, np.float32) else np.int64
    result = np.empty((x.shape[0], columns), kind)
    for i in range(x.shape[0]):
        power = kind(1)
        for j in range(columns):
            result[i, j if increasing else columns - 1 - j] = power
            power = power * x[i]
    return result


def _window_places(M):  # noqa: N803
    """The numbers from -1 to 1 that a window of ``M`` points is a function of (0 for a single point)."""
    return np.arange(1 - M, M, 2) / max(M - 1, 1)


@PRIMITIVES.define("bartlett")
def bartlett(M):  # noqa: N803
    """The triangular window."""
    return 1.0 - np.abs(_window_places(M))


@PRIMITIVES.define("hanning")
def hanning(M):  # noqa: N803
    """The Hann window, a raised cosine."""
    return 0.5 + 0.5 * np.cos(math.pi * _window_places(M))


@PRIMITIVES.define("hamming")
def hamming(M):  # noqa: N803
    """The Hamming window, a raised cosine that doesn't end at zero."""
    return 0.54 + 0.46 * np.cos(math.pi * _window_places(M))


@PRIMITIVES.define("blackman")
def blackman(M):  # noqa: N803
    """The Blackman window, of three cosines."""
    x = math.pi * _window_places(M)
    return 0.42 + 0.5 * np.cos(x) + 0.08 * np.cos(2.0 * x)


def _bessel_i0(x):
    """The modified Bessel function of order zero, by its power series (NIST DLMF 10.25.2), whose terms are positive."""
    quarter = 0.25 * x * x
    total = 1.0 + 0.0 * x
    term = total
    k = 0.0
    while term > 1e-19 * total:
        k += 1.0
        term = term * quarter / (k * k)
        total = total + term
    return total


@PRIMITIVES.define("kaiser")
def kaiser(M, beta):  # noqa: N803
    """The Kaiser window, of the modified Bessel function."""
    places = _window_places(M)
    result = np.empty(places.shape[0])
    middle = _bessel_i0(beta)
    for i in range(places.shape[0]):
        inside = math.sqrt((1.0 - places[i]) * (1.0 + places[i]))
        result[i] = _bessel_i0(beta * inside) / middle
    return result
