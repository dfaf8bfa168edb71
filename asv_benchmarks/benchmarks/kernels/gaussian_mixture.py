"""The log-likelihood of a Gaussian mixture with a Wishart prior: the objective "GMM" of the suite ADBench.

A component j has the log-weight alphas[j] (up to a constant), the mean means[j], and the inverse covariance Q'Q. Q is
lower triangular; icf[j] has the logarithms of its diagonal, then what is below the diagonal, column by column.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit


def mixture_log_likelihood(alphas, means, icf, points, gamma, m):
    """Shapes (k,), (k, d), (k, d (d + 1) / 2), (n, d); ``gamma`` (float) and ``m`` (int) are the prior's."""
    n, d = points.shape
    k = alphas.shape[0]
    diagonal = np.empty((k, d))
    log_det = np.empty(k)
    for j in range(k):
        total = 0.0
        for a in range(d):
            diagonal[j, a] = math.exp(icf[j, a])
            total += icf[j, a]
        log_det[j] = total
    centred = np.empty(d)
    scaled = np.empty(d)
    terms = np.empty(k)
    likelihood = 0.0
    for i in range(n):
        for j in range(k):
            for a in range(d):
                centred[a] = points[i, a] - means[j, a]
                scaled[a] = diagonal[j, a] * centred[a]
            at = d
            for a in range(d):
                for b in range(a + 1, d):
                    scaled[b] += icf[j, at] * centred[a]
                    at += 1
            squared = 0.0
            for a in range(d):
                squared += scaled[a] * scaled[a]
            terms[j] = alphas[j] + log_det[j] - 0.5 * squared
        likelihood += log_sum_exp(terms)
    normalised = likelihood - n * (0.5 * d * math.log(2.0 * math.pi) + log_sum_exp(alphas))
    return normalised + wishart_log_prior(diagonal, log_det, icf, gamma, m)


@njit(error_model="numpy")
def log_sum_exp(x):
    """The logarithm of the sum of exp(x[i]), without overflow."""
    largest = x[0]
    for i in range(1, x.shape[0]):
        largest = max(largest, x[i])
    total = 0.0
    for i in range(x.shape[0]):
        total += math.exp(x[i] - largest)
    return largest + math.log(total)


@njit(error_model="numpy")
def wishart_log_prior(diagonal, log_det, icf, gamma, m):
    """The log-density of all components' inverse covariances."""
    k, d = diagonal.shape
    freedom = d + m + 1
    constant = freedom * d * (math.log(gamma) - 0.5 * math.log(2.0)) - 0.25 * d * (d - 1) * math.log(math.pi)
    for a in range(d):
        constant -= math.lgamma(0.5 * (freedom - a))
    total = 0.0
    for j in range(k):
        squared = 0.0
        for a in range(d):
            squared += diagonal[j, a] * diagonal[j, a]
        for at in range(d, icf.shape[1]):
            squared += icf[j, at] * icf[j, at]
        total += 0.5 * gamma * gamma * squared - m * log_det[j]
    return total - k * constant


def mixture_log_likelihood_by_hand(alphas, means, icf, points, gamma, m):
    """Value and gradient of ``mixture_log_likelihood`` by its first three arguments.

    What one point needs is kept while that point lasts: Q (x - mean) and the term of each component.
    (Summing each component's weighted second moments of x - mean, and multiplying by Q only at the end, takes a seventh
    less time; but that is another sum than the adjoint of the kernel's statements.)
    """
    n, d = points.shape
    k = alphas.shape[0]
    alphas_bar = np.zeros_like(alphas)
    means_bar = np.zeros_like(means)
    icf_bar = np.zeros_like(icf)
    diagonal = np.exp(icf[:, :d])
    log_det = np.empty(k)
    for j in range(k):
        log_det[j] = np.sum(icf[j, :d])
    centred = np.empty((k, d))
    scaled = np.empty((k, d))
    terms = np.empty(k)
    likelihood = 0.0
    for i in range(n):
        largest = -np.inf
        for j in range(k):
            for a in range(d):
                centred[j, a] = points[i, a] - means[j, a]
                scaled[j, a] = diagonal[j, a] * centred[j, a]
            at = d
            for a in range(d):
                for b in range(a + 1, d):
                    scaled[j, b] += icf[j, at] * centred[j, a]
                    at += 1
            squared = 0.0
            for a in range(d):
                squared += scaled[j, a] * scaled[j, a]
            terms[j] = alphas[j] + log_det[j] - 0.5 * squared
            largest = max(largest, terms[j])
        total = 0.0
        for j in range(k):
            terms[j] = math.exp(terms[j] - largest)
            total += terms[j]
        likelihood += largest + math.log(total)
        for j in range(k):
            share = terms[j] / total
            alphas_bar[j] += share
            at = d
            for a in range(d):
                scaled[j, a] *= share
            for a in range(d):
                pulled = diagonal[j, a] * scaled[j, a]
                icf_bar[j, a] -= centred[j, a] * scaled[j, a]
                for b in range(a + 1, d):
                    pulled += icf[j, at] * scaled[j, b]
                    icf_bar[j, at] -= centred[j, a] * scaled[j, b]
                    at += 1
                means_bar[j, a] += pulled
    largest = np.max(alphas)
    total = np.sum(np.exp(alphas - largest))
    value = likelihood - n * (0.5 * d * math.log(2.0 * math.pi) + largest + math.log(total))
    for j in range(k):
        share = alphas_bar[j]
        alphas_bar[j] = share - n * math.exp(alphas[j] - largest) / total
        squared = 0.0
        for a in range(d):
            own = diagonal[j, a]
            squared += own * own
            icf_bar[j, a] = icf_bar[j, a] * own + share + gamma * gamma * own * own - m
        for at in range(d, icf.shape[1]):
            squared += icf[j, at] * icf[j, at]
            icf_bar[j, at] += gamma * gamma * icf[j, at]
        value += 0.5 * gamma * gamma * squared - m * log_det[j]
    freedom = d + m + 1
    constant = freedom * d * (math.log(gamma) - 0.5 * math.log(2.0)) - 0.25 * d * (d - 1) * math.log(math.pi)
    for a in range(d):
        constant -= math.lgamma(0.5 * (freedom - a))
    return value - k * constant, (alphas_bar, means_bar, icf_bar)


def mixture_inputs(dimensions: int, components: int, points: int = 1000) -> tuple[Any, ...]:
    """Random parameters and points, and the prior of the suite."""
    rng = np.random.default_rng(12)
    below = dimensions * (dimensions - 1) // 2
    return (
        rng.normal(size=components),
        rng.normal(size=(components, dimensions)),
        np.hstack((0.3 * rng.normal(size=(components, dimensions)), 0.2 * rng.normal(size=(components, below)))),
        rng.normal(size=(points, dimensions)),
        1.0,
        0,
    )


def small_mixture_inputs() -> tuple[Any, ...]:
    """d = 10, k = 25, n = 1000."""
    return mixture_inputs(10, 25)


def large_mixture_inputs() -> tuple[Any, ...]:
    """d = 32, k = 50, n = 1000."""
    return mixture_inputs(32, 50)
