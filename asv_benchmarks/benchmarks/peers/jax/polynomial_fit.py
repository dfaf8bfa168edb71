"""The misfit of a polynomial, for all points at once."""

import jax.numpy as jnp


def polynomial_misfit(coefficients, t, y):
    fitted = jnp.zeros_like(t)
    power = jnp.ones_like(t)
    for coefficient in coefficients:
        fitted += coefficient * power
        power *= t
    return 0.5 * jnp.sum((y - fitted) ** 2)
