"""Sums whose terms don't need each other run both sweeps in one loop; others keep two."""

from __future__ import annotations

import re

import numpy as np
import pytest

import jitad
from jitad.testing import check_grads
from tests.fixtures import own_cache, run_uncompiled

__all__ = ["own_cache", "run_uncompiled"]

X = np.linspace(-1.0, 2.0, 9)
WEIGHTS = np.array([0.3, -0.4])
ORDER = np.array([3, 0, 0, 8, 2, 1, 5, 4, 7])


def of_elements(x):
    return np.sum(np.tanh(x) * np.exp(-x * x))


def mean_loss(w, x):
    total = 0.0
    for i in range(x.shape[0]):
        residual = w[0] + w[1] * x[i] - np.sin(x[i])
        total += residual * residual * np.exp(-residual)
    return total / x.shape[0] + 1.0


def norm(x):
    return np.sqrt(np.sum(np.sin(x) ** 2))


def scattered(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += np.exp(x[ORDER[i]])
    return total


def neighbours(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += np.exp(x[i + 1] * x[i])
    return total


def in_place(x):
    y = x.copy()
    total = 0.0
    for i in range(y.shape[0]):
        y[i] = np.exp(y[i])
        total += y[i] * y[i]
    return total


def two_sums(x):
    first = np.sum(np.sin(x) * np.exp(x))
    second = np.sum(np.cos(x) * np.exp(-x))
    return first + 2.0 * second


def product_of_sums(x):
    return np.sum(np.exp(x)) * np.sum(np.sin(x) * np.exp(x))


KERNELS = [
    (of_elements, (X,), 1),
    (mean_loss, (WEIGHTS, X), 1),
    (norm, (X,), 2),
    (scattered, (X,), 2),
    (neighbours, (X,), 2),
    (in_place, (X,), None),
    (two_sums, (X,), 3),
    (product_of_sums, (X,), 3),  # the second sum's adjoint is the first sum
]


@pytest.mark.parametrize(("kernel", "args", "loops"), KERNELS, ids=[kernel.__name__ for kernel, _, _ in KERNELS])
def test_derivatives_and_the_number_of_loops(kernel, args, loops):
    check_grads(kernel, args, order=2)
    if loops is not None:
        assert len(re.findall(r"^ +for ", jitad.explain(kernel, *args).source, re.MULTILINE)) == loops


def test_what_is_not_recorded_is_not_said_to_be():
    explanation = jitad.explain(of_elements, X)
    assert explanation.total_bytes == 0
    assert explanation.records == ()
    assert jitad.explain(norm, X).records
