"""Sums into several rows of one array have a loop each, and only they."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Loop, Program
from tests.transforms.kernels import adjoint_of, assert_gradient, loops

A = np.random.default_rng(3).normal(size=(4, 5))


def rows_together(program: Program) -> int:
    """How many innermost loops add to several rows of one array."""
    innermost = [s for s in loops(program) if not any(isinstance(i, Loop) for i in walk(s.body))]
    rows = [[(s.array, s.index[0]) for s in loop.body if isinstance(s, Accumulate)] for loop in innermost]
    return sum(len(set(each)) > len({array for array, _ in each}) for each in rows)


def products_of_rows(a):
    c = np.zeros((a.shape[0], a.shape[0]))
    for i in range(a.shape[0]):
        for j in range(i + 1):
            c[i, j] = np.dot(a[i], a[j])
    return np.sum(c * c)


def factor(a):
    c = a[:, :4] @ a[:, :4].T + np.eye(4)
    for i in range(1, 4):
        for j in range(i):
            c[i, j] -= np.dot(c[i, :j], c[j, :j])
            c[i, j] /= c[j, j]
    return np.sum(c)


@pytest.mark.parametrize("kernel", [products_of_rows, factor])
def test_rows_have_a_loop_each(kernel: Any) -> None:
    assert rows_together(adjoint_of(kernel, A).program) == 0
    assert_gradient(kernel, A)


def carried_terms(a):
    total = 0.0
    for i in range(1, a.shape[0]):
        near = 1.0
        for k in range(a.shape[1]):
            near = 0.5 * near + a[i, k] * a[i - 1, k]
            total += near * near
    return total


def costly_terms(a):
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(i):
            for k in range(a.shape[1]):
                total += np.exp(np.sin(a[i, k]) * a[j, k])
    return total


@pytest.mark.parametrize("kernel", [carried_terms, costly_terms])
def test_others_stay_together(kernel: Any) -> None:
    assert rows_together(adjoint_of(kernel, A).program) > 0
    assert_gradient(kernel, A)
