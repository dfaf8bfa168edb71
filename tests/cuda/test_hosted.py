"""What numba-cuda makes of kernels computes the CPU's gradients, seen on the CPU (see ``hosted``)."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import prange

import jitad
from jitad.api.derivative import GradientRequest, describe_all
from jitad.api.structure import flatten
from jitad.program.types import Array
from tests.corpus import cases
from tests.cuda.running.stacked import FACTORS, scaled

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"), reason="the simulator compiles nothing"
)


def leaves_of(derived: Any, samples: list[Any]) -> list[list[Any]]:
    """For each parameter of the program its value in each sample."""
    columns = []
    for sample in samples:
        leaves: list[Any] = []
        for arg in sample:
            flatten(arg, leaves)
        for capture in derived.reading.kernel.captures:
            flatten(capture.getter(), leaves)
        columns.append(leaves)
    return [list(values) for values in zip(*columns, strict=True)]


def assert_gradients(
    function: Callable[..., Any], samples: list[Any], argnums: tuple[int, ...], rtol: float = 1e-10, layout: str = "C"
) -> None:
    from jitad.batching.work import Work
    from jitad.cuda.launch import Launch
    from tests.cuda.hosted import gradients_of

    derived = GradientRequest(argnums).derive(function, describe_all(samples[0]), {})
    params = derived.reading.program.params
    batched = tuple(not (isinstance(param.type, Array) and param.type.ndim == 0) for param in params)
    work = Work(derived.reading, derived.program, tuple(derived.wrt), batched, True)
    leaves = [
        np.ascontiguousarray(np.stack(values), param.type.dtype) if varies else np.asarray(values[0])
        for param, varies, values in zip(params, batched, leaves_of(derived, samples), strict=True)
    ]
    if layout != "C":  # the samples side by side in memory
        leaves = [np.moveaxis(np.ascontiguousarray(np.moveaxis(leaf, 0, -1)), -1, 0) for leaf in leaves]
    found = gradients_of(Launch(work), work, leaves, len(samples), layout)
    for at, sample in enumerate(samples):
        expected: list[Any] = []
        flatten(jitad.grad(function, argnums=argnums)(*sample), expected)
        for actual, right in zip(found, expected, strict=True):
            np.testing.assert_allclose(actual[at], right, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("case", cases(compiled=True)[::12], ids=str)
def test_kernels_of_the_corpus(case):
    samples = [scaled(case.make_args(), factor) for factor in FACTORS]
    assert_gradients(case.function, samples, case.argnums, 2e-4 if "float32" in case.tags else 1e-10)


def every_function(x, y, n):
    total = np.cbrt(x) * np.fmod(y, x) + np.logaddexp(x, y) - np.logaddexp2(x, -y) + np.reciprocal(x)
    total += np.floor(x) * y + np.ceil(x) * y + np.trunc(-x) * y + np.rint(x) * y + np.sign(-x) * y + np.sign(n) * y
    total += x * math.gcd(n, 12) + y * np.lcm(n, 4) + np.nextafter(x, y) + x * np.spacing(y) * 1e16
    total += math.lgamma(x) + 2.0 * np.sinc(y) + x * np.heaviside(x, y) + round(10.0 * y) * x + round(y, 1) * x
    if np.signbit(-x):
        total += np.hypot(x, y) * math.atan2(y, x) + x**y + math.expm1(x) * math.log1p(y) + x**3 + y**-2
    if np.isfinite(x) and not np.isnan(y):
        total *= math.tanh(x) + abs(y) + (x // y) + x % y + max(x, y) - min(x, y) + np.maximum(x, y)
    return total * math.copysign(1.0, -y) + math.ldexp(x, 3) + math.degrees(y) + math.erf(x)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_of_numbers(dtype):
    samples = [(dtype(x), dtype(y), n) for x, y, n in ((1.3, 0.7, 18), (2.6, 1.4, 7))]
    assert_gradients(every_function, samples, (0, 1), 1e-10 if dtype == np.float64 else 1e-3)


def matrices_and_orders(a, b, v):
    c = a @ b
    w = c @ v + v @ c
    w += a @ (b @ v)
    return np.sum(np.sort(w) * np.arange(w.size)) + w @ v + w[np.argmax(v)]


def test_matrices_and_orders():
    random = np.random.default_rng(3)
    samples = [tuple(random.normal(size=s) for s in ((5, 5), (5, 5), (5,))) for _ in range(3)]
    assert_gradients(matrices_and_orders, samples, (0, 1, 2))


def rearranged(a, v):
    b = a.reshape(-1)[1:9].reshape(4, 2)
    return np.sum(b.T @ v[:4] * b[1]) + np.sum(a[:, None, 0] * a.T[1] ** 2) + v[::2] @ a[2]


def test_samples_side_by_side():
    random = np.random.default_rng(4)
    samples = [(random.normal(size=(3, 3)), random.normal(size=5)) for _ in range(3)]
    assert_gradients(rearranged, samples, (0, 1), layout="A")


def side_by_side(x, w):
    return np.sum(np.sort(x) * w[: x.size]) + np.exp(x[::2] @ w[: (x.size + 1) // 2])


@pytest.mark.parametrize("layout", ["A", "F"])
def test_vectors_side_by_side(layout):
    random = np.random.default_rng(4)
    samples = [(random.normal(size=4), random.normal(size=5)) for _ in range(3)]
    assert_gradients(side_by_side, samples, (0, 1), layout=layout)


def decided_twice(x, n):
    y = x.copy()
    for _ in range(n):
        s = y[0] * y[1] + y[2] * y[2]
        if s > 1.0:
            y[0] = y[0] * 0.7 + 0.1 * y[2]
        else:
            y[1] = y[1] * 1.3 + y[0] * y[2]
        k = int(s * 100.0) % 3
        y[k] += 0.01 * s * y[2]
    return np.sum(y * y)


def test_decisions_are_never_fused():
    from jitad.cuda.emit import emit_device
    from jitad.transforms.expand import expand

    derived = GradientRequest((0,)).derive(decided_twice, describe_all((np.ones(3), 5)), {})
    code = emit_device(expand(derived.program))
    assert "exact_add(exact_mul(" in code.source
    assert "accumulate_exact(" in code.source
    assert_gradients(decided_twice, [(np.array([0.9, 0.8, 0.3]), 40), (np.array([0.2, 0.5, 1.1]), 40)], (0,), 1e-9)


def waves(x, c, n):
    y = np.zeros(x.shape)
    for i in range(n):
        y[i % y.size] += np.sin(c[0] * x[i % 3]) * c[1] ** i
        if y[0] > 40.0:
            raise ValueError("too high")
    return np.sum(y) * x[1], y


def test_a_device_function():
    from numba import types

    from tests.cuda.hosted import Hosted

    derivative = jitad.value_and_grad(waves, argnums=(0, 1), has_aux=True)
    on_device = jitad.cuda.device(derivative, "float64[:], UniTuple(float64, 2), int64", with_status=True, tape=64)

    def thread(lane, xs, ns, values, by_x, ys, status):
        code, ((value, _), (_, by_c)) = on_device(xs[:, lane], (0.3, 1.1), ns[lane], ys[lane], by_x[lane])
        status[lane], values[lane, 0], values[lane, 1], values[lane, 2] = code, value, by_c[0], by_c[1]

    xs, ns = np.random.default_rng(0).normal(size=(3, 4)), np.array([3, 5, 7, 400])
    values, by_x, ys, status = np.zeros((4, 3)), np.zeros((4, 3)), np.zeros((4, 3)), np.zeros(4, np.int64)
    matrix, integers = types.Array(types.float64, 2, "C"), types.Array(types.int64, 1, "C")
    hosted = Hosted(thread, (matrix, integers, matrix, matrix, matrix, integers))
    hosted.run(4, xs, ns, values, by_x, ys, status)
    assert list(status) == [0, 0, 0, 1]
    assert np.isnan([values[3], by_x[3], ys[3]]).all()
    for lane in range(3):
        (value, y), (by, by_c) = derivative(xs[:, lane].copy(), (0.3, 1.1), int(ns[lane]))
        np.testing.assert_allclose(values[lane], [value, *by_c], rtol=1e-11)
        np.testing.assert_allclose(by_x[lane], by, rtol=1e-11)
        np.testing.assert_allclose(ys[lane], y, rtol=1e-11)


def interfered(z, w, c):
    total, phase = 0.0, w
    for i in range(z.shape[0]):
        phase = phase * np.exp(1j * c) + z[i] * SHIFTS[i % 2]
        total += np.abs(phase) ** 2 + (z[i] * w).imag
    return total, z * phase


SHIFTS = np.array([0.5 - 1j, 2j])


@pytest.mark.parametrize("name", ["complex128", "complex64"])
def test_a_device_function_of_complex_numbers(name):
    from numba import types

    from tests.cuda.hosted import Hosted

    derivative = jitad.value_and_grad(interfered, argnums=(0, 1, 2), has_aux=True)
    on_device = jitad.cuda.device(derivative, f"{name}[:], {name}, float64", with_status=True)

    def thread(lane, zs, ws, values, by_z, by_w, ys):
        _, ((values[lane, 0], _), (_, by_w[lane], values[lane, 1])) = on_device(
            zs[:, lane], ws[lane], 0.3, ys[lane], by_z[lane]
        )

    rng, tolerance = np.random.default_rng(4), 1e-11 if name == "complex128" else 1e-4
    zs, ws = (rng.normal(size=(3, 4, 2)) @ [1, 1j]).astype(name), (rng.normal(size=(4, 2)) @ [1, 1j]).astype(name)
    values, by_z, by_w, ys = np.zeros((4, 2)), np.zeros((4, 3), name), np.zeros(4, name), np.zeros((4, 3), complex)
    matrix, vector = (types.Array(getattr(types, name), ndim, "C") for ndim in (2, 1))
    numbers, wide = types.Array(types.float64, 2, "C"), types.Array(types.complex128, 2, "C")
    hosted = Hosted(thread, (matrix, vector, numbers, matrix, vector, wide))
    hosted.run(4, zs, ws, values, by_z, by_w, ys)
    for lane in range(4):
        (value, y), (of_z, of_w, of_c) = derivative(zs[:, lane].copy(), ws[lane], 0.3)
        for found, right in ((values[lane], [value, of_c]), (by_z[lane], of_z), (by_w[lane], of_w), (ys[lane], y)):
            np.testing.assert_allclose(found, right, rtol=tolerance)


def over_prange(x, w):
    total = 0.0
    for i in prange(x.shape[0]):
        powers = np.empty(3)
        for k in range(3):
            powers[k] = np.sin(x[i] * w[k])
        total += np.sum(powers * powers) * x[0]
    return total


def test_loops_over_prange_are_serial_in_a_thread():
    random = np.random.default_rng(5)
    assert_gradients(over_prange, [(random.normal(size=6), random.normal(size=3)) for _ in range(3)], (0, 1))
