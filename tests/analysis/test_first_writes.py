"""What an array was filled with needn't be recorded where it is overwritten for the first time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.transforms.kernels import adjoint_of, assert_gradient

PARENTS = np.array([3, 0, 1, 1, 9, 4, 2, 7])
WEIGHTS = np.linspace(0.5, 1.4, 8)


def nodes(weights, parents):
    table = np.zeros(weights.shape[0] + 2)
    total = 0.0
    for k in range(weights.shape[0]):
        before = table[parents[k]]
        table[k] = weights[k] * weights[k] + before * before * weights[k]
        total += table[k] * table[k]
    return total


def summed(weights, parents):
    table = np.full(weights.shape[0] + 2, 0.5)
    total = 0.0
    for k in range(weights.shape[0]):
        before = table[parents[k]]
        table[k + 1] += weights[k] * before * before
        total += table[k + 1] * table[k + 1]
    return total


def backwards(weights, parents):
    n = weights.shape[0]
    table = np.ones((n, 2))
    total = 0.0
    for k in range(n - 1, -1, -1):
        for side in range(2):
            before = table[parents[k] % n, 1 - side]
            table[k, side] = weights[k] * before * before
            total += table[k, side]
    return total


def leaves_first(weights, parents):
    n = weights.shape[0]
    table = np.zeros(2 * n)
    for leaf in range(n):
        table[leaf] = weights[leaf] * weights[leaf]
    total = 0.0
    for k in range(n):
        before = table[parents[k]]
        table[n + k] = weights[k] * before * before
        total += table[n + k] * table[n + k]
    return total


def a_table_each(weights, parents):
    total = 0.0
    for times in range(3):
        table = np.zeros(weights.shape[0] + 2)
        for k in range(weights.shape[0]):
            before = table[parents[k]]
            table[k] = weights[k] + before * before * weights[k] * times
            total += table[k] * table[k]
    return total


@pytest.mark.parametrize("kernel", [nodes, summed, backwards, leaves_first, a_table_each], ids=lambda k: k.__name__)
def test_first_writes_are_not_recorded(kernel: Any) -> None:
    plan = adjoint_of(kernel, WEIGHTS, PARENTS).plan
    assert plan.undone
    assert plan.undone <= plan.first.keys()
    assert_gradient(kernel, WEIGHTS, PARENTS)


def twice(weights, parents):
    table = np.zeros(weights.shape[0] + 2)
    total = 0.0
    for _ in range(2):
        for k in range(weights.shape[0]):
            before = table[parents[k]]
            table[k] = weights[k] + before * before * weights[k]
            total += table[k] * table[k]
    return total


def halves(weights, parents):
    table = np.zeros(weights.shape[0] + 2)
    total = 0.0
    for k in range(weights.shape[0]):
        before = table[parents[k]]
        table[k // 2] = weights[k] + before * before * weights[k]
        total += table[k // 2] * table[k // 2]
    return total


def overlapping(weights, parents):
    n = weights.shape[0]
    table = np.zeros(2 * n)
    for leaf in range(n):
        table[leaf] = weights[leaf] * weights[leaf]
    total = 0.0
    for k in range(n):
        before = table[parents[k]]
        table[n + k - 1] = weights[k] * before * before
        total += table[n + k - 1] * table[n + k - 1]
    return total


def through_a_view(weights, parents):
    table = np.zeros(weights.shape[0] + 2)
    part = table[1:4]
    total = 0.0
    for k in range(weights.shape[0]):
        before = table[parents[k]]
        table[k] = weights[k] + before * before * weights[k]
        part[k % 3] = before * weights[k]
        total += table[k] * table[k]
    return total


def uncertain(weights, parents):
    table = np.empty(weights.shape[0] + 2)
    table[weights.shape[0] :] = 1.0
    table[: weights.shape[0]] = weights
    total = 0.0
    for k in range(weights.shape[0]):
        before = table[parents[k]]
        table[k] = weights[k] + before * before * weights[k]
        total += table[k] * table[k]
    return total


@pytest.mark.parametrize("kernel", [twice, halves, overlapping, through_a_view, uncertain], ids=lambda k: k.__name__)
def test_later_writes_are_recorded(kernel: Any) -> None:
    plan = adjoint_of(kernel, WEIGHTS, PARENTS).plan
    assert plan.undone - plan.first.keys()
    assert_gradient(kernel, WEIGHTS, PARENTS)
