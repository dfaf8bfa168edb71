"""Sums down columns are added along rows, wherever that changes no sum, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.errors import ShapeMismatchError
from jitad.transforms.column_sums import add_along_rows
from jitad.transforms.invariant import move_invariants_out
from jitad.transforms.localize import localize
from tests.transforms.kernels import assert_gradient, program_of

RANDOM = np.random.default_rng(11)


def product_of_elements(a, x):
    out = np.empty((a.shape[0], x.shape[1]))
    for i in range(a.shape[0]):
        for j in range(x.shape[1]):
            total = 0.0
            for k in range(a.shape[1]):
                total += a[i, k] * x[k, j]
            out[i, j] = total * total
    return np.sum(out)


def total_of_squares(a, x):
    total = 0.0
    for j in range(a.shape[1]):
        column = 0.5
        for k in range(a.shape[0]):
            column += a[k, j] * x[k, 0]
            column -= a[k, j] ** 2
        total += column * column
    return total


def solved_with_the_transpose(a, x):
    b = x[:, 0].copy()
    for j in range(b.shape[0]):
        s = b[j]
        for k in range(j):
            s -= a[k, j] * b[k]
        b[j] = s / (4.0 + a[j, j])
    return np.sum(b * b)


def factors_in_place(a, x):
    a[0, 0] += x[0, 0]
    for i in range(a.shape[0]):
        a[i, i] += 4.0
        for j in range(i):
            a[i, j] = (a[i, j] - np.dot(a[i, :j], a[:j, j])) / a[j, j]
        for j in range(i, a.shape[1]):
            a[i, j] -= np.dot(a[i, :i], a[:i, j])
    return np.sum(a * a)


def columns_in_steps(a, x):
    c = x.copy()
    for step in range(3):
        for j in range(1, c.shape[1]):
            weight = 0.1 * j
            s = 0.0
            for k in range(1, a.shape[0]):
                s += a[k, j] * weight * a[k, 0]
            c[step, j] = s * c[step, j]
    return np.sum(c)


def up_to_the_next(a, x):
    total = 0.0
    for i in range(a.shape[0] - 1):
        for j in range(i + 2):
            s = 0.0
            for k in range(a.shape[0]):
                s += a[k, j] * x[k, i]
            total += s * s
    return total


def singles(a, x):
    total = np.float32(0.0)
    for j in range(a.shape[1]):
        s = np.float32(0.0)
        for k in range(a.shape[0]):
            s += a[k, j] * x[k, j]
        total += s * s
    return total


def beginnings(a, x):
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(i + 1):
            total += np.dot(a[i, :j], x[:j, j]) ** 2
    return total


TURNED = [
    *(product_of_elements, total_of_squares, solved_with_the_transpose, factors_in_place, columns_in_steps),
    *(up_to_the_next, beginnings),
]


def fed_back(a, x):
    for j in range(a.shape[1]):
        s = 0.0
        for k in range(a.shape[0]):
            s += a[k, j] * x[k, 0]
        x[j, 0] = s
    return np.sum(x * x)


def stored_ahead(a, x):
    for j in range(1, a.shape[1] - 1):
        s = 0.0
        for k in range(1, j):
            s += a[k, j] * x[k, 0]
        a[j - 1, j + 1] = s * s + x[0, 0]
    return np.sum(a * a)


def started_from_the_last(a, x):
    for j in range(a.shape[1] - 1):
        s = x[j, 0]
        for k in range(j):
            s += a[k, j] * x[k, 1]
        x[j + 1, 0] = s * x[j + 1, 0]
    return np.sum(x * x)


def weighed_by_the_last(a, x):
    last = 1.0
    for j in range(a.shape[1]):
        s = 0.0
        for k in range(a.shape[0]):
            s += a[k, j] * last
        last = s * x[j, 0]
    return last


def seen_from_within(a, x):
    total = 0.0
    for j in range(a.shape[1]):
        s = 0.0
        for k in range(a.shape[0]):
            s += a[k, j] * s * x[k, 0] + x[k, 1]
        total += s
    return total


def along_rows_already(a, x):
    total = 0.0
    for j in range(a.shape[0]):
        s = 0.0
        for k in range(a.shape[1]):
            s += a[j, k] * x[k, 0]
        total += s * s
    return total


def under_another_name(a, x):
    other = a[1:]
    for j in range(a.shape[1]):
        s = 0.0
        for k in range(other.shape[0]):
            s += other[k, j] * x[k, 0]
        a[j, (j + 1) % 4] = s * s
    return np.sum(a * a)


LEFT = [
    *(fed_back, stored_ahead, started_from_the_last, weighed_by_the_last, seen_from_within, along_rows_already),
    under_another_name,
]


def arguments(n: int = 4) -> list[Any]:
    return [RANDOM.normal(size=(n, n)), RANDOM.normal(size=(n, n))]


def is_turned(kernel: Any, *args: Any) -> bool:
    program = move_invariants_out(localize(program_of(kernel, *args)))
    return add_along_rows(program) is not program


@pytest.mark.parametrize("kernel", TURNED)
def test_sums_down_columns_are_added_along_rows(kernel: Any) -> None:
    assert is_turned(kernel, *arguments())


@pytest.mark.parametrize("kernel", LEFT)
def test_other_sums_are_left(kernel: Any) -> None:
    assert not is_turned(kernel, *arguments())


@pytest.mark.parametrize("kernel", [*TURNED, *LEFT])
def test_gradients(kernel: Any) -> None:
    assert_gradient(kernel, *arguments())


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("kernel", [product_of_elements, solved_with_the_transpose, factors_in_place, total_of_squares])
def test_gradients_of_small_ones(kernel: Any, size: int) -> None:
    assert_gradient(kernel, *arguments(size))


def test_nothing_to_add() -> None:
    a, x = np.zeros((0, 3)), np.zeros((3, 0))
    with uncompiled():
        value, gradient = jitad.value_and_grad(total_of_squares)(np.zeros((3, 0)), np.zeros((3, 1)))
        assert value == 0.0 and gradient.shape == (3, 0)
        assert jitad.value_and_grad(product_of_elements)(x, a)[0] == 0.0


def test_single_precision_stays_single() -> None:
    a, x = (arg.astype(np.float32) for arg in arguments())
    with uncompiled():
        gradient = jitad.grad(singles)(a, x)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, 2 * x * np.sum(a * x, axis=0), rtol=1e-5)


def test_shapes_are_checked_before_anything_is_read() -> None:
    with uncompiled(), pytest.raises(ShapeMismatchError, match="don't fit together"):
        jitad.grad(beginnings)(np.ones((4, 4)), np.ones((2, 4)))


def test_compiled() -> None:
    a, x = arguments(40)
    gradient = jitad.grad(factors_in_place)(a, x)
    direction = RANDOM.normal(size=a.shape)
    with uncompiled():
        _, slope = jitad.jvp(factors_in_place, (a, x), (direction, np.zeros_like(x)))
    np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-9)
