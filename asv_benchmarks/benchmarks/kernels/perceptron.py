"""A multilayer perceptron's loss with matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np


def perceptron_loss(w1, b1, w2, b2, x, labels):
    """Mean cross-entropy of a tanh layer and a linear one.

    ``x`` has shape (batch, inputs), ``w1`` (inputs, hidden), ``b1`` (hidden,), ``w2`` (hidden, classes), ``b2``
    (classes,), ``labels`` (batch,) int64.
    """
    hidden = np.tanh(x @ w1 + b1)
    logits = hidden @ w2 + b2
    total = 0.0
    for i in range(x.shape[0]):
        total += np.log(np.sum(np.exp(logits[i]))) - logits[i, labels[i]]
    return total / x.shape[0]


def perceptron_inputs(batch: int = 256, inputs: int = 64, hidden: int = 128, classes: int = 10) -> tuple[Any, ...]:
    """Random data and weights of the usual scale."""
    rng = np.random.default_rng(4)
    return (
        rng.normal(size=(inputs, hidden)) / np.sqrt(inputs),
        np.zeros(hidden),
        rng.normal(size=(hidden, classes)) / np.sqrt(hidden),
        np.zeros(classes),
        rng.normal(size=(batch, inputs)),
        rng.integers(0, classes, batch),
    )
