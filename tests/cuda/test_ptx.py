"""Kernels compile to PTX without a GPU, for the oldest and a recent architecture, and don't spill registers."""

from __future__ import annotations

import math
import os
import re

import numpy as np
import pytest

import jitad
from jitad.api.derivative import GradientRequest, describe_all
from jitad.demo.predator_prey import negative_log_likelihood
from tests.cuda.pretended import HOPPER, oldest

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"), reason="the simulator compiles nothing"
)

OLDEST = oldest()


def ptx_of(function, args, argnums, capability, varying):
    """The assembly of a batch of gradients; ``varying`` says which arguments differ between samples."""
    from jitad.batching.work import Work
    from jitad.cuda import target
    from jitad.cuda.launch import Launch
    from tests.cuda.hosted import signature

    derived = GradientRequest(argnums).derive(function, describe_all(args), {})
    work = Work(derived.reading, derived.program, tuple(derived.wrt), varying, False)
    launch = Launch(work)
    return launch, target.ptx(launch.kernel, signature(launch, work), capability)


def spilled(ptx, capability):
    """The bytes that ptxas spills, for each function."""
    from cuda.bindings import nvjitlink

    text = ptx.encode()
    handle = nvjitlink.create(2, [f"-arch=sm_{capability[0]}{capability[1]}", "-verbose"])
    nvjitlink.add_data(handle, nvjitlink.InputType.PTX, text, len(text), "kernel")
    nvjitlink.complete(handle)
    log = bytearray(nvjitlink.get_info_log_size(handle))
    nvjitlink.get_info_log(handle, log)
    nvjitlink.destroy(handle)
    found = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", log.decode())
    return [int(stores) + int(loads) for stores, loads in found]


def rotated(angles, point):
    matrix = np.zeros((3, 3))
    matrix[0, 0] = matrix[1, 1] = math.cos(angles[0])
    matrix[0, 1], matrix[1, 0] = -math.sin(angles[0]), math.sin(angles[0])
    matrix[2, 2] = angles[1]
    moved = np.empty(3)
    for i in range(3):
        moved[i] = 0.0
        for j in range(3):
            moved[i] += matrix[i, j] * point[j]
    return moved[0] * moved[1] + math.exp(moved[2])


@pytest.mark.parametrize("capability", [OLDEST, HOPPER], ids=str)
def test_small_arrays_are_off_the_tape(capability):
    launch, ptx = ptx_of(rotated, (np.zeros(2), np.zeros(3)), (0, 1), capability, (True, True))
    assert "tape_array" not in launch.code.source
    assert launch.code.source.count("cuda.local.array") == 4
    assert f".target sm_{capability[0]}{capability[1]}" in ptx
    assert set(spilled(ptx, capability)) == {0}


def test_the_demonstration_spills_nothing():
    args = (np.zeros(8), np.zeros(21), np.zeros(21), 4)
    _, ptx = ptx_of(negative_log_likelihood, args, (0,), HOPPER, (True, False, False, False))
    assert set(spilled(ptx, HOPPER)) == {0}


def decided(x, v):
    order = np.argsort(v - x * x)
    if x - v[order[0]] ** 2 > 0.5 * x:
        return np.cbrt(x) * v[order[1]] + np.logaddexp(x, v[0])
    return x**3 + v @ v


def test_exact_decisions_and_functions():
    launch, ptx = ptx_of(decided, (1.0, np.zeros(3)), (0, 1), OLDEST, (True, True))
    for name in ("exact_sub", "exact_mul", "argsort", "np_cbrt"):
        assert f"{name}(" in launch.code.source
    assert "add.rn.f64" in ptx


def test_an_architecture_that_is_too_old():
    with pytest.raises(Exception, match=r"3\.5 is not supported"):
        ptx_of(rotated, (np.zeros(2), np.zeros(3)), (0,), (3, 5), (True, True))


def test_a_device_function_in_a_kernel():
    from numba import cuda, types

    from jitad.cuda import target

    on_device = jitad.cuda.device(jitad.value_and_grad(rotated), "float64[::1], float64[::1]")

    def kernel(angles, points, values, gradients):
        i = cuda.grid(1)
        if i < values.shape[0]:
            bars = cuda.local.array(2, types.float64)
            point = cuda.shared.array(3, types.float64)
            for k in range(3):
                point[k] = points[i, k]
            values[i], _ = on_device(angles[i], point, bars)
            gradients[i, 0], gradients[i, 1] = bars[0], bars[1]

    matrix, vector = types.Array(types.float64, 2, "C"), types.Array(types.float64, 1, "C")
    text = target.ptx(kernel, types.void(matrix, matrix, vector, matrix), HOPPER)
    assert set(spilled(text, HOPPER)) == {0}

    def wrong(angles, points, values):
        values[0], _ = on_device(angles[:, 0], points[0], points[1])

    with pytest.raises(Exception, match=r"argument 0 has the type array\(float64, 1d, A\)"):
        target.ptx(wrong, types.void(matrix, matrix, vector), HOPPER)


def test_a_device_function_of_complex_numbers():
    from numba import cuda, types

    from jitad.cuda import target

    on_device = jitad.cuda.device(jitad.grad(magnitude, argnums=(0, 1)), "complex64[:], complex64")

    def kernel(zs, ws, by_z, by_w):
        i = cuda.grid(1)
        if i < ws.shape[0]:
            _, by_w[i] = on_device(zs[:, i], ws[i], by_z[i])

    matrix, vector = types.Array(types.complex64, 2, "C"), types.Array(types.complex64, 1, "C")
    assert ".entry" in target.ptx(kernel, types.void(matrix, vector, matrix, vector), OLDEST)


def magnitude(z, w):
    return np.abs(np.sum(z * w))
