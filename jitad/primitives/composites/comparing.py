"""Tests of numbers and arrays, and the parts of complex numbers, of which jitad's are all real."""

from __future__ import annotations

import math

import numpy as np

from jitad.primitives.composites.collection import Collection
from jitad.primitives.core import stop_gradient
from jitad.primitives.kinds import common_type

PRIMITIVES = Collection()


@PRIMITIVES.define("isclose", takes_complex=True)
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether numbers differ by at most ``atol + rtol * abs(b)``."""
    near = (np.abs(a - b) <= atol + rtol * np.abs(b)) & np.isfinite(b) | (a == b)
    if equal_nan:
        return near | (np.isnan(a) & np.isnan(b))
    return near


@PRIMITIVES.define("allclose", takes_complex=True)
def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close."""
    return np.all(isclose(a, b, rtol, atol, equal_nan))


@PRIMITIVES.define("array_equal", takes_complex=True)
def array_equal(a1, a2):
    """Whether two arrays have the same shape and elements."""
    a1, a2 = np.asarray(a1), np.asarray(a2)
    if a1.ndim != a2.ndim:
        return False
    same = True
    for axis in range(a1.ndim):
        same = same and a1.shape[axis] == a2.shape[axis]
    if not same:
        return False
    return np.all(a1 == a2)


@PRIMITIVES.define("isneginf")
def isneginf(x):
    """Whether numbers are -inf."""
    return x == -np.inf


@PRIMITIVES.define("isposinf")
def isposinf(x):
    """Whether numbers are inf."""
    return x == np.inf


@PRIMITIVES.define("isscalar")
def isscalar(element):
    """Whether something is a number."""
    return isinstance(element, (int, float, bool, np.generic))


@PRIMITIVES.define("iscomplex")
def iscomplex(x):
    """Whether numbers have an imaginary part: none has."""
    return np.zeros_like(x, dtype=np.bool_) if isinstance(x, np.ndarray) else False


@PRIMITIVES.define("isreal")
def isreal(x):
    """Whether numbers have no imaginary part: none has one."""
    return np.ones_like(x, dtype=np.bool_) if isinstance(x, np.ndarray) else True


@PRIMITIVES.define("iscomplexobj")
def iscomplexobj(x):
    """Whether the dtype is complex: it never is."""
    return False


@PRIMITIVES.define("isrealobj")
def isrealobj(x):
    """Whether the dtype is real: it always is."""
    return True


@PRIMITIVES.define("conjugate", "conj")
def conjugate(x):
    """The complex conjugates: the real numbers themselves."""
    return np.positive(x)


@PRIMITIVES.define("real")
def real(val):
    """The real parts: the numbers themselves."""
    return val


@PRIMITIVES.define("imag")
def imag(val):
    """The imaginary parts: zeros."""
    return np.zeros_like(val) if isinstance(val, np.ndarray) else common_type(val)(0)


@PRIMITIVES.define("angle", kink="jumps at 0")
def angle(z, deg=False):
    """The angles of real numbers in the complex plane: 0 or pi."""
    x = stop_gradient(z)
    turned = np.arctan2(common_type(x)(0), x)
    return turned * common_type(x)(180.0 / math.pi) if deg else turned
