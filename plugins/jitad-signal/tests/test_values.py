"""Values are those of NumPy and SciPy, for all modes and sizes; what isn't offered is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from jitad_signal import convolutions, filters, interpolation
from scipy import signal

import jitad
from jitad.errors import JitadError
from jitad.testing import check_grads

MODES = ("full", "same", "valid")
LINES = [(convolutions.convolve, np.convolve), (convolutions.correlate, np.correlate)]
TABLES = [
    (convolutions.convolve2d, signal.convolve2d),
    (convolutions.correlate2d, signal.correlate2d),
    (convolutions.scipy_convolve, signal.convolve),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ours", "theirs"), [*LINES, TABLES[2]])
def test_one_axis(ours, theirs, mode):
    random = np.random.default_rng(0)
    for m, n in itertools.product(range(1, 6), repeat=2):
        a, v = random.normal(size=m), random.normal(size=n)
        np.testing.assert_allclose(ours(a, v, mode), theirs(a, v, mode), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ours", "theirs"), TABLES)
def test_two_axes(ours, theirs, mode):
    random = np.random.default_rng(0)
    for shape, other in itertools.product(itertools.product(range(1, 4), repeat=2), repeat=2):
        a, v = random.normal(size=shape), random.normal(size=other)
        try:
            expected = theirs(a, v, mode)
        except ValueError:
            with pytest.raises(ValueError, match="as large as the other"):
                ours(a, v, mode)
            continue
        np.testing.assert_allclose(ours(a, v, mode), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("nb", "na"), [*itertools.product(range(1, 5), repeat=2)])
def test_lfilter(nb, na):
    random = np.random.default_rng(0)
    b, a, x = random.normal(size=nb), 2.0 + random.normal(size=na), random.normal(size=(2, 12))
    np.testing.assert_allclose(filters.lfilter(b, a, x), signal.lfilter(b, a, x))
    np.testing.assert_allclose(filters.lfilter(b, a, x[0]), signal.lfilter(b, a, x[0]))


def test_interp():
    x = np.linspace(-1.0, 5.0, 41).reshape(1, 41)
    xp, fp = np.array([0.0, 1.0, 2.5, 4.0]), np.array([1.0, -0.5, 2.0, 3.0])
    np.testing.assert_allclose(interpolation.interp(x, xp, fp, 7.0, 8.0), np.interp(x, xp, fp, 7.0, 8.0))
    np.testing.assert_allclose(interpolation.interp(x[0], xp[:1], fp[:1]), np.interp(x[0], xp[:1], fp[:1]))


def test_interp_at_samples():
    xp, fp = np.array([0.0, 1.0, 2.5]), np.array([1.0, -0.5, 2.0])
    slopes = [jitad.grad(lambda x: np.interp(x, xp, fp))(float(x)) for x in (-0.5, 0.0, 1.0, 3.0)]
    np.testing.assert_allclose(slopes, [0.0, -1.5, 2.5 / 1.5, 0.0])


def smoothed(x, taps):
    y = x
    for _ in range(2):
        y = np.convolve(y, taps, mode="same")
    return np.sum(signal.lfilter(taps, np.array([1.0, -0.5]), y) ** 2)


def test_in_a_loop():
    check_grads(smoothed, (np.array([0.3, -1.2, 2.5, 0.7, 1.1, 0.4]), np.array([0.2, 0.5, 0.3])), order=2)


def test_compiled(compiled):
    x, taps = np.array([0.3, -1.2, 2.5, 0.7, 1.1, 0.4]), np.array([0.2, 0.5, 0.3])
    hessian = jitad.hessian(smoothed)(x, taps)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12, atol=1e-12)
    assert jitad.grad(smoothed)(x.astype(np.float32), taps.astype(np.float32)).dtype == np.float32


REFUSED = [
    lambda x: np.sum(signal.lfilter(x, x, x, 0, np.zeros(2))),
    lambda x: np.interp(0.5, x, x, period=1.0),
    lambda x: np.sum(signal.convolve2d(x.reshape(1, 3), x.reshape(3, 1), boundary="wrap")),
    lambda x: np.sum(np.convolve(x, x, mode="some")),
]


@pytest.mark.parametrize("kernel", REFUSED)
def test_options_that_are_refused(kernel):
    with pytest.raises((JitadError, NotImplementedError, ValueError)):
        jitad.grad(kernel)(np.array([0.3, 1.2, 2.5]))
