"""Derivatives of the incomplete beta function by its shapes, which SciPy doesn't have.

As in ``gamma_shapes``: the function itself times what comes of the derivatives of its logarithm, from the continued
fraction NIST DLMF 8.17.22 on the side of the mean where it converges fast, and by the symmetry 8.17.4 on the other.
About 1e-12 relative.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math

import numpy as np
from numba.extending import register_jitable

from jitad_special.gamma_shapes import MOST_TERMS, SMALL, trigamma
from jitad_special.linking import call_1, call_3, narrowed


def betainc_a(a, b, x):
    """The derivative of the regularised incomplete beta function I_x(a, b) by ``a``."""
    return narrowed(_derivative(np.float64(a), np.float64(b), np.float64(x), 0), (a, b, x))


def betainc_b(a, b, x):
    """The derivative of the regularised incomplete beta function I_x(a, b) by ``b``."""
    return narrowed(_derivative(np.float64(a), np.float64(b), np.float64(x), 1), (a, b, x))


def betainc_aa(a, b, x):
    """The second derivative of the regularised incomplete beta function I_x(a, b) by ``a``."""
    return narrowed(_derivative(np.float64(a), np.float64(b), np.float64(x), 2), (a, b, x))


def betainc_ab(a, b, x):
    """The derivative of the regularised incomplete beta function I_x(a, b) by ``a`` and ``b``."""
    return narrowed(_derivative(np.float64(a), np.float64(b), np.float64(x), 3), (a, b, x))


def betainc_bb(a, b, x):
    """The second derivative of the regularised incomplete beta function I_x(a, b) by ``b``."""
    return narrowed(_derivative(np.float64(a), np.float64(b), np.float64(x), 4), (a, b, x))


@register_jitable
def _derivative(a, b, x, which):
    """By a, b, aa, ab or bb."""
    if not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0):
        return math.nan
    if x == 0.0 or x == 1.0:
        return 0.0
    if x <= (a + 1.0) / (a + b + 2.0):
        value = call_3("betainc", a, b, x)
        logs = _log_derivatives(a, b, x, math.log(x), math.log1p(-x))
        by_a, by_b, by_aa, by_ab, by_bb = logs
    else:
        value = -call_3("betaincc", a, b, x)
        logs = _log_derivatives(b, a, 1.0 - x, math.log1p(-x), math.log(x))
        by_b, by_a, by_bb, by_ab, by_aa = logs
    if which == 0:
        return value * by_a
    if which == 1:
        return value * by_b
    if which == 2:
        return value * (by_a * by_a + by_aa)
    if which == 3:
        return value * (by_a * by_b + by_ab)
    return value * (by_b * by_b + by_bb)


@register_jitable
def _log_derivatives(a, b, x, log_x, log_y):
    """The derivatives of log I_x(a, b) by a, b, aa, ab, bb, for x <= (a + 1) / (a + b + 2); y is 1 - x.

    Lentz's method, its two recurrences carrying their derivatives along.
    """
    c, c_a, c_b, c_aa, c_ab, c_bb = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    d, d_a, d_b, d_aa, d_ab, d_bb = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    by_a, by_b, by_aa, by_ab, by_bb = 0.0, 0.0, 0.0, 0.0, 0.0
    n = 0
    while n < MOST_TERMS:
        n += 1
        p, p_a, p_b, p_aa, p_ab = _coefficient(n, a, b, x)
        q, q_a, q_b, q_aa, q_ab, q_bb = _inverse(c, c_a, c_b, c_aa, c_ab, c_bb)
        c, c_a, c_b, c_aa, c_ab, c_bb = _one_plus(p, p_a, p_b, p_aa, p_ab, q, q_a, q_b, q_aa, q_ab, q_bb)
        e, e_a, e_b, e_aa, e_ab, e_bb = _one_plus(p, p_a, p_b, p_aa, p_ab, d, d_a, d_b, d_aa, d_ab, d_bb)
        d, d_a, d_b, d_aa, d_ab, d_bb = _inverse(e, e_a, e_b, e_aa, e_ab, e_bb)
        step_a, step_b = c_a / c - e_a / e, c_b / c - e_b / e
        step_aa = (c_aa / c - (c_a / c) ** 2) - (e_aa / e - (e_a / e) ** 2)
        step_ab = (c_ab / c - c_a / c * (c_b / c)) - (e_ab / e - e_a / e * (e_b / e))
        step_bb = (c_bb / c - (c_b / c) ** 2) - (e_bb / e - (e_b / e) ** 2)
        by_a += step_a
        by_b += step_b
        by_aa += step_aa
        by_ab += step_ab
        by_bb += step_bb
        first = abs(step_a) + abs(step_b)
        second = abs(step_aa) + abs(step_ab) + abs(step_bb)
        seconds = abs(by_aa) + abs(by_ab) + abs(by_bb)
        if n > 2 and first < SMALL * (abs(by_a) + abs(by_b)) and second < SMALL * seconds:
            psi, psi_1 = call_1("psi", a + b), trigamma(a + b)
            return (
                log_x + psi - call_1("psi", a + 1.0) - by_a,
                log_y + psi - call_1("psi", b) - by_b,
                psi_1 - trigamma(a + 1.0) - by_aa,
                psi_1 - by_ab,
                psi_1 - trigamma(b) - by_bb,
            )
    return math.nan, math.nan, math.nan, math.nan, math.nan


@register_jitable
def _coefficient(n, a, b, x):
    """The n-th numerator of the fraction, and its derivatives by a, b, aa, ab (that by bb is 0)."""
    m = n // 2
    if n % 2:
        i, j, k, h = 1.0 / (a + m), 1.0 / (a + b + m), 1.0 / (a + 2 * m), 1.0 / (a + 2 * m + 1)
        p = -(a + b + m) * x * h
        if m > 0:
            p *= (a + m) * k
        slope = i + j - k - h
        return p, p * slope, p * j, p * (slope * slope - i * i - j * j + k * k + h * h), p * (slope * j - j * j)
    k, h = 1.0 / (a + 2 * m - 1), 1.0 / (a + 2 * m)
    scale = m * x * k * h
    slope = -k - h
    p = (b - m) * scale
    return p, p * slope, scale, p * (slope * slope + k * k + h * h), scale * slope


@register_jitable
def _inverse(c, c_a, c_b, c_aa, c_ab, c_bb):
    """1 / c and its derivatives."""
    q = 1.0 / c
    w = q * q
    return (
        q,
        -c_a * w,
        -c_b * w,
        (2.0 * c_a * c_a * q - c_aa) * w,
        (2.0 * c_a * c_b * q - c_ab) * w,
        (2.0 * c_b * c_b * q - c_bb) * w,
    )


@register_jitable
def _one_plus(p, p_a, p_b, p_aa, p_ab, q, q_a, q_b, q_aa, q_ab, q_bb):
    """1 + p q and its derivatives."""
    return (
        1.0 + p * q,
        p_a * q + p * q_a,
        p_b * q + p * q_b,
        p_aa * q + 2.0 * p_a * q_a + p * q_aa,
        p_ab * q + p_a * q_b + p_b * q_a + p * q_ab,
        2.0 * p_b * q_b + p * q_bb,
    )
