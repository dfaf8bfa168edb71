"""A recurrent network with diagonal weights, predicting characters: the objective "LSTM" of the suite ADBench."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit


@njit(error_model="numpy")
def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + math.exp(-x))


def lstm_loss(main, extra, state, sequence):
    """Minus the mean log-likelihood of each next character.

    With b characters and l layers: ``main`` has shape (2 l, 4, b), weights and biases by turns for the gates forget,
    take, give and the candidate; ``extra`` (3, b), weights of input and output and the output's bias; ``state``
    (2 l, b), hidden state and cell by turns; ``sequence`` (steps, b), characters one-hot.
    """
    layers = state.shape[0] // 2
    steps, width = sequence.shape
    memory = state.copy()
    passed = np.empty(width)
    total = 0.0
    for t in range(steps - 1):
        for a in range(width):
            passed[a] = sequence[t, a] * extra[0, a]
        for layer in range(layers):
            weight, bias = main[2 * layer], main[2 * layer + 1]
            hidden, cell = memory[2 * layer], memory[2 * layer + 1]
            for a in range(width):
                forget = sigmoid(passed[a] * weight[0, a] + bias[0, a])
                take = sigmoid(hidden[a] * weight[1, a] + bias[1, a])
                give = sigmoid(passed[a] * weight[2, a] + bias[2, a])
                candidate = math.tanh(hidden[a] * weight[3, a] + bias[3, a])
                cell[a] = cell[a] * forget + take * candidate
                hidden[a] = give * math.tanh(cell[a])
                passed[a] = hidden[a]
        weights = 0.0
        expected = 0.0
        targets = 0.0
        for a in range(width):
            output = passed[a] * extra[1, a] + extra[2, a]
            weights += math.exp(output)
            expected += sequence[t + 1, a] * output
            targets += sequence[t + 1, a]
        total += expected - targets * math.log(weights + 2.0)
    return -total / ((steps - 1) * width)


def lstm_loss_by_hand(main, extra, state, sequence):
    """Value and gradient of ``lstm_loss`` by ``main`` and ``extra``.

    Kept of each step and layer: the cell before it, the four gates and the cell's tanh. The hidden state is a product.
    """
    layers = state.shape[0] // 2
    steps, width = sequence.shape
    main_bar = np.zeros_like(main)
    extra_bar = np.zeros_like(extra)
    memory = state.copy()
    kept = np.empty((steps - 1, layers, 6, width))
    outputs = np.empty((steps - 1, width))
    totals = np.empty(steps - 1)
    passed = np.empty(width)
    value = 0.0
    for t in range(steps - 1):
        for a in range(width):
            passed[a] = sequence[t, a] * extra[0, a]
        for layer in range(layers):
            weight, bias = main[2 * layer], main[2 * layer + 1]
            hidden, cell = memory[2 * layer], memory[2 * layer + 1]
            keep = kept[t, layer]
            for a in range(width):
                forget = 1.0 / (1.0 + math.exp(-(passed[a] * weight[0, a] + bias[0, a])))
                take = 1.0 / (1.0 + math.exp(-(hidden[a] * weight[1, a] + bias[1, a])))
                give = 1.0 / (1.0 + math.exp(-(passed[a] * weight[2, a] + bias[2, a])))
                candidate = math.tanh(hidden[a] * weight[3, a] + bias[3, a])
                keep[0, a] = cell[a]
                cell[a] = cell[a] * forget + take * candidate
                squashed = math.tanh(cell[a])
                hidden[a] = give * squashed
                passed[a] = hidden[a]
                keep[1, a] = forget
                keep[2, a] = take
                keep[3, a] = give
                keep[4, a] = candidate
                keep[5, a] = squashed
        weights = 2.0
        expected = 0.0
        targets = 0.0
        for a in range(width):
            output = passed[a] * extra[1, a] + extra[2, a]
            outputs[t, a] = math.exp(output)
            weights += outputs[t, a]
            expected += sequence[t + 1, a] * output
            targets += sequence[t + 1, a]
        value += expected - targets * math.log(weights)
        totals[t] = targets / weights
    scale = -1.0 / ((steps - 1) * width)
    memory_bar = np.zeros_like(state)
    passed_bar = np.empty(width)
    for t in range(steps - 2, -1, -1):
        last = kept[t, layers - 1]
        for a in range(width):
            output_bar = scale * (sequence[t + 1, a] - totals[t] * outputs[t, a])
            extra_bar[1, a] += output_bar * last[3, a] * last[5, a]
            extra_bar[2, a] += output_bar
            passed_bar[a] = output_bar * extra[1, a]
        for layer in range(layers - 1, -1, -1):
            weight, bias_bar = main[2 * layer], main_bar[2 * layer + 1]
            weight_bar = main_bar[2 * layer]
            hidden_bar, cell_bar = memory_bar[2 * layer], memory_bar[2 * layer + 1]
            keep = kept[t, layer]
            below = kept[t, layer - 1]
            before = kept[t - 1, layer]
            for a in range(width):
                hidden = before[3, a] * before[5, a] if t > 0 else state[2 * layer, a]
                cell, forget, take = keep[0, a], keep[1, a], keep[2, a]
                give, candidate, squashed = keep[3, a], keep[4, a], keep[5, a]
                entered = below[3, a] * below[5, a] if layer > 0 else sequence[t, a] * extra[0, a]
                given = passed_bar[a] + hidden_bar[a]
                summed = cell_bar[a] + given * give * (1.0 - squashed * squashed)
                forget_bar = summed * cell * forget * (1.0 - forget)
                take_bar = summed * candidate * take * (1.0 - take)
                give_bar = given * squashed * give * (1.0 - give)
                candidate_bar = summed * take * (1.0 - candidate * candidate)
                cell_bar[a] = summed * forget
                hidden_bar[a] = take_bar * weight[1, a] + candidate_bar * weight[3, a]
                passed_bar[a] = forget_bar * weight[0, a] + give_bar * weight[2, a]
                weight_bar[0, a] += forget_bar * entered
                weight_bar[1, a] += take_bar * hidden
                weight_bar[2, a] += give_bar * entered
                weight_bar[3, a] += candidate_bar * hidden
                bias_bar[0, a] += forget_bar
                bias_bar[1, a] += take_bar
                bias_bar[2, a] += give_bar
                bias_bar[3, a] += candidate_bar
        for a in range(width):
            extra_bar[0, a] += passed_bar[a] * sequence[t, a]
    return scale * value, (main_bar, extra_bar)


def lstm_inputs(layers: int = 2, steps: int = 1024, width: int = 14) -> tuple[Any, ...]:
    """Random weights, and a random text of an alphabet of ``width`` letters."""
    rng = np.random.default_rng(14)
    return (
        0.5 * rng.normal(size=(2 * layers, 4, width)),
        rng.normal(size=(3, width)),
        rng.normal(size=(2 * layers, width)),
        np.eye(width)[rng.integers(0, width, steps)],
    )
