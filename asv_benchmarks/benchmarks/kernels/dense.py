"""Dense linear algebra and graphs, in the style of arrays: rows, columns and whole matrices at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def shortest_paths(lengths):
    """Sum of the lengths of all shortest paths, by Floyd and Warshall; ``lengths`` has shape (n, n)."""
    path = lengths.copy()
    for k in range(path.shape[0]):
        path[:, :] = np.minimum(path, path[:, k][:, None] + path[k])
    return np.sum(path)


def gram_schmidt(vectors):
    """Weighted sum of both factors of the orthogonalised rows of ``vectors``, shape (k, n), k <= n; modified form."""
    a = vectors.copy()
    q = np.zeros_like(vectors)
    r = np.zeros((a.shape[0], a.shape[0]))
    for k in range(a.shape[0]):
        r[k, k] = math.sqrt(np.dot(a[k], a[k]))
        q[k] = a[k] / r[k, k]
        for j in range(k + 1, a.shape[0]):
            r[k, j] = np.dot(q[k], a[j])
            a[j] -= q[k] * r[k, j]
    return np.sum(q) + np.sum(r)


def durbin(autocorrelation):
    """Sum of the solution of the Yule-Walker equations, shape (n,), by Durbin's recursion."""
    r = autocorrelation
    y = np.zeros_like(r)
    alpha = -r[0]
    beta = 1.0
    y[0] = alpha
    for k in range(1, r.shape[0]):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.sum(r[:k][::-1] * y[:k])) / beta
        y[:k] += alpha * y[:k][::-1]
        y[k] = alpha
    return np.sum(y)


def rank_k_update(alpha, beta, c, a):
    """Squared norm of c after its lower half became alpha a a' + beta c; shapes (n, n), (n, k)."""
    updated = c.copy()
    for i in range(a.shape[0]):
        updated[i, : i + 1] *= beta
        for k in range(a.shape[1]):
            updated[i, : i + 1] += alpha * a[i, k] * a[: i + 1, k]
    return np.sum(updated * updated)


def rank_2k_update(alpha, beta, c, a, b):
    """Squared norm of c after its lower half became alpha (a b' + b a') + beta c; shapes (n, n), (n, k), (n, k)."""
    updated = c.copy()
    for i in range(a.shape[0]):
        updated[i, : i + 1] *= beta
        for k in range(a.shape[1]):
            updated[i, : i + 1] += a[: i + 1, k] * alpha * b[i, k] + b[: i + 1, k] * alpha * a[i, k]
    return np.sum(updated * updated)


def convolution(image, filters, bias):
    """Squared norm of a layer of 2-d convolutions; shapes (channels, n, m), (outputs, channels, k, k), (outputs,)."""
    outputs, channels, k, _ = filters.shape
    n = image.shape[1] - k + 1
    m = image.shape[2] - k + 1
    found = np.empty((outputs, n, m))
    for o in range(outputs):
        found[o] = bias[o]
        for c in range(channels):
            for i in range(k):
                for j in range(k):
                    found[o] += filters[o, c, i, j] * image[c, i : i + n, j : j + m]
    return np.sum(found * found)


def graph_inputs(n: int = 200) -> tuple[Any, ...]:
    """A complete directed graph with random lengths."""
    return (np.random.default_rng(30).uniform(1.0, 10.0, (n, n)),)


def vectors_inputs(k: int = 150, n: int = 200) -> tuple[Any, ...]:
    """Random vectors."""
    return (np.random.default_rng(31).normal(size=(k, n)),)


def durbin_inputs(n: int = 1000) -> tuple[Any, ...]:
    """Autocorrelations that fall off, so that the recursion is stable."""
    return (np.random.default_rng(32).uniform(-0.2, 0.2, n) / np.arange(1.0, n + 1.0) ** 1.5,)


def rank_k_inputs(n: int = 250, k: int = 150) -> tuple[Any, ...]:
    """Random matrices."""
    rng = np.random.default_rng(33)
    return 1.5, 1.2, rng.normal(size=(n, n)), rng.normal(size=(n, k))


def rank_2k_inputs(n: int = 250, k: int = 150) -> tuple[Any, ...]:
    """Random matrices."""
    rng = np.random.default_rng(34)
    return 1.5, 1.2, rng.normal(size=(n, n)), rng.normal(size=(n, k)), rng.normal(size=(n, k))


def convolution_inputs(n: int = 100, channels: int = 3, outputs: int = 8, k: int = 5) -> tuple[Any, ...]:
    """A random image and random filters."""
    rng = np.random.default_rng(35)
    return rng.normal(size=(channels, n, n)), rng.normal(size=(outputs, channels, k, k)), rng.normal(size=outputs)
