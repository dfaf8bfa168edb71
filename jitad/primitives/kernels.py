"""Special functions that Numba lacks, written so that Numba compiles them; they also run uncompiled.

Formulas: Abramowitz and Stegun, *Handbook of Mathematical Functions*, 6.3 and 6.4, and the Euler-Maclaurin
summation of Hurwitz' zeta function (NIST DLMF 25.11.5).
"""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable


@register_jitable
def digamma(x):
    """The derivative of ``lgamma``; nan at its poles 0, -1, -2, …

    Asymptotic series (A&S 6.3.18) after the recurrence (6.3.5); reflection (6.3.7) for negative ``x``.
    Absolute error about 1e-15 times the size of the largest term.
    """
    shift = 0.0
    if x <= 0.0:
        if x == math.floor(x):
            return math.nan
        shift = -math.pi / math.tan(math.pi * (x - math.floor(x + 0.5)))
        x = 1.0 - x
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    w = 1.0 / (x * x)
    series = w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * (691 / 32760 - w / 12)))))
    return shift + math.log(x) - 0.5 / x - w / 12 + w * series


def digamma_with(x: Any, far: Any, pi: Any, functions: Any) -> Any:
    """``digamma`` in the precision of ``x``: series from ``far`` on, with these values and elementary functions."""
    shift = x * 0
    if x <= 0:
        if x == functions.floor(x):
            return shift + functions.nan
        shift = -pi / functions.tan(pi * (x - functions.rint(x)))
        x = 1 - x
    while x < far:
        shift = shift - 1 / x
        x = x + 1
    w = 1 / (x * x)
    bernoulli = ((1, 12), (-1, 120), (1, 252), (-1, 240), (1, 132), (-691, 32760), (1, 12), (-3617, 8160))
    one = x / x
    series = sum(one * n / d * w ** (k + 1) for k, (n, d) in enumerate(bernoulli))
    return shift + functions.log(x) - 1 / (2 * x) - series


@register_jitable
def hurwitz_zeta(s, q):
    """The sum over k >= 0 of ``(q + k) ** -s``, for an integer s >= 2 and q > 0 (DLMF 25.11.5)."""
    q = q * 1.0
    total = q * 0.0
    while q < 10.0 + s:
        total += q ** (-s)
        q += 1.0
    total += q ** (1 - s) / (s - 1) + q ** (-s) / 2
    # the terms B(2j) / (2j)! * s (s + 1) ... (s + 2j - 2) * q ** (1 - s - 2j)
    term = s * q ** (-s - 1)
    w = q * q
    total += term / 12
    term *= (s + 1) * (s + 2) / w
    total -= term / 720
    term *= (s + 3) * (s + 4) / w
    total += term / 30240
    term *= (s + 5) * (s + 6) / w
    total -= term / 1209600
    term *= (s + 7) * (s + 8) / w
    total += term / 47900160
    term *= (s + 9) * (s + 10) / w
    total -= term * 691 / 1307674368000
    term *= (s + 11) * (s + 12) / w
    return total + term / 74724249600


@register_jitable
def polygamma(n, x):
    """The ``n``-th derivative of ``digamma`` for an integer n >= 0; nan at the poles 0, -1, -2, …

    ``(-1) ** (n + 1) n!`` times Hurwitz' zeta function at ``n + 1`` (A&S 6.4.10); for negative ``x`` the sum over
    all integers is split at the nearest one.
    """
    if n == 0:
        return digamma(x)
    s = int(n) + 1
    factorial = 1.0
    for k in range(2, s):
        factorial *= k
    sign = -1.0 if s % 2 else 1.0
    if x > 0.0:
        return sign * factorial * hurwitz_zeta(s, x)
    if x == math.floor(x) or x != x:
        return math.nan
    r = x - math.floor(x + 0.5)
    everywhere = r ** (-s) + hurwitz_zeta(s, 1.0 + r) + sign * hurwitz_zeta(s, 1.0 - r)
    return sign * factorial * (everywhere - sign * hurwitz_zeta(s, 1.0 - x))


@register_jitable
def expit(x):
    """The logistic function ``1 / (1 + exp(-x))``; nothing overflows, and small results keep their digits."""
    power = math.exp(-abs(x))
    return (1.0 if x >= 0.0 else power) / (1.0 + power)


@register_jitable
def sinc(x):
    """``sin(pi x) / (pi x)``, 1 at 0 (NumPy's ``sinc``)."""
    y = math.pi * x
    return 1.0 if y == 0.0 else math.sin(y) / y


@register_jitable
def heaviside(x, at_zero):
    """The unit step, ``at_zero`` at 0 and nan for nan (NumPy's ``heaviside``)."""
    if x == 0.0:
        return at_zero * 1.0
    return 0.0 if x < 0.0 else (1.0 if x > 0.0 else x * 1.0)
