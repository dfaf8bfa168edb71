"""A hidden Markov model: a scan over the observations."""

import jax.numpy as jnp
from jax import lax


def hidden_markov(start, transition, emission, observed):
    def advance(weights, symbol):
        reached = (weights @ transition) * emission[symbol]
        norm = jnp.sum(reached)
        return reached / norm, jnp.log(norm)

    return jnp.sum(lax.scan(advance, start, observed)[1])
