"""A hidden Markov model: the forward algorithm, normalised at each step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def hidden_markov(start, transition, emission, observed):
    """Log-likelihood of observed symbols; shapes (states,), (states, states), (symbols, states), (steps,) int64."""
    states = start.shape[0]
    weights = start.copy()
    total = 0.0
    for t in range(observed.shape[0]):
        reached = np.zeros(states)
        for i in range(states):
            for j in range(states):
                reached[j] += weights[i] * transition[i, j]
        norm = 0.0
        for j in range(states):
            reached[j] *= emission[observed[t], j]
            norm += reached[j]
        for j in range(states):
            weights[j] = reached[j] / norm
        total += math.log(norm)
    return total


def hidden_markov_by_hand(start, transition, emission, observed):
    """Value and gradient of ``hidden_markov`` by its first three arguments.

    Kept of each step: what was reached before the emission, and the norm.
    """
    states, steps = start.shape[0], observed.shape[0]
    start_bar = np.zeros_like(start)
    transition_bar = np.zeros_like(transition)
    emission_bar = np.zeros_like(emission)
    reached = np.zeros((steps, states))
    norms = np.empty(steps)
    weights = start.copy()
    value = 0.0
    for t in range(steps):
        for i in range(states):
            for j in range(states):
                reached[t, j] += weights[i] * transition[i, j]
        norm = 0.0
        for j in range(states):
            weights[j] = reached[t, j] * emission[observed[t], j]
            norm += weights[j]
        for j in range(states):
            weights[j] /= norm
        norms[t] = norm
        value += math.log(norm)
    reversed_transition = transition.T.copy()
    for t in range(steps - 1, -1, -1):
        symbol = observed[t]
        inverse = 1.0 / norms[t]
        common = 1.0
        for j in range(states):
            common -= start_bar[j] * reached[t, j] * emission[symbol, j] * inverse
        for j in range(states):
            weight_bar = (start_bar[j] + common) * inverse
            emission_bar[symbol, j] += weight_bar * reached[t, j]
            weights[j] = weight_bar * emission[symbol, j]
            start_bar[j] = 0.0
        for j in range(states):
            for i in range(states):
                start_bar[i] += weights[j] * reversed_transition[j, i]
        for i in range(states):
            before = reached[t - 1, i] * emission[observed[t - 1], i] / norms[t - 1] if t > 0 else start[i]
            for j in range(states):
                transition_bar[i, j] += before * weights[j]
    return value, (start_bar, transition_bar, emission_bar)


def hidden_markov_inputs(states: int = 16, symbols: int = 8, steps: int = 2000) -> tuple[Any, ...]:
    """Random distributions, and random symbols."""
    rng = np.random.default_rng(16)
    start, transition, emission = (rng.uniform(0.1, 1.0, s) for s in ((states,), (states, states), (symbols, states)))
    return (
        start / start.sum(),
        transition / transition.sum(axis=1, keepdims=True),
        emission / emission.sum(axis=0),
        rng.integers(0, symbols, steps),
    )
