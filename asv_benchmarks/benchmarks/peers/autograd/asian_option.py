"""An Asian call option, all paths at once."""

import autograd.numpy as np


def asian_option(spot, strike, rate, volatility, maturity, normals):
    steps = normals.shape[1]
    step = maturity / steps
    drift = (rate - 0.5 * volatility * volatility) * step
    growth = drift + volatility * np.sqrt(step) * normals
    prices = spot * np.exp(np.cumsum(growth, axis=1))
    payoff = np.maximum(np.mean(prices, axis=1) - strike, 0.0)
    return np.exp(-rate * maturity) * np.mean(payoff)
