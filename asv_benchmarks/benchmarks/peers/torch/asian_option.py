"""An Asian call option, all paths at once."""

import torch


def asian_option(spot, strike, rate, volatility, maturity, normals):
    steps = normals.shape[1]
    step = maturity / steps
    drift = (rate - 0.5 * volatility * volatility) * step
    growth = drift + volatility * step**0.5 * normals
    prices = spot * torch.exp(torch.cumsum(growth, dim=1))
    payoff = torch.clamp(prices.mean(dim=1) - strike, min=0.0)
    return torch.exp(-rate * maturity) * payoff.mean()
