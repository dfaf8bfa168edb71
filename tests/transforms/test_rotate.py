"""Pending sums carried by loops, and gathers beside carried sums: which loops they take, and that they stay right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.program.builder import Builder, const_int
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.statements import Accumulate, Const, Program, Var, View, ViewAxis, counted_loop
from jitad.program.types import FLOAT64, INT64, Array
from jitad.testing import check_grads
from jitad.transforms.rotate import MOST_PENDING, rotate_sums
from tests.transforms.kernels import adjoint_of, loops

VECTOR, MATRIX = Array("float64", 1, "C"), Array("float64", 2, "C")


def scattered(
    offsets: list[int], step: int = 1, *, descending: bool = False, read: bool = False, nested: bool = False
) -> Program:
    """For i from start to stop, v(i) = (i + 1) * x[i] is added to a[i + c] for each offset c, times its place."""
    a, x = Var("a", VECTOR), Var("x", VECTOR)
    start, stop, i = Var("start", INT64), Var("stop", INT64), Var("i", INT64)
    builder = Builder()
    body = builder.nested()
    value = body.times(body.load(x, [i]), body.cast(body.plus(i, const_int(1)), FLOAT64))
    for place, c in enumerate(offsets):
        index = body.plus(i, const_int(c)) if c >= 0 else body.minus(i, const_int(-c))
        body.accumulate(a, [index], body.times(value, Const(place + 1.0, FLOAT64)))
    if read:
        seen = Var("seen", Array("float64", 1, "A"))
        body.add(View(seen, a, (const_int(0),), (ViewAxis(const_int(1), 0, const_int(1)),)))
        body.accumulate(x, [i], body.load(seen, [const_int(0)]))
    if nested:
        inner = body.nested()
        inner.accumulate(a, [i], Const(0.5, FLOAT64))
        body.add(counted_loop(Var("j", INT64), (const_int(0), const_int(3), const_int(1)), inner.block))
    loop = counted_loop(i, (start, stop, const_int(step)), body.block)
    loop.descending = descending
    builder.add(loop)
    return Program("scattered", [a, x, start, stop], builder.block, [])


def carried(program: Program) -> list[int]:
    """How many values each loop carries."""
    return [len(loop.params) for loop in loops(program)]


def both(program: Program, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """The array after the program, and after the program with rotated sums."""
    rotated = rotate_sums(program)
    check(rotated)
    made = []
    for each in (program, rotated):
        a, x = np.zeros(12), np.linspace(0.5, 2.0, 12)
        evaluate(each, [a, x, start, stop])
        made.append(np.concatenate([a, x]))
    return made[0], made[1]


@pytest.mark.parametrize("offsets", [[0, 1], [1, 0], [-1, 1], [2, -2], [0, 3, 0, 1], [-3, -4], [1, 2, 3, 5]])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("step", "start", "stop"), [(1, 4, 7), (1, 4, 5), (1, 4, 4), (-1, 6, 3), (-1, 6, 5), (-1, 3, 3)]
)
def test_pending_sums_are_carried(offsets: list[int], descending: bool, step: int, start: int, stop: int) -> None:
    program = scattered(offsets, step, descending=descending)
    assert carried(rotate_sums(program)) == [max(offsets) - min(offsets)]
    (loop,) = loops(rotate_sums(program))
    assert sum(isinstance(s, Accumulate) for s in loop.body) == 1
    expected, found = both(program, start, stop)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_a_loop_that_has_not_run_touches_nothing() -> None:
    rotated = rotate_sums(scattered([0, 1]))
    evaluate(rotated, [np.zeros(0), np.zeros(0), 5, 2])


@pytest.mark.parametrize(
    "program",
    [
        scattered([0]),
        scattered([0, 1], step=2),
        scattered([0, MOST_PENDING + 1]),
        scattered([0, 1], read=True),
    ],
)
def test_what_is_left_alone(program: Program) -> None:
    assert carried(rotate_sums(program)) == carried(program)
    expected, found = both(program, 2, 6)
    np.testing.assert_array_equal(found, expected)


def test_other_sums_into_the_array_do_no_harm() -> None:
    program = scattered([0, 1], nested=True)
    assert sum(carried(rotate_sums(program))) == 1
    expected, found = both(program, 2, 6)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def chained(x):
    s = 0.1
    for i in range(x.shape[0] - 1):
        s = 0.5 * s * s + x[i + 1] * x[i]
    return s


def chained_rows(u):
    s = 0.1
    for i in range(u.shape[0]):
        for j in range(u.shape[1] - 2):
            s = np.sin(s) + u[i, j + 2] * u[i, j] * u[i, j + 1]
    return s


def chained_backwards(x):
    s = 0.1
    for i in range(x.shape[0] - 1, 0, -1):
        s = np.sin(s) * x[i - 1] + x[i]
    return s


def overlapping(x):
    v, w = x[1:], x[:-1]
    s = 0.1
    for i in range(v.shape[0]):
        s = np.sin(s) * v[i] + w[i]
    return s


def chained_and_stored(x):
    s = 0.1
    for i in range(x.shape[0] - 1):
        s = np.sin(s) * x[i] * x[i + 1]
        x[i + 1] = s
    return s + np.sum(x)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("kernel", [chained, chained_backwards, overlapping, chained_and_stored])
def test_chains_over_vectors(kernel: Any, n: int) -> None:
    if kernel is overlapping and n == 0:
        return
    x = np.random.default_rng(n).normal(size=n)
    with uncompiled():
        check_grads(kernel, (x,), order=1)


@pytest.mark.parametrize("shape", [(2, 2), (1, 3), (3, 6)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_chains_over_rows(shape: tuple[int, int], dtype: Any) -> None:
    u = np.random.default_rng(5).normal(size=shape).astype(dtype)
    with uncompiled():
        check_grads(chained_rows, (u,), order=2 if dtype is np.float64 else 1)


def pending(program: Program) -> int:
    """How many pending sums the loops of a program carry."""
    return sum(param.name.endswith("_pending") for loop in loops(program) for param in loop.params)


def test_reverse_sweeps_carry_what_is_pending() -> None:
    assert pending(adjoint_of(chained, np.ones(4)).program) == 1
    assert pending(adjoint_of(chained_rows, np.ones((3, 4))).program) == 2
    assert pending(adjoint_of(chained_backwards, np.ones(4)).program) == 1
    assert pending(adjoint_of(chained_and_stored, np.ones(4)).program) == 0


def valley(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def squared_valley(x):
    return valley(x) ** 2


def roughness(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += (x[i + 1] - x[i]) ** 2
    return total


def valley_of_roots(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - np.sqrt(x[i])) ** 2 + (1.0 - x[i]) ** 2
    return total


def test_a_loop_with_much_to_add_leaves_it_to_a_gather() -> None:
    made = adjoint_of(valley, np.ones(5)).program
    sums = [loop for loop in loops(made) if loop.params]
    assert len(sums) == 1
    assert not any(isinstance(s, Accumulate) for s in sums[0].body)
    assert pending(made) == 0


@pytest.mark.parametrize("kernel", [roughness, valley_of_roots])
def test_a_loop_with_little_to_add_or_costly_terms_adds_itself(kernel: Any) -> None:
    made = adjoint_of(kernel, np.ones(5)).program
    assert pending(made) == 1
    assert len(loops(made)) == 1


def test_strided_elements_are_not_gathered_beside_sums() -> None:
    made = adjoint_of(valley, np.ones((5, 2))[:, 0]).program
    assert pending(made) == 1


@pytest.mark.parametrize("kernel", [valley, squared_valley, roughness, valley_of_roots])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 9])
def test_sums_over_neighbours(kernel: Any, n: int) -> None:
    x = np.random.default_rng(n).uniform(0.5, 1.5, n)
    with uncompiled():
        check_grads(kernel, (x,), order=1)


@pytest.mark.parametrize("kernel", [valley, roughness, chained])
def test_second_derivatives(kernel: Any) -> None:
    with uncompiled():
        check_grads(kernel, (np.random.default_rng(2).uniform(0.5, 1.5, 4),), order=2)


def test_seeds_in_lanes_are_pending_in_lanes() -> None:
    def two(x):
        s = np.zeros(2)
        a = 0.1
        for i in range(x.shape[0] - 1):
            a = 0.5 * a * a + x[i + 1] * x[i]
        s[0] = a
        s[1] = np.sum(x * x)
        return s

    x = np.linspace(0.3, 1.1, 5)
    with uncompiled():
        np.testing.assert_allclose(jitad.jacrev(two)(x), jitad.jacfwd(two)(x), rtol=1e-13)


@pytest.mark.parametrize("kernel", [chained, valley, roughness])
def test_compiled_code_agrees(kernel: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITAD_CACHE_DIR", str(tmp_path))
    x = np.random.default_rng(4).uniform(0.5, 1.5, 7)
    value, gradient = jitad.value_and_grad(kernel)(x)
    with uncompiled():
        expected_value, expected = jitad.value_and_grad(kernel)(x)
    assert value == pytest.approx(expected_value, rel=1e-14)
    np.testing.assert_allclose(gradient, expected, rtol=1e-13)
