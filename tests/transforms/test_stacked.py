"""Arrays that iterations leave on the tape are rows of one array, and are found there by the loop's index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Loop, Push, View
from jitad.program.types import INT64
from jitad.testing import check_grads
from tests.fixtures import own_cache, run_uncompiled
from tests.transforms.kernels import adjoint_of, assert_gradient

__all__ = ["own_cache", "run_uncompiled"]

X = np.array([0.4, 0.9, -0.7, 1.2])
M = np.linspace(-0.6, 1.1, 12).reshape(3, 4)


def one_array(m, x):
    total = 1.0
    for i in range(m.shape[0]):
        b = np.empty(x.shape[0])
        for j in range(x.shape[0]):
            b[j] = m[i, j] * x[j]
        b[1] = b[0] * b[1]
        total *= b[1] + b[2] * b[3]
    return total


def of_two_axes(m, x):
    total = 1.0
    for i in range(1, m.shape[0]):
        b = np.zeros((x.shape[0], 2))
        for j in range(x.shape[0]):
            b[j, 1] += m[i, j] * x[j]
            b[j, 0] = b[j, 1] * b[j, 1]
        total *= 1.0 + b[1, 0] * b[2, 1]
    return total


def in_nested_loops(m, x):
    total = 1.0
    for i in range(m.shape[0]):
        for k in range(2):
            b = np.empty(x.shape[0])
            for j in range(x.shape[0]):
                b[j] = m[i, j] * x[j] + k * total
            total *= b[0] * b[1] + 0.5 * b[2] * b[3]
    return total


def of_both_loops(m, x):
    total = 1.0
    for i in range(m.shape[0]):
        a = np.ones(x.shape[0])
        for _ in range(2):
            b = np.empty(x.shape[0])
            for j in range(x.shape[0]):
                b[j] = a[j] * x[j] * total
            for j in range(x.shape[0]):
                a[j] = a[j] * b[j] + m[i, j]
        total *= 1.0 + a[0] * a[1] * a[2]
    return total


def viewed(m, x):
    total = 1.0
    for i in range(m.shape[0]):
        b = np.empty(x.shape[0])
        b[:] = m[i] * x
        c = b[::2]
        c[0] = c[1] * x[1]
        total *= 1.0 + b[0] * b[1] + c[1] * c[1]
    return total


KERNELS = [one_array, of_two_axes, in_nested_loops, of_both_loops, viewed]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.__name__)
def test_gradients_are_right(kernel: Any) -> None:
    assert_gradient(kernel, M, X)
    assert_gradient(kernel, M[:1], X)
    assert_gradient(kernel, M[:0], X)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.__name__)
def test_no_places_are_recorded(kernel: Any) -> None:
    program = adjoint_of(kernel, M, X, wrt=(0, 1)).program
    statements = list(walk(program.body))
    assert not any(v.type == INT64 for s in statements if isinstance(s, Push) for v in s.values)
    assert any(isinstance(s, View) for s in statements)
    assert not any(s.own for s in statements if isinstance(s, View))
    first = next(s for s in program.body if isinstance(s, Loop))
    assert not any(isinstance(s, Alloc) for s in walk(first.body))


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.__name__)
def test_second_derivatives_are_right(kernel: Any) -> None:
    check_grads(kernel, (M[:2], X), argnums=(0, 1))


def test_the_tape_has_one_array_for_each_iteration() -> None:
    explained = jitad.explain(one_array, M, X, argnums=(0, 1))
    rows = 3 * 4
    pushed = 3 * 2  # an element that is overwritten, and the product so far
    shadow = 4  # when an iteration's product is off the tape again
    assert explained.tape_bytes == {"float64": 8 * (rows + pushed - 1 + shadow)}


def in_a_while_loop(m, x):
    total, i = 1.0, 0
    while i < m.shape[0]:
        b = m[i] * x
        total *= 1.0 + b[0] * b[1]
        i += 1
    return total


def in_an_arm(m, x):
    total = 1.0
    for i in range(m.shape[0]):
        if m[i, 3] > 0.0:
            b = m[i] * x
            total *= 1.0 + b[0] * b[1] * total
    return total


def of_another_length_each(m, x):
    total = 1.0
    for i in range(m.shape[0]):
        b = np.empty(i + 2)
        for j in range(i + 2):
            b[j] = m[i, j] * x[j] * total
        total *= 1.0 + b[0] * b[1]
    return total


@pytest.mark.parametrize("kernel", [in_a_while_loop, in_an_arm, of_another_length_each], ids=lambda k: k.__name__)
def test_what_is_allocated_as_it_comes(kernel: Any) -> None:
    made = adjoint_of(kernel, M, X, wrt=(0, 1))
    first = next(s for s in made.program.body if isinstance(s, Loop))
    assert any(isinstance(s, Alloc) for s in walk(first.body))
    assert_gradient(kernel, M, X)


def test_no_iteration_and_a_length_below_zero() -> None:
    def kernel(x, n, length):
        total = x[0]
        for i in range(n):
            b = np.empty(length)
            for j in range(length):
                b[j] = x[j] * total
            total *= b[0] * b[i]
        return total * total

    assert_gradient(kernel, X, 3, 3)
    assert_gradient(kernel, X, 0, -3)
    with pytest.raises(ValueError, match="can't be negative"):
        jitad.grad(kernel)(X, 3, -3)
