"""An Asian call option, all paths at once."""

import jax.numpy as jnp


def asian_option(spot, strike, rate, volatility, maturity, normals):
    steps = normals.shape[1]
    step = maturity / steps
    drift = (rate - 0.5 * volatility * volatility) * step
    growth = drift + volatility * jnp.sqrt(step) * normals
    prices = spot * jnp.exp(jnp.cumsum(growth, axis=1))
    payoff = jnp.maximum(jnp.mean(prices, axis=1) - strike, 0.0)
    return jnp.exp(-rate * maturity) * jnp.mean(payoff)
