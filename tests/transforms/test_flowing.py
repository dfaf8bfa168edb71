"""Loops of the reverse sweep that are entered only where an adjoint flows: which, and that derivatives stay right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.primitives import guarded
from jitad.program.queries import walk
from jitad.program.statements import Block, Branch, Compute, Loop, Program
from jitad.testing import check_grads
from tests.transforms.kernels import adjoint_of


def gated(program: Program) -> int:
    """How many branches hold nothing but one loop, with nothing to do otherwise."""
    branches = [s for s in walk(program.body) if isinstance(s, Branch)]
    return sum(_is_lone_loop(b.then) and not b.otherwise.statements for b in branches)


def _is_lone_loop(block: Block) -> bool:
    return len(block.statements) == 1 and isinstance(block.statements[0], Loop)


def nearest_centre(centres, points):
    total = 0.0
    for i in range(points.shape[0]):
        nearest = np.inf
        for j in range(centres.shape[0]):
            squared = 0.0
            for a in range(points.shape[1]):
                apart = points[i, a] - centres[j, a]
                squared += apart * apart
            nearest = min(nearest, squared)
        total += nearest
    return total


def nearest_by_branch(centres, points):
    total = 0.0
    for i in range(points.shape[0]):
        nearest = np.inf
        chosen = 0
        for j in range(centres.shape[0]):
            squared = 0.0
            for a in range(points.shape[1]):
                apart = points[i, a] - centres[j, a]
                squared += apart * apart
            if squared < nearest:
                nearest = squared
                chosen = j
        total += nearest * (1.0 + centres[chosen, 0])
    return total


def two_best(centres, points):
    first = np.inf
    second = np.inf
    for j in range(centres.shape[0]):
        squared = 0.0
        for a in range(points.shape[1]):
            squared += (points[0, a] - centres[j, a]) ** 2
        second = min(second, max(first, squared))
        first = min(first, squared)
    return first * second


def largest_chain(centres, points):
    best = -1.0
    least = 1.0
    for j in range(centres.shape[0]):
        state = 0.1
        for a in range(points.shape[1]):
            state = np.sin(state) * points[0, a] + centres[j, a]
        best = max(best, state)
        least = min(least, state)
    return best - least


def weighted_choice(centres, points):
    total = 0.0
    for j in range(centres.shape[0]):
        s = 0.0
        for a in range(points.shape[1]):
            s += np.sqrt(centres[j, a]) * points[0, a]
        total += points[1, 0] * (s if centres[j, 0] > 1.0 else 2.0 * centres[j, 0])
    return total


def always(centres, points):
    total = 1.0
    for j in range(centres.shape[0]):
        s = 0.0
        for a in range(points.shape[1]):
            s += centres[j, a] * points[0, a]
        total *= s
    return total


def always_both(centres, points):
    u = 1.0
    v = 0.5
    for j in range(centres.shape[0]):
        s = 0.0
        for a in range(points.shape[1]):
            s += centres[j, a] * points[0, a]
        u, v = u * v, s * u
    return u + v


def through_memory(centres, points):
    best = -100.0
    v = np.zeros(points.shape[1])
    for j in range(centres.shape[0]):
        s = 0.0
        for a in range(points.shape[1]):
            v[a] = v[a] * 0.5 + centres[j, a] * points[0, a]
            s += v[a]
        best = max(best, s)
    return best + np.sum(v)


def short(centres, points):
    best = -100.0
    least = 100.0
    for j in range(centres.shape[0]):
        s = 0.0
        for a in range(2):
            s += centres[j, a] * points[0, a]
        best = max(best, s)
        least = min(least, s)
    return best - least


KERNELS = (
    nearest_centre,
    nearest_by_branch,
    two_best,
    largest_chain,
    weighted_choice,
    always,
    always_both,
    through_memory,
    short,
)


def inputs(n: int = 4, k: int = 5, d: int = 3, dtype: Any = np.float64) -> tuple[Any, Any]:
    random = np.random.default_rng(n + k + d)
    return random.uniform(0.5, 1.5, (k, d)).astype(dtype), random.uniform(0.5, 1.5, (n, d)).astype(dtype)


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        *((two_best, 1), (weighted_choice, 1)),
        *((largest_chain, 0), (always, 0), (always_both, 0), (through_memory, 0), (short, 0)),
    ],
)
def test_loops_that_only_zeros_flow_into_are_left_out(kernel: Any, expected: int) -> None:
    assert gated(adjoint_of(kernel, *inputs(), wrt=(0, 1)).program) == expected


@pytest.mark.parametrize("kernel", KERNELS)
def test_derivatives(kernel: Any) -> None:
    with uncompiled():
        check_grads(kernel, inputs(), order=2)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", [(2, 1, 2), (2, 2, 1), (1, 3, 4)])
def test_few_or_no_iterations(kernel: Any, shape: tuple[int, int, int]) -> None:
    if kernel in (short, weighted_choice) or (kernel is two_best and shape[1] == 1):
        return
    with uncompiled():
        check_grads(kernel, inputs(*shape), order=1)


@pytest.mark.parametrize("kernel", [nearest_centre, largest_chain, weighted_choice])
def test_float32(kernel: Any) -> None:
    with uncompiled():
        check_grads(kernel, inputs(dtype=np.float32), order=1)


def test_no_candidates() -> None:
    with uncompiled():
        gradient = jitad.grad(nearest_centre)(np.zeros((0, 3)), np.ones((0, 3)))
        assert gradient.shape == (0, 3)
        assert jitad.value_and_grad(largest_chain)(np.zeros((0, 3)), np.ones((1, 3)))[0] == -2.0


def test_only_what_is_chosen_is_touched() -> None:
    """The losers' adjoints are zero beside a pole too, and an adjoint that isn't a number reaches the winner alone."""
    centres, points = inputs()
    with uncompiled(), np.errstate(all="ignore"):
        centres[1] = [0.5, 0.0, 1.0]
        gradient = jitad.grad(weighted_choice)(centres, points)
        np.testing.assert_array_equal(gradient[1], [2.0 * points[1, 0], 0.0, 0.0])
        points[1, 0] = math.nan
        gradient = jitad.grad(weighted_choice)(centres, points)
    chosen = centres[:, 0] > 1.0
    assert np.isnan(gradient[chosen]).all()
    assert np.isnan(gradient[~chosen][:, 0]).all()


def test_an_adjoint_that_happens_to_be_zero_has_derivatives() -> None:
    """The factor of a choice is 0, and so is every adjoint; but not what they become when the factor changes."""

    def kernel(w, centres, points):
        return w * nearest_centre(centres, points)

    centres, points = inputs()
    with uncompiled():
        mixed = jitad.jvp(lambda w: jitad.grad(kernel, argnums=1)(w, centres, points), (0.0,), (1.0,))[1]
        expected = jitad.grad(nearest_centre)(centres, points)
        again = jitad.grad(lambda w: np.sum(jitad.grad(kernel, argnums=1)(w, centres, points) * expected))(0.0)
    np.testing.assert_allclose(mixed, expected, rtol=1e-13)
    assert np.any(expected != 0.0)
    assert again == pytest.approx(np.sum(expected**2))


def test_seeds_in_lanes_do_not_decide() -> None:
    def distances(centres, points):
        found = np.zeros(points.shape[0])
        for i in range(points.shape[0]):
            nearest = np.inf
            for j in range(centres.shape[0]):
                squared = 0.0
                for a in range(points.shape[1]):
                    squared += (points[i, a] - centres[j, a]) ** 2
                nearest = min(nearest, squared)
            found[i] = nearest
        return found

    centres, points = inputs()
    with uncompiled():
        by_rows, by_columns = jitad.jacrev(distances)(centres, points), jitad.jacfwd(distances)(centres, points)
    np.testing.assert_allclose(by_rows, by_columns, rtol=1e-13)


@pytest.mark.parametrize("kernel", [nearest_centre, two_best])
def test_compiled_code_agrees(kernel: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITAD_CACHE_DIR", str(tmp_path))
    value, gradients = jitad.value_and_grad(kernel, argnums=(0, 1))(*inputs())
    with uncompiled():
        expected_value, expected = jitad.value_and_grad(kernel, argnums=(0, 1))(*inputs())
    assert value == pytest.approx(expected_value, rel=1e-14)
    for found, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13)


def guards(function: Any, *args: Any) -> int:
    """How many products of an adjoint are guarded."""
    statements = walk(adjoint_of(function, *args).program.body)
    return sum(isinstance(s, Compute) and s.primitive is guarded.times for s in statements)


def option(rate, normals):
    total = 0.0
    for i in range(normals.shape[0]):
        price = 1.0
        for j in range(normals.shape[1]):
            price *= math.exp(rate * normals[i, j])
        total += max(price - 1.0, 0.0)
    return total


def left_out_in_the_loop(rate, normals):
    total = 0.0
    for i in range(normals.shape[0]):
        price = 1.0
        for j in range(normals.shape[1]):
            inverse = 1.0 / (normals[i, j] * rate)
            price *= inverse if normals[i, j] != 0.0 else 1.0 + rate
        total += max(price - 1.0, 0.0)
    return total


def masked_root(rate, normals):
    total = 0.0
    for i in range(normals.shape[0]):
        s = 0.0
        for j in range(normals.shape[1]):
            s += (1.0 if normals[i, j] > 0.0 else 0.0) * math.sqrt(rate * normals[i, j])
        total += max(s - 0.1, 0.0)
    return total


def left_out_as_a_whole(rate, normals):
    total = 0.0
    for i in range(normals.shape[0]):
        price = 1.0
        for j in range(normals.shape[1]):
            price *= math.exp(rate * normals[i, j]) / normals[i, j]
        total += max(price - 1.0, 0.0)
    return total if normals[0, 0] > 0.0 else rate


NORMALS = np.array([[0.4, 0.0, 1.2, 0.7], [0.1, 0.2, 0.0, 0.3], [0.9, 0.8, 0.6, 0.5]])


def test_products_need_no_guards_where_the_adjoint_flows() -> None:
    assert guards(option, 0.3, NORMALS) == 0
    assert guards(left_out_in_the_loop, 0.3, NORMALS) > 0
    assert guards(masked_root, 0.3, NORMALS) > 0
    assert guards(left_out_as_a_whole, 0.3, NORMALS) > 0


@pytest.mark.parametrize("kernel", [option, left_out_in_the_loop, masked_root])
def test_what_is_left_out_contributes_nothing(kernel: Any) -> None:
    with uncompiled():
        value, slope = jitad.value_and_grad(kernel)(0.3, NORMALS)
        step = 1e-6
        ahead, behind = (jitad.value_and_grad(kernel)(0.3 + s, NORMALS)[0] for s in (step, -step))
    assert math.isfinite(value)
    assert slope == pytest.approx((ahead - behind) / (2.0 * step), rel=1e-6)


def test_a_loop_that_is_left_out_as_a_whole_contributes_nothing() -> None:
    normals = NORMALS.copy()
    normals[0, 0] = -1.0
    with uncompiled(), np.errstate(all="ignore"):
        assert jitad.value_and_grad(left_out_as_a_whole)(0.3, normals) == (0.3, 1.0)
