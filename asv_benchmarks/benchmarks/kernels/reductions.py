"""Sums of elementary functions over arrays, where vectorised exp, tanh and log decide."""

from __future__ import annotations

from typing import Any

import numpy as np


def tanh_gauss(x):
    """Sum of tanh(x) exp(-x²); shape (n,)."""
    return np.sum(np.tanh(x) * np.exp(-x * x))


def tanh_gauss_by_hand(x):
    """Value and gradient of ``tanh_gauss``."""
    gradient = np.empty_like(x)
    total = 0.0
    for i in range(x.shape[0]):
        bent = np.tanh(x[i])
        weight = np.exp(-x[i] * x[i])
        total += bent * weight
        gradient[i] = weight * (1.0 - bent * bent - 2.0 * x[i] * bent)
    return total, (gradient,)


def log_sum_exp(x):
    """log of the sum of exp(x), without overflow; shape (n,)."""
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def log_sum_exp_by_hand(x):
    """Value and gradient of ``log_sum_exp``."""
    gradient = np.empty_like(x)
    largest = x[0]
    for i in range(1, x.shape[0]):
        largest = max(largest, x[i])
    total = 0.0
    for i in range(x.shape[0]):
        gradient[i] = np.exp(x[i] - largest)
        total += gradient[i]
    scale = 1.0 / total
    for i in range(x.shape[0]):
        gradient[i] *= scale
    return largest + np.log(total), (gradient,)


def cross_entropy(logits, labels):
    """Mean cross-entropy of the softmax of each row; shapes (n, classes), (n,) int64."""
    total = 0.0
    for i in range(logits.shape[0]):
        row = logits[i]
        largest = np.max(row)
        total += largest + np.log(np.sum(np.exp(row - largest))) - row[labels[i]]
    return total / logits.shape[0]


def cross_entropy_by_hand(logits, labels):
    """Value and gradient of ``cross_entropy`` by ``logits``."""
    n, classes = logits.shape
    gradient = np.empty_like(logits)
    value = 0.0
    for i in range(n):
        largest = logits[i, 0]
        for j in range(1, classes):
            largest = max(largest, logits[i, j])
        total = 0.0
        for j in range(classes):
            gradient[i, j] = np.exp(logits[i, j] - largest)
            total += gradient[i, j]
        scale = 1.0 / (n * total)
        for j in range(classes):
            gradient[i, j] *= scale
        gradient[i, labels[i]] -= 1.0 / n
        value += largest + np.log(total) - logits[i, labels[i]]
    return value / n, (gradient,)


def million_inputs(n: int = 1_000_000) -> tuple[Any, ...]:
    """Normally distributed numbers."""
    return (np.random.default_rng(40).normal(size=n),)


def logits_inputs(n: int = 1000, classes: int = 1000) -> tuple[Any, ...]:
    """Normally distributed logits, and random labels."""
    rng = np.random.default_rng(41)
    return 3.0 * rng.normal(size=(n, classes)), rng.integers(0, classes, n)
