"""Stores into arrays that the stored expression reads: NumPy's values, with copies of no more than must be kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Alloc
from tests.transforms.kernels import assert_gradient, program_of

M = np.array([[2.0, 0.3, -0.4], [0.7, 1.5, 0.2], [-0.6, 0.8, 1.1]])
INTEGERS = np.arange(9).reshape(3, 3) % 5


def sizes(function: Any, *args: Any) -> list[int]:
    """How many axes the arrays have that a kernel allocates, most of them first."""
    program = program_of(function, *args)
    return sorted((len(s.shape) for s in walk(program.body) if isinstance(s, Alloc)), reverse=True)


def through(m, k):
    c = m.copy()
    c[:, :] = np.minimum(c, c[:, k][:, None] + c[k])
    return np.sum(c * c)


def eliminated(m, k):
    c = m.copy()
    c[:, :] -= c[:, k][:, None] * c[k]
    return np.sum(c * c)


def shifted_rows(m, k):
    c = m.copy()
    c[k:, :] -= c[k - 1] * c[k:, 0][:, None]
    return np.sum(c * c)


def rows_apart(m, k):
    c = m.copy()
    for j in range(1, k + 1):
        c[j] = c[j - 1] * c[j] + c[j + 1]
    return np.sum(c * c)


def transposed(m, k):
    c = m.copy()
    c[:, :] = c.T * c[k]
    return np.sum(c * c)


def reversed_rows(m, k):
    c = m.copy()
    c[:, :] = c[::-1] + c[k]
    return np.sum(c * c)


def same_row_twice(m, k):
    c = m.copy()
    d = c[k:]
    c[:, :] = c * d[0]
    return np.sum(c * c)


@pytest.mark.parametrize(
    ("kernel", "most"),
    [
        (through, [2, 1, 1]),
        (eliminated, [2, 1, 1]),
        (shifted_rows, [2, 1, 1]),
        (rows_apart, [2]),
        (transposed, [2, 2]),
        (reversed_rows, [2, 2]),
        (same_row_twice, [2, 1]),
    ],
)
@pytest.mark.parametrize("array", [M, M.astype(np.float32), INTEGERS, np.asfortranarray(M), np.repeat(M, 2, 1)[:, ::2]])
def test_values_are_numpys(kernel: Any, most: list[int], array: np.ndarray) -> None:
    (value,) = evaluate(program_of(kernel, array, 1), (array.copy(), 1))
    assert value == pytest.approx(kernel(array, 1), rel=1e-5 if array.dtype == np.float32 else 1e-13)
    assert sizes(kernel, array, 1) == most


@pytest.mark.parametrize(
    "kernel", [through, eliminated, shifted_rows, rows_apart, transposed, reversed_rows, same_row_twice]
)
def test_gradients(kernel: Any) -> None:
    assert_gradient(kernel, M, 1)
