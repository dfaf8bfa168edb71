"""A recurrent network with diagonal weights: a scan over the sequence."""

import jax.numpy as jnp
from jax import lax, nn


def lstm_loss(main, extra, state, sequence):
    layers = state.shape[0] // 2

    def advance(memory, characters):
        character, following = characters
        passed = character * extra[0]
        found = []
        for layer in range(layers):
            weight, bias = main[2 * layer], main[2 * layer + 1]
            hidden, cell = memory[2 * layer], memory[2 * layer + 1]
            forget = nn.sigmoid(passed * weight[0] + bias[0])
            take = nn.sigmoid(hidden * weight[1] + bias[1])
            give = nn.sigmoid(passed * weight[2] + bias[2])
            candidate = jnp.tanh(hidden * weight[3] + bias[3])
            cell = cell * forget + take * candidate
            passed = give * jnp.tanh(cell)
            found += [passed, cell]
        output = passed * extra[1] + extra[2]
        gain = jnp.sum(following * (output - jnp.log(jnp.sum(jnp.exp(output)) + 2.0)))
        return jnp.stack(found), gain

    _, gains = lax.scan(advance, state, (sequence[:-1], sequence[1:]))
    return -jnp.sum(gains) / (gains.shape[0] * sequence.shape[1])
