"""A hidden Markov model: a Python loop over the observations."""

import autograd.numpy as np


def hidden_markov(start, transition, emission, observed):
    weights = start
    total = 0.0
    for symbol in observed:
        reached = np.dot(weights, transition) * emission[symbol]
        norm = np.sum(reached)
        weights = reached / norm
        total += np.log(norm)
    return total
