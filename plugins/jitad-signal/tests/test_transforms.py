"""Fourier transforms: values of all arguments are NumPy's, gradients those of the formulas, and what is refused."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jitad_signal import numpy_fft, scipy_fft

import jitad
from jitad.testing import check_grads

RANDOM = np.random.default_rng(0)
TABLE = RANDOM.standard_normal((4, 5))
COMPLEX = TABLE + 1j * RANDOM.standard_normal((4, 5))
ALONG_AN_AXIS = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
ALONG_AXES = ("fft2", "ifft2", "fftn", "ifftn", "rfft2", "irfft2", "rfftn", "irfftn")


def argument(name):
    return TABLE if name.startswith(("r", "ihfft")) else COMPLEX


@pytest.mark.parametrize("name", ALONG_AN_AXIS)
def test_values_along_an_axis(name):
    ours, theirs, a = getattr(numpy_fft, name), getattr(np.fft, name), argument(name)
    for n, axis, norm in itertools.product((None, 1, 3, 4, 7), (0, -1), (None, "backward", "ortho", "forward")):
        np.testing.assert_allclose(ours(a, n, axis, norm), theirs(a, n, axis, norm), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ALONG_AXES)
def test_values_along_axes(name):
    ours, theirs, a = getattr(numpy_fft, name), getattr(np.fft, name), argument(name)
    for s, norm in itertools.product((None, (3, 6), (5, 4)), ("backward", "ortho", "forward")):
        for axes in ((0, 1), (-1, -2)):
            np.testing.assert_allclose(ours(a, s, axes, norm), theirs(a, s, axes, norm), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", [*ALONG_AN_AXIS, *ALONG_AXES])
def test_dtypes(name):
    single = argument(name).astype(np.float32 if argument(name).dtype == np.float64 else np.complex64)
    for functions, module in ((numpy_fft, ""), (scipy_fft, "scipy_")):
        assert getattr(functions, module + name)(single).dtype == getattr(np.fft, name)(single).dtype
    whole = np.arange(1, 7).reshape(2, 3)
    np.testing.assert_allclose(getattr(numpy_fft, name)(whole), getattr(np.fft, name)(whole), atol=1e-14)


@pytest.mark.parametrize("n", [1, 4, 5])
def test_frequencies_and_shifts(n):
    np.testing.assert_allclose(numpy_fft.fftfreq(n, 0.2), np.fft.fftfreq(n, 0.2))
    np.testing.assert_allclose(numpy_fft.rfftfreq(n, 0.2), np.fft.rfftfreq(n, 0.2))
    a = RANDOM.standard_normal((n, 3))
    for axes in (None, 0, (1,)):
        np.testing.assert_array_equal(numpy_fft.fftshift(a, axes), np.fft.fftshift(a, axes))
        np.testing.assert_array_equal(numpy_fft.ifftshift(a, axes), np.fft.ifftshift(a, axes))


def energy(z):
    return np.sum(np.abs(np.fft.fft(z)) ** 2)


def test_parseval():
    np.testing.assert_allclose(jitad.grad(energy)(COMPLEX[0]), 2 * 5 * COMPLEX[0], rtol=1e-12)


def whitened(z):
    y = np.fft.fft2(z) * np.exp(-0.1 * np.abs(z) ** 2)
    return np.sum(np.abs(np.fft.ifftn(y, norm="ortho")) ** 3) + np.fft.rfft(z.real)[0, 1].imag


def test_complex_arguments_in_both_modes():
    check_grads(whitened, (COMPLEX[:3, :2].copy(),), order=2)


@pytest.mark.parametrize(("n", "ignored"), [(8, [0, 4]), (9, [0])])
def test_imaginary_parts_that_are_not_read_have_no_gradient(n, ignored):
    z = COMPLEX.ravel()[: n // 2 + 1]
    for transform in (np.fft.irfft, np.fft.hfft):
        gradient = jitad.grad(lambda z, transform=transform: np.sum(transform(z, n) ** 3))(z)
        assert np.flatnonzero(gradient.imag == 0.0).tolist() == ignored


REFUSED = [
    (lambda a: np.sum(np.abs(np.fft.fft(a, 0))), "Invalid number"),
    (lambda a: np.sum(np.abs(np.fft.fft(a, norm="none"))), "Invalid norm"),
    (lambda a: np.sum(np.abs(np.fft.fftn(a, axes=(0, 0)))), "different axes"),
    (lambda a: np.sum(np.abs(np.fft.fft(a, axis=1))), "out of bounds"),
    (lambda a: np.sum(np.abs(np.fft.fftn(a, (2, 2), axes=(0,)))), "different lengths"),
]


@pytest.mark.parametrize(("kernel", "message"), REFUSED)
def test_refused(kernel, message):
    with pytest.raises(ValueError, match=message):
        jitad.grad(kernel)(TABLE[0])


def test_transforms_of_real_numbers_refuse_complex_ones():
    with pytest.raises(jitad.JitadError, match="complex"):
        jitad.grad(lambda z: np.sum(np.abs(np.fft.rfft(z))))(COMPLEX[0])


PROGRAM = """
import numpy as np
import jitad

def energy(x):
    return np.sum(np.abs(np.fft.rfft(x, 6)) ** 4) + np.sum(np.fft.irfft(np.fft.fft(x)) ** 2)

x = np.array([1.0, -2.0, 0.5, 3.0])
found = jitad.grad(energy)(x)
expected = [
    sum(sign * energy(x + sign * step) for sign in (-1, 1)) / 2e-5 for step in 1e-5 * np.eye(4)
]
np.testing.assert_allclose(found, expected, rtol=1e-7)
"""


def test_compiled_and_from_disk(tmp_path: Path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    for _ in range(2):
        run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
