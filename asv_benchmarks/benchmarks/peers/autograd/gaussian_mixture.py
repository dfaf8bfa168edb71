"""The log-likelihood of a Gaussian mixture with a Wishart prior; the factors are gathered into full matrices."""

import math

import autograd.numpy as np
from autograd.scipy.special import gammaln, logsumexp


def mixture_log_likelihood(alphas, means, icf, points, gamma, m):
    n, d = points.shape
    k = alphas.shape[0]
    diagonal = np.exp(icf[:, :d])
    log_det = np.sum(icf[:, :d], axis=1)
    factors = np.concatenate((diagonal, icf[:, d:], np.zeros((k, 1))), axis=1)[:, _places(d)]
    centred = points[None, :, :] - means[:, None, :]
    scaled = np.matmul(centred, np.swapaxes(factors, 1, 2))
    terms = (alphas + log_det)[:, None] - 0.5 * np.sum(scaled * scaled, axis=2)
    likelihood = np.sum(logsumexp(terms, axis=0))
    normalised = likelihood - n * (0.5 * d * math.log(2.0 * math.pi) + logsumexp(alphas))
    freedom = d + m + 1
    constant = freedom * d * (math.log(gamma) - 0.5 * math.log(2.0)) - 0.25 * d * (d - 1) * math.log(math.pi)
    constant -= np.sum(gammaln(0.5 * (freedom - np.arange(d))))
    squared = np.sum(diagonal * diagonal) + np.sum(icf[:, d:] ** 2)
    return normalised + 0.5 * gamma * gamma * squared - m * np.sum(log_det) - k * constant


def _places(d):
    """Where each element of a factor stands in a row: its diagonal, then its columns below it, then a zero."""
    places = np.full((d, d), d + d * (d - 1) // 2)
    columns, rows = np.triu_indices(d, 1)
    places[rows, columns] = d + np.arange(rows.shape[0])
    places[np.arange(d), np.arange(d)] = np.arange(d)
    return places
