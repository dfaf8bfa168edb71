"""Shadows whose every element is added to first are stored to, and not filled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.statements import Accumulate, Alloc, Call, Program, walk
from tests.transforms.kernels import adjoint_of, assert_gradient

A = np.linspace(-0.6, 1.1, 12).reshape(3, 4)


def shadows(program: Program) -> list[bool]:
    """For each shadow, whether it is filled."""
    return [s.fill is not None for s in walk(program.body) if isinstance(s, Alloc) and s.out.name.endswith("_bar")]


def squares(a):
    b = a.copy()
    b[1:] *= 2.0
    return np.sum(b * b)


def products(a):
    b = a @ a.T
    c = np.tanh(b) @ b
    return np.sum(c * c)


@pytest.mark.parametrize("kernel", [squares, products])
def test_what_is_added_to_every_element_first_is_stored(kernel: Any) -> None:
    made = adjoint_of(kernel, A).program
    assert not all(shadows(made))
    assert_gradient(kernel, A)


def test_the_first_product_overwrites() -> None:
    made = adjoint_of(products, A).program
    calls = [s for s in walk(made.body) if isinstance(s, Call)]
    assert sum(not call.accumulate for call in calls) > 2
    assert not any(isinstance(s, Accumulate) and s.array.name == "c_bar" for s in walk(made.body))


def partly(a):
    b = a.copy()
    b[1:] *= 2.0
    return np.sum(b[1:] * b[1:])


def triangle(a):
    b = a.copy()
    total = 0.0
    for i in range(b.shape[0]):
        for j in range(i, b.shape[1]):
            total += b[i, j] * b[i, j]
    return total


def diagonal(a):
    b = a.copy()
    total = 0.0
    for i in range(b.shape[0]):
        for j in range(b.shape[0]):
            total += b[i, i] * b[j, i]
    return total


def sometimes(a):
    b = a.copy()
    total = 0.0
    for i in range(b.shape[0]):
        for j in range(b.shape[1]):
            if b[i, j] > 0.0:
                total += b[i, j] * b[i, j]
    return total


def again_and_again(a):
    b = a.copy()
    total = 0.0
    for _ in range(2):
        for i in range(b.shape[0]):
            for j in range(b.shape[1]):
                total += b[i, j] * b[i, j]
    return total


def through_a_view(a):
    b = a.copy()
    c = b.T
    return np.sum(c[0] * c[1]) + np.sum(b * b)


@pytest.mark.parametrize("kernel", [partly, triangle, diagonal, sometimes, again_and_again, through_a_view])
def test_others_start_from_zeros(kernel: Any) -> None:
    assert_gradient(kernel, A)
