"""A matrix times a vector, as loops: its Jacobian by the vector is the matrix."""

from __future__ import annotations

from typing import Any

import numpy as np


def matrix_vector(x, a):
    """a x, for shapes (n,) and (m, n)."""
    m, n = a.shape
    y = np.empty(m)
    for i in range(m):
        total = 0.0
        for j in range(n):
            total += a[i, j] * x[j]
        y[i] = total
    return y


def matrix_vector_inputs(outputs: int, inputs: int = 100) -> tuple[Any, ...]:
    """A vector and a matrix with normally distributed elements."""
    rng = np.random.default_rng(9)
    return rng.normal(size=inputs), rng.normal(size=(outputs, inputs))
