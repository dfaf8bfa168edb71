"""An Asian call option priced by Monte Carlo: the payoff depends on the mean price of a path."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def asian_option(spot, strike, rate, volatility, maturity, normals):
    """Discounted mean payoff; ``normals`` has shape (paths, steps), the other arguments are float64."""
    paths, steps = normals.shape
    step = maturity / steps
    drift = (rate - 0.5 * volatility * volatility) * step
    spread = volatility * math.sqrt(step)
    total = 0.0
    for i in range(paths):
        price = spot
        mean = 0.0
        for j in range(steps):
            price *= math.exp(drift + spread * normals[i, j])
            mean += price
        total += max(mean / steps - strike, 0.0)
    return math.exp(-rate * maturity) * total / paths


def asian_option_by_hand(spot, strike, rate, volatility, maturity, normals):
    """Value and gradient of ``asian_option`` by its five numbers; a path that pays nothing is left at once."""
    paths, steps = normals.shape
    step = maturity / steps
    drift = (rate - 0.5 * volatility * volatility) * step
    spread = volatility * math.sqrt(step)
    prices = np.empty(steps)
    total = spot_bar = strike_bar = drift_bar = spread_bar = 0.0
    for i in range(paths):
        price = spot
        mean = 0.0
        for j in range(steps):
            price *= math.exp(drift + spread * normals[i, j])
            prices[j] = price
            mean += price
        paid = mean / steps - strike
        if paid <= 0.0:
            continue
        total += paid
        strike_bar -= 1.0
        growth_bar = 0.0  # the sum over later steps of price times its adjoint: what the growth of a step is worth
        for j in range(steps - 1, -1, -1):
            growth_bar += prices[j]
            drift_bar += growth_bar
            spread_bar += growth_bar * normals[i, j]
        spot_bar += growth_bar
    discount = math.exp(-rate * maturity) / paths
    value = discount * total
    spot_bar *= discount / (steps * spot)
    drift_bar *= discount / steps
    spread_bar *= discount / steps
    step_bar = drift_bar * (rate - 0.5 * volatility * volatility) + spread_bar * 0.5 * spread / step
    rate_bar = drift_bar * step - maturity * value
    volatility_bar = spread_bar * math.sqrt(step) - drift_bar * volatility * step
    maturity_bar = step_bar / steps - rate * value
    return value, (spot_bar, strike_bar * discount, rate_bar, volatility_bar, maturity_bar)


def asian_inputs(paths: int = 5_000, steps: int = 100) -> tuple[Any, ...]:
    """A year at the money with weekly-scale steps, and normal numbers drawn before."""
    return 100.0, 100.0, 0.05, 0.2, 1.0, np.random.default_rng(13).normal(size=(paths, steps))
