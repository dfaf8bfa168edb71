"""Values where closed forms lose digits, against 40 digits of mpmath."""

from __future__ import annotations

import pytest
from scipy import special

import jitad

mp = pytest.importorskip("mpmath", reason="references of 40 digits need mpmath")


def derivative(function, *args, order=1):
    """The derivative of an mpmath function by its last argument, or of several orders by all."""
    with mp.workdps(60):
        orders = (0,) * (len(args) - 1) + (order,) if isinstance(order, int) else order
        return float(mp.diff(function, tuple(map(mp.mpf, args)), orders))


def scaled(x):
    return mp.exp(x * x) * mp.erfc(x)


def dawson(x):
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


ONE = [
    *[(special.erfcx, scaled, x) for x in (-2.0, 0.5, 24.9, 25.1, 3e3, 1e6)],
    *[(special.dawsn, dawson, x) for x in (0.5, 24.9, 25.1, -40.0)],
    *[(special.log_ndtr, lambda x: mp.log(mp.ncdf(x)), x) for x in (-30.0, -1.0, 3.0)],
    *[(special.spence, lambda z: mp.polylog(2, 1 - z), z) for z in (0.999, 1.0001, 0.81, 1.19)],
    *[(special.exprel, lambda x: mp.expm1(x) / x, x) for x in (1e-9, -0.99, 1.01)],
    *[(special.ellipk, mp.ellipk, m) for m in (1e-9, 0.19, 0.21, -0.19)],
    *[(special.ellipe, mp.ellipe, m) for m in (1e-9, 0.19, 0.21, -0.19)],
    *[(special.rgamma, mp.rgamma, x) for x in (-2.0, -2.000001, 0.49, 0.51)],
    *[(special.i1e, lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), x) for x in (1e-6, 50.0)],
]


@pytest.mark.parametrize(("function", "reference", "x"), ONE)
def test_first_and_second_derivative(function, reference, x):
    def kernel(x):
        return function(x)

    assert jitad.grad(kernel)(x) == pytest.approx(derivative(reference, x), rel=1e-9)
    assert jitad.grad(jitad.grad(kernel))(x) == pytest.approx(derivative(reference, x, order=2), rel=1e-9)


def lower(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


@pytest.mark.parametrize(
    ("a", "x"), [(1e-3, 0.5), (1e-3, 5.0), (5.0, 0.01), (30.0, 40.0), (300.0, 290.0), (1e4, 1.01e4), (0.1, 1e-8)]
)
def test_gammainc(a, x):
    def kernel(a, x):
        return special.gammainc(a, x)

    slopes = jitad.grad(kernel, argnums=(0, 1))(a, x)
    assert slopes[0] == pytest.approx(derivative(lower, a, x, order=(1, 0)), rel=1e-9)
    assert slopes[1] == pytest.approx(derivative(lower, a, x, order=(0, 1)), rel=1e-9)
    bend = jitad.grad(jitad.grad(kernel))(a, x)
    assert bend == pytest.approx(derivative(lower, a, x, order=(2, 0)), rel=1e-9)


def incomplete(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


ORDERS = {(0, 0): (2, 0, 0), (0, 1): (1, 1, 0), (1, 1): (0, 2, 0)}


@pytest.mark.parametrize(
    ("a", "b", "x"),
    [(0.5, 0.5, 0.3), (2.0, 3.0, 0.9), (200.0, 300.0, 0.38), (1e-3, 2.0, 0.3), (5.0, 0.01, 0.9), (3.0, 4.0, 1e-10)],
)
def test_betainc(a, b, x):
    def kernel(a, b, x):
        return special.betainc(a, b, x)

    slopes = jitad.grad(kernel, argnums=(0, 1, 2))(a, b, x)
    for at, order in enumerate([(1, 0, 0), (0, 1, 0), (0, 0, 1)]):
        assert slopes[at] == pytest.approx(derivative(incomplete, a, b, x, order=order), rel=1e-9)
    for (first, second), order in ORDERS.items():
        bend = jitad.grad(jitad.grad(kernel, argnums=first), argnums=second)(a, b, x)
        assert bend == pytest.approx(derivative(incomplete, a, b, x, order=order), rel=1e-9)
