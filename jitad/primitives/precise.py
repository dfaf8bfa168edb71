"""Special functions in uncompiled code: NumPy scalars in, the same type out, ``np.longdouble`` included.

float64 and narrower go to ``scipy.special``. For longdouble: the series and continued fractions of Abramowitz
and Stegun, *Handbook of Mathematical Functions* (7.1.6, 7.1.14, 6.1.41), good to about 1e-18 relative where the
result isn't near a zero of the function.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.primitives import kernels

PI = np.longdouble("3.14159265358979323846264338327950288")
_LOG_ROOT_2PI = np.longdouble("0.918938533204672741780329736405617640")
# B(2k) / (2k (2k - 1)) of Stirling's series, as numerators and denominators
_STIRLING = ((1, 12), (-1, 360), (1, 1260), (-1, 1680), (1, 1188), (-691, 360360), (1, 156), (-3617, 122400))


def erf(x: Any) -> Any:
    """The error function."""
    if not isinstance(x, np.longdouble):
        return _scipy("erf", x)
    if abs(x) >= 3:
        return np.sign(x) * (1 - _erfc_fraction(abs(x)))
    return _erf_series(x)


def erfc(x: Any) -> Any:
    """``1 - erf(x)``, without cancellation."""
    if not isinstance(x, np.longdouble):
        return _scipy("erfc", x)
    return _erfc_fraction(x) if x >= 2 else 1 - erf(x)


def lgamma(x: Any) -> Any:
    """The logarithm of the absolute value of the gamma function; inf at 0, -1, -2, …"""
    if not isinstance(x, np.longdouble):
        return _scipy("gammaln", x)
    if np.isnan(x) or np.isinf(x):
        return abs(x)
    if x <= 0:
        if x == np.floor(x):
            return np.longdouble(np.inf)
        return np.log(PI / abs(np.sin(PI * (x - np.rint(x))))) - lgamma(1 - x)
    product = np.longdouble(1)
    while x < 20:
        product *= x
        x = x + 1
    series = sum(np.longdouble(n) / d / x ** (2 * k + 1) for k, (n, d) in enumerate(_STIRLING))
    return (x - 0.5) * np.log(x) - x + _LOG_ROOT_2PI + series - np.log(product)


def gamma(x: Any) -> Any:
    """The gamma function."""
    if not isinstance(x, np.longdouble):
        return _scipy("gamma", x)
    if x <= 0 and x == np.floor(x):
        return np.longdouble(np.nan)
    sign = -1 if x < 0 and np.floor(x) % 2 else 1
    return sign * np.exp(lgamma(x))


def digamma(x: Any) -> Any:
    """The derivative of ``lgamma``."""
    return kernels.digamma_with(x, np.longdouble(20) if isinstance(x, np.longdouble) else 10.0, _pi(x), np)


def polygamma(n: Any, x: Any) -> Any:
    """The ``n``-th derivative of ``digamma``, n >= 0."""
    return digamma(x) if n == 0 else kernels.polygamma(n, x)


def expit(x: Any) -> Any:
    """The logistic function."""
    power = np.exp(-abs(x))
    return (power**0 if x >= 0 else power) / (1 + power)


def sinc(x: Any) -> Any:
    """``sin(pi x) / (pi x)``."""
    return np.sinc(x)


def heaviside(x: Any, at_zero: Any) -> Any:
    """The unit step."""
    return np.heaviside(x, at_zero)


def _pi(x: Any) -> Any:
    return PI if isinstance(x, np.longdouble) else np.float64(np.pi)


def _scipy(name: str, x: Any) -> Any:
    from scipy import special

    return getattr(special, name)(x)


def _erf_series(x: Any) -> Any:
    term = total = x
    n = 0
    while abs(term) > abs(total) * np.longdouble(1e-22):
        n += 1
        term = term * (2 * x * x) / (2 * n + 1)
        total = total + term
    return 2 / np.sqrt(PI) * np.exp(-x * x) * total


def _erfc_fraction(x: Any) -> Any:
    fraction = np.longdouble(0)
    for k in range(300, 0, -1):
        fraction = (np.longdouble(k) / 2) / (x + fraction)
    return np.exp(-x * x) / np.sqrt(PI) / (x + fraction)
