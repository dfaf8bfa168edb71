"""A recurrent network with diagonal weights: a Python loop over the sequence."""

import autograd.numpy as np


def lstm_loss(main, extra, state, sequence):
    layers = state.shape[0] // 2
    memory = [state[i] for i in range(2 * layers)]
    weights = [[main[i, gate] for gate in range(4)] for i in range(2 * layers)]
    total = 0.0
    for t in range(sequence.shape[0] - 1):
        passed = sequence[t] * extra[0]
        for layer in range(layers):
            weight, bias = weights[2 * layer], weights[2 * layer + 1]
            hidden, cell = memory[2 * layer], memory[2 * layer + 1]
            forget = _sigmoid(passed * weight[0] + bias[0])
            take = _sigmoid(hidden * weight[1] + bias[1])
            give = _sigmoid(passed * weight[2] + bias[2])
            cell = cell * forget + take * np.tanh(hidden * weight[3] + bias[3])
            passed = give * np.tanh(cell)
            memory[2 * layer], memory[2 * layer + 1] = passed, cell
        output = passed * extra[1] + extra[2]
        total += np.sum(sequence[t + 1] * (output - np.log(np.sum(np.exp(output)) + 2.0)))
    return -total / ((sequence.shape[0] - 1) * sequence.shape[1])


def _sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))
