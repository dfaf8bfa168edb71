"""The log-likelihood of a Gaussian mixture with a Wishart prior; the factors are scattered into full matrices."""

import math

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln, logsumexp


def mixture_log_likelihood(alphas, means, icf, points, gamma, m):
    n, d = points.shape
    k = alphas.shape[0]
    diagonal = jnp.exp(icf[:, :d])
    log_det = jnp.sum(icf[:, :d], axis=1)
    columns, rows = np.triu_indices(d, 1)  # column by column
    factors = jnp.zeros((k, d, d)).at[:, rows, columns].set(icf[:, d:])
    factors = factors.at[:, np.arange(d), np.arange(d)].set(diagonal)
    centred = points[:, None, :] - means
    scaled = jnp.einsum("jab,ijb->ija", factors, centred)
    terms = alphas + log_det - 0.5 * jnp.sum(scaled * scaled, axis=2)
    likelihood = jnp.sum(logsumexp(terms, axis=1))
    normalised = likelihood - n * (0.5 * d * math.log(2.0 * math.pi) + logsumexp(alphas))
    freedom = d + m + 1
    constant = freedom * d * (jnp.log(gamma) - 0.5 * math.log(2.0)) - 0.25 * d * (d - 1) * math.log(math.pi)
    constant -= jnp.sum(gammaln(0.5 * (freedom - jnp.arange(d))))
    squared = jnp.sum(diagonal * diagonal) + jnp.sum(icf[:, d:] ** 2)
    return normalised + 0.5 * gamma * gamma * squared - m * jnp.sum(log_det) - k * constant
