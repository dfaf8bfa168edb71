"""Sums of elementary functions over arrays."""

import jax.numpy as jnp
from jax.scipy.special import logsumexp


def tanh_gauss(x):
    return jnp.sum(jnp.tanh(x) * jnp.exp(-x * x))


def log_sum_exp(x):
    return logsumexp(x)


def cross_entropy(logits, labels):
    chosen = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(logsumexp(logits, axis=1) - chosen)
