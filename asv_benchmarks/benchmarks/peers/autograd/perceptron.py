"""A multilayer perceptron's loss with matrix products."""

import autograd.numpy as np
from autograd.scipy.special import logsumexp


def perceptron_loss(w1, b1, w2, b2, x, labels):
    hidden = np.tanh(np.dot(x, w1) + b1)
    logits = np.dot(hidden, w2) + b2
    chosen = logits[np.arange(labels.shape[0]), labels]
    return np.mean(logsumexp(logits, axis=1) - chosen)
