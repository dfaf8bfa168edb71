"""Kernels whose adjoints the tests of the transforms look into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from jitad.program.queries import walk
from jitad.program.statements import Loop, Program
from jitad.reading.kernel import read_kernel
from jitad.reading.signature import ScalarSpec, array_spec
from jitad.testing import Uncompiled
from jitad.transforms.adjoint import Adjoint, adjoint
from tests.differences import directional


def program_of(function: Any, *args: Any) -> Program:
    """The program of a kernel for arguments like these."""
    specs = [array_spec(a) if isinstance(a, np.ndarray) else ScalarSpec(np.asarray(a).dtype.name) for a in args]
    return read_kernel(function, specs).program


def adjoint_of(function: Any, *args: Any, wrt: Sequence[int] = (0,)) -> Adjoint:
    """The adjoint of a kernel with a scalar result."""
    return adjoint(program_of(function, *args), wrt)


def assert_gradient(function: Any, *args: Any) -> None:
    """Compare the gradient by all floating-point arguments with differences, along one direction."""
    run = Uncompiled(function, args)
    positions = run.leaf_positions([at for at, arg in enumerate(args) if np.asarray(arg).dtype.kind == "f"])
    value, gradients = run.value_and_gradient(positions)
    np.testing.assert_allclose(value, function(*run.fresh_leaves()), rtol=1e-13)
    random = np.random.default_rng(5)
    moves = {at: random.uniform(-1.0, 1.0, np.shape(args[at])) for at in positions}
    estimate = directional(run.program, run.leaves, [1.0], [moves.get(at) for at in range(len(args))])
    along = sum(float(np.sum(g * moves[at])) for at, g in zip(positions, gradients, strict=True))
    assert along == pytest.approx(estimate.value, rel=1e-9, abs=1e-9 + 3 * estimate.error)
    assert estimate.error < 1e-6


def loops(program: Program) -> list[Loop]:
    """All loops of a program, in the order of its text."""
    return [s for s in walk(program.body) if isinstance(s, Loop)]


def lorenz(x, y, z, steps):
    for _ in range(steps):
        dx = 10.0 * (y - x)
        dy = x * (28.0 - z) - y
        dz = x * y - 2.5 * z
        x = x + 0.01 * dx
        y = y + 0.01 * dy
        z = z + 0.01 * dz
    return x * x + y * y + z * z


def linear_stencil(u, steps):
    v = u.copy()
    for _ in range(steps):
        v[1:-1] = 0.5 * (u[:-2] + u[2:])
        u, v = v, u
    return np.sum(u)


def nonlinear_stencil(u, steps):
    v = u.copy()
    for _ in range(steps):
        v[1:-1] = u[:-2] * u[2:]
        u, v = v, u
    return np.sum(u)


def linear_stencil_in_place(u, steps):
    for _ in range(steps):
        u[1:-1] = 0.5 * (u[:-2] + u[2:])
    return np.sum(u)


def filled_then_read(x):
    y = np.empty(x.size)
    for i in range(x.size):
        y[i] = math.sin(x[i])
    total = 0.0
    for i in range(x.size):
        total += y[i] * y[i]
    return total


def overwritten(x):
    for i in range(1, x.size):
        x[i] = x[i] * x[i - 1]
    return x[x.size - 1]


def overwritten_linearly(x):
    for i in range(1, x.size):
        x[i] = x[i] + 2.0 * x[i - 1]
    return x[x.size - 1]


def sum_over_pairs(x):
    total = 0.0
    for i in range(x.size):
        for j in range(i):
            total += (x[i] - x[j]) ** 2
    return total


def running_product(x):
    total = 1.0
    for i in range(x.size):
        total = total * x[i]
    return total
