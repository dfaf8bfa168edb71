"""Dense factorisations in place, in the row-dot style of textbooks: one product of a row's beginning per element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def cholesky_log_det(matrix):
    """Half the log-determinant of a positive definite matrix, shape (n, n), by its Cholesky factor."""
    a = matrix.copy()
    a[0, 0] = math.sqrt(a[0, 0])
    for i in range(1, a.shape[0]):
        for j in range(i):
            a[i, j] -= np.dot(a[i, :j], a[j, :j])
            a[i, j] /= a[j, j]
        a[i, i] -= np.dot(a[i, :i], a[i, :i])
        a[i, i] = math.sqrt(a[i, i])
    total = 0.0
    for i in range(a.shape[0]):
        total += math.log(a[i, i])
    return total


def cholesky_sum(matrix):
    """Sum of all elements left in the matrix by the factorisation: every element of the factor counts."""
    a = matrix.copy()
    a[0, 0] = math.sqrt(a[0, 0])
    for i in range(1, a.shape[0]):
        for j in range(i):
            a[i, j] -= np.dot(a[i, :j], a[j, :j])
            a[i, j] /= a[j, j]
        a[i, i] -= np.dot(a[i, :i], a[i, :i])
        a[i, i] = math.sqrt(a[i, i])
    return np.sum(a)


def lu_sum(matrix):
    """Sum of the elements of both factors (without pivoting), stored in one matrix of shape (n, n)."""
    a = matrix.copy()
    for i in range(a.shape[0]):
        for j in range(i):
            a[i, j] -= np.dot(a[i, :j], a[:j, j])
            a[i, j] /= a[j, j]
        for j in range(i, a.shape[0]):
            a[i, j] -= np.dot(a[i, :i], a[:i, j])
    return np.sum(a)


def positive_definite(n: int = 200) -> tuple[Any, ...]:
    """A well-conditioned symmetric positive definite matrix, safe for both factorisations."""
    factor = np.random.default_rng(3).normal(size=(n, n))
    return (factor @ factor.T / n + np.eye(n),)
