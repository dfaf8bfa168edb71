"""Small arrays of known size need no tape, unless their contents are needed again or somebody asks for their place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.analysis.local_arrays import MOST_TOGETHER, local_arrays
from jitad.api.mode import uncompiled
from jitad.emission.emit import emit
from jitad.program.builder import Builder, const_int
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Program
from jitad.testing import check_grads
from tests.transforms.kernels import adjoint_of, program_of


def one_vector(x):
    v = np.empty(3)
    v[0] = math.sin(x)
    v[1] = v[0] * x
    v[2] = v[1] * v[0]
    return v[0] * v[1] + v[2]


def in_an_arm(x):
    y = x
    if x > 0.0:
        v = np.zeros(2)
        v[0] = x * x
        v[1] = v[0] * math.exp(x)
        y = v[0] * v[1]
    return y * y


def in_a_loop(x):
    s = 0.0
    for i in range(x.shape[0]):
        v = np.zeros((2, 2))
        v[0, 0] = x[i]
        v[1, 0] = s * x[i]
        v[1, 1] = v[0, 0] * v[1, 0]
        s = math.sin(v[1, 1] + v[0, 0] + s)
    return s


def carried(x, n):
    v = np.zeros(2)
    v[0] = x
    for _ in range(n):
        w = np.empty(2)
        w[0] = v[0] * math.cos(v[1])
        w[1] = v[0] + v[1]
        v = w
    return v[0] * v[1]


def of_unknown_length(x, n):
    v = np.zeros(n)
    for i in range(n):
        v[i] = x * i
    return np.sum(v * v)


@pytest.mark.parametrize(
    ("kernel", "args"),
    [(in_an_arm, (0.7,)), (in_a_loop, (np.array([0.3, -0.8, 1.2]),)), (carried, (0.4, 5))],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_compiled_gradients_are_those_of_python(kernel: Callable[..., Any], args: Any) -> None:
    with uncompiled():
        check_grads(kernel, args, order=1)
        expected = jitad.grad(kernel)(*args)
    np.testing.assert_allclose(jitad.grad(kernel)(*args), expected, rtol=1e-14)


def test_sweeps_of_small_arrays_need_no_tape() -> None:
    program = adjoint_of(one_vector, 0.7).program
    allocations = {s for s in walk(program.body) if isinstance(s, Alloc)}
    assert allocations
    assert local_arrays(program) == allocations
    assert emit(program).tapes == ()


def test_what_is_long_or_a_result_is_on_the_tape() -> None:
    assert not local_arrays(adjoint_of(of_unknown_length, 0.4, 5).program)
    assert not local_arrays(program_of(lambda x: np.zeros(3) + x, 1.0))
    assert not local_arrays(program_of(lambda x: np.sum(np.full(65, x)), 1.0))


def test_arrays_that_a_loop_carries_keep_their_places() -> None:
    program = adjoint_of(carried, 0.4, 5).program
    inside = [s for s in walk(program.body) if isinstance(s, Alloc) and s not in program.body.statements]
    assert inside
    assert local_arrays(program).isdisjoint(inside)


def test_a_program_has_only_so_many() -> None:
    builder = Builder()
    for _ in range(MOST_TOGETHER // 64 + 3):
        builder.alloc("a", "float64", [const_int(8), const_int(8)])
    found = local_arrays(Program("many", [], builder.block, []))
    assert found == set(builder.block.statements[: MOST_TOGETHER // 64])
