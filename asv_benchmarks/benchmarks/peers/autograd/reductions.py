"""Sums of elementary functions over arrays."""

import autograd.numpy as np
from autograd.scipy.special import logsumexp


def tanh_gauss(x):
    return np.sum(np.tanh(x) * np.exp(-x * x))


def log_sum_exp(x):
    return logsumexp(x)


def cross_entropy(logits, labels):
    chosen = logits[np.arange(labels.shape[0]), labels]
    return np.mean(logsumexp(logits, axis=1) - chosen)
