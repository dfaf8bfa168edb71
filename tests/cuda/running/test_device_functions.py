"""Derivatives that kernels of one's own call."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import jitad

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
from numba import cuda

pytestmark = [
    pytest.mark.filterwarnings("ignore:Host array used in CUDA kernel"),
    pytest.mark.filterwarnings("ignore:Grid size"),
]


def loss(w, x, c):
    t = 0.0
    for i in range(x.shape[0]):
        t += np.sin(w * x[i]) * c[0] + t * x[i] ** 2
    return t


def transformed(w, x):
    return x * w, w * w


class Fit(NamedTuple):
    slope: float
    values: tuple[float, float]


def structured(w):
    return Fit(w * 2.0, (w, w * w))


def failing(w, n):
    if n > 2:
        raise ValueError("n is too large")
    return w**n


WS, XS = np.array([0.3, -1.2, 0.7]), np.arange(9.0).reshape(3, 3) / 7.0


def test_values_and_gradients():
    derivative = jitad.value_and_grad(loss, argnums=(0, 1, 2))
    on_device = jitad.cuda.device(derivative, "float64, float64[::1], UniTuple(float64, 2)")

    @cuda.jit
    def kernel(ws, xs, out, by_x):
        i = cuda.grid(1)
        if i < ws.shape[0]:
            value, (by_w, bars, by_c) = on_device(ws[i], xs[i], (1.5, 2.0), by_x[i])
            out[i, 0], out[i, 1], out[i, 2], out[i, 3] = value, by_w, by_c[0], by_c[1]
            bars[0] *= 2.0

    out, by_x = np.zeros((3, 4)), np.full((3, 3), np.nan)
    kernel[1, 3](WS, XS, out, by_x)
    for at in range(3):
        value, (by_w, by, by_c) = derivative(WS[at], XS[at], (1.5, 2.0))
        np.testing.assert_allclose(out[at], [value, by_w, *by_c], rtol=1e-12)
        np.testing.assert_allclose(by_x[at], by * [2.0, 1.0, 1.0], rtol=1e-12)


def test_array_results_and_jacobians():
    plain = jitad.cuda.device(transformed, "(float64, float64[:])")
    jacobian = jitad.cuda.device(jitad.jacobian(transformed, argnums=1), "float64, float64[:]")

    @cuda.jit
    def kernel(ws, xs, ys, squares, matrices, rows):
        i = cuda.grid(1)
        if i < ws.shape[0]:
            _, squares[i] = plain(ws[i], xs[:, i], ys[i])
            jacobian(ws[i], xs[:, i], matrices[i], rows[i])

    ys, squares, matrices, rows = np.zeros((3, 3)), np.zeros(3), np.zeros((3, 3, 3)), np.ones((3, 3))
    kernel[1, 3](WS, XS, ys, squares, matrices, rows)
    np.testing.assert_allclose(ys, WS[:, None] * XS.T)
    np.testing.assert_allclose(squares, WS**2)
    np.testing.assert_allclose(matrices, WS[:, None, None] * np.eye(3))
    np.testing.assert_array_equal(rows, 0.0)


def test_structures():
    on_device = jitad.cuda.device(structured, "float64")

    @cuda.jit
    def kernel(ws, out):
        fit = on_device(ws[0])
        out[0], out[1], out[2] = fit.slope, fit.values[0], fit.values[1]

    out = np.zeros(3)
    kernel[1, 1](np.array([3.0]), out)
    np.testing.assert_array_equal(out, [6.0, 3.0, 9.0])


def test_failures_give_nan_and_a_status():
    on_device = jitad.cuda.device(jitad.grad(failing), "float64, int64", with_status=True)

    @cuda.jit
    def kernel(ns, out, status):
        i = cuda.grid(1)
        status[i], out[i] = on_device(3.0, ns[i])

    out, status = np.zeros(3), np.zeros(3, np.int64)
    kernel[1, 3](np.array([1, 2, 3]), out, status)
    np.testing.assert_array_equal(out, [1.0, 6.0, np.nan])
    assert list(status) == [0, 0, -1]
    assert on_device.message(int(status[2])) == "ValueError: n is too large"
    assert on_device.message(0) == ""


def test_short_tapes_and_wrong_shapes():
    short = jitad.cuda.device(jitad.grad(loss, argnums=1), "float64, float64[::1], UniTuple(float64, 1)", tape=2)
    pair = jitad.cuda.device(transformed, "float64, float64[::1]", with_status=True)

    @cuda.jit
    def kernel(x, bars, y, out, status):
        short(0.5, x, (1.0,), bars)
        status[0], (_, out[0]) = pair(0.5, x, y)

    bars, y, out, status = np.zeros(3), np.zeros(2), np.zeros(1), np.zeros(1, np.int64)
    kernel[1, 1](np.ones(3), bars, y, out, status)
    assert np.isnan(bars).all()
    assert np.isnan(y).all()
    assert np.isnan(out[0])
    assert "another shape" in pair.message(int(status[0]))
    assert "tape of 2 elements of float64 is too small" in short.message(1)


WEIGHTS = np.array([1.0, 2.0, 4.0])


def weighted(x):
    return np.sum(WEIGHTS * x * x)


def test_captured_arrays():
    on_device = jitad.cuda.device(jitad.grad(weighted), "float64[::1]")

    @cuda.jit
    def kernel(x, out):
        on_device(x, out)

    out = np.zeros(3)
    kernel[1, 1](np.ones(3), out)
    np.testing.assert_array_equal(out, 2.0 * WEIGHTS)


PHASES = np.array([1.0 + 0.5j, -0.3j, 2.0])


def interfered(z, w, c):
    total, phase = 0.0, w
    for i in range(z.shape[0]):
        phase = phase * np.exp(1j * c) + z[i] * PHASES[i % 3]
        total += np.abs(phase) ** 2 + (z[i] * w).imag
    return total


def turned(z, w):
    if w.real > 5.0:
        raise ValueError("too large")
    return z * w, w * w + 1.0


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_complex_numbers(dtype):
    name, tolerance = np.dtype(dtype).name, 1e-12 if dtype == np.complex128 else 1e-5
    derivative = jitad.value_and_grad(interfered, argnums=(0, 1, 2))
    scored = jitad.cuda.device(derivative, f"{name}[::1], {name}, float64")
    plain = jitad.cuda.device(turned, f"{name}[:], {name}", with_status=True)

    @cuda.jit
    def kernel(zs, ws, values, by_z, by_w, ys, squares, status):
        i = cuda.grid(1)
        if i < ws.shape[0]:
            values[i, 0], (_, by_w[i], values[i, 1]) = scored(zs[i], ws[i], 0.3, by_z[i])
            status[i], (_, squares[i]) = plain(zs[:, 0], ws[i], ys[i])

    rng = np.random.default_rng(4)
    zs = (rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))).astype(dtype)
    ws = np.array([0.5 - 1.0j, 2.0 + 0.25j, 6.0]).astype(dtype)
    values, by_z, by_w, ys = np.zeros((3, 2)), np.zeros_like(zs), np.zeros_like(ws), np.ones((3, 3), dtype)
    squares, status = np.zeros_like(ws), np.zeros(3, np.int64)
    kernel[1, 3](zs, ws, values, by_z, by_w, ys, squares, status)
    for at in range(3):
        value, (of_z, of_w, of_c) = derivative(zs[at], ws[at], 0.3)
        np.testing.assert_allclose(values[at], [value, of_c], rtol=tolerance)
        np.testing.assert_allclose(by_z[at], of_z, rtol=tolerance)
        np.testing.assert_allclose(by_w[at], of_w, rtol=tolerance)
    assert list(status) == [0, 0, -1]
    np.testing.assert_allclose(ys[:2], ws[:2, None] * zs[:, 0], rtol=tolerance)
    np.testing.assert_allclose(squares[:2], ws[:2] ** 2 + 1.0, rtol=tolerance)
    assert np.isnan(ys[2].view(ys.real.dtype)).all()
    assert np.isnan(squares[2].real)
    assert np.isnan(squares[2].imag)


# What is refused


def in_place(x, y):
    x[0] = y[0]
    return np.sum(x * y)


def named(x):
    return {"x": x}


def noisy(x):
    return x * np.random.normal()  # noqa: NPY002


def test_refusals():
    device = jitad.cuda.device
    with pytest.raises(jitad.ArgumentError, match="isn't a signature"):
        device(loss, "float63")
    with pytest.raises(jitad.ArgumentError, match="tape=0 isn't a number of elements"):
        device(loss, "float64", tape=0)
    with pytest.raises(jitad.ArgumentError, match="the signature has 1 arguments"):
        device(jitad.grad(loss, argnums=1), "float64")
    with pytest.raises(jitad.UnsupportedOnCudaError, match="writes to 'x', and a device function can't tell"):
        device(in_place, "float64[::1], float64[::1]")
    with pytest.raises(jitad.UnsupportedOnCudaError, match="returns a dict"):
        device(named, "float64")
    with pytest.raises(jitad.UnsupportedOnCudaError, match=r"random generator of the host[\s\S]*np.random.normal"):
        device(noisy, "float64")


def test_the_example_of_the_readme(tmp_path):
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```py\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    path = tmp_path / "on_cuda.py"
    path.write_text(block, encoding="utf-8")
    names = runpy.run_path(str(path))
    slopes = np.zeros(4)
    names["kernel"][1, 4](0.5, names["times"][:4], names["temperatures"][:4], slopes)
    each = jitad.batch(jitad.grad(names["misfit"]), in_axes=(None, 0, 0), target="cuda", shared="each")
    found = each(0.5, names["times"], names["temperatures"])
    np.testing.assert_allclose(slopes, found[:4], rtol=1e-12)
    assert names["slope"] == pytest.approx(np.sum(found), rel=1e-12)
