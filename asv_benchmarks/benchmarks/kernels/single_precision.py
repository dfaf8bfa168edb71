"""Kernels whose every number is a float32: a literal such as 0.5 would turn a product with it into a float64."""

from __future__ import annotations

import math

import numpy as np

ONE, TWO, SIX, HALF = np.float32(1.0), np.float32(2.0), np.float32(6.0), np.float32(0.5)
ZERO, HALF_LOG_TWO_PI = np.float32(0.0), np.float32(0.9189385332046727)


def log_normal_loss(observed, expected, sigma):
    """Negative log density of a log-normal observation whose median is ``expected``."""
    residual = (math.log(observed) - math.log(expected)) / sigma
    return HALF * residual * residual + math.log(sigma) + math.log(observed) + HALF_LOG_TWO_PI


def predator_prey(theta, hare, lynx, substeps):
    """The demonstration's likelihood; ``theta`` (8,), ``hare`` and ``lynx`` (years,) are float32."""
    alpha = math.exp(theta[0])
    beta = math.exp(theta[1])
    gamma = math.exp(theta[2])
    delta = math.exp(theta[3])
    u = math.exp(theta[4])
    v = math.exp(theta[5])
    sigma_hare = math.exp(theta[6])
    sigma_lynx = math.exp(theta[7])
    step = ONE / np.float32(substeps)
    half, sixth = HALF * step, step / SIX
    loss = log_normal_loss(hare[0], u, sigma_hare) + log_normal_loss(lynx[0], v, sigma_lynx)
    for year in range(1, hare.shape[0]):
        for _ in range(substeps):
            du1 = (alpha - beta * v) * u
            dv1 = (delta * u - gamma) * v
            u2 = u + half * du1
            v2 = v + half * dv1
            du2 = (alpha - beta * v2) * u2
            dv2 = (delta * u2 - gamma) * v2
            u3 = u + half * du2
            v3 = v + half * dv2
            du3 = (alpha - beta * v3) * u3
            dv3 = (delta * u3 - gamma) * v3
            u4 = u + step * du3
            v4 = v + step * dv3
            du4 = (alpha - beta * v4) * u4
            dv4 = (delta * u4 - gamma) * v4
            u += sixth * (du1 + TWO * du2 + TWO * du3 + du4)
            v += sixth * (dv1 + TWO * dv2 + TWO * dv3 + dv4)
        loss += log_normal_loss(hare[year], u, sigma_hare) + log_normal_loss(lynx[year], v, sigma_lynx)
    return loss


def asian_option(spot, strike, rate, volatility, maturity, normals):
    """Discounted mean payoff; ``normals`` has shape (paths, steps); all are float32."""
    paths, steps = normals.shape
    step = maturity / np.float32(steps)
    drift = (rate - HALF * volatility * volatility) * step
    spread = volatility * math.sqrt(step)
    total = ZERO
    for i in range(paths):
        price = spot
        mean = ZERO
        for j in range(steps):
            price *= math.exp(drift + spread * normals[i, j])
            mean += price
        total += max(mean / np.float32(steps) - strike, ZERO)
    return math.exp(-rate * maturity) * total / np.float32(paths)
