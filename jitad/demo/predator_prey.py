"""The Lotka-Volterra model of predator and prey, and how well it explains counts of pelts.

All kernels take ``theta``, the logarithms of eight positive parameters, in the order of ``PARAMETERS``.
Plain Numba code: nothing here knows that it'll be differentiated.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

PARAMETERS = ("alpha", "beta", "gamma", "delta", "hare in 1900", "lynx in 1900", "sigma hare", "sigma lynx")

# Posterior means and standard deviations of B. Carpenter, "Predator-Prey Population Dynamics: the Lotka-Volterra model
# in Stan" (2018).
PUBLISHED = (0.55, 0.028, 0.80, 0.024, 34.0, 5.9, 0.25, 0.25)
DEVIATIONS = (0.065, 0.004, 0.091, 0.004, 2.9, 0.53, 0.045, 0.044)

HALF_LOG_TWO_PI = 0.9189385332046727


@njit(cache=True, error_model="numpy")
def prey_rate(prey: float, predators: float, growth: float, predation: float) -> float:
    """Change of the prey in thousands a year."""
    return (growth - predation * predators) * prey


@njit(cache=True, error_model="numpy")
def predator_rate(prey: float, predators: float, decline: float, conversion: float) -> float:
    """Change of the predators in thousands a year."""
    return (conversion * prey - decline) * predators


@njit(cache=True, error_model="numpy")
def log_normal_loss(observed: float, expected: float, sigma: float) -> float:
    """Negative log density of a log-normal observation whose median is ``expected``."""
    residual = (math.log(observed) - math.log(expected)) / sigma
    return 0.5 * residual * residual + math.log(sigma) + math.log(observed) + HALF_LOG_TWO_PI


@njit(cache=True, error_model="numpy")
def negative_log_likelihood(theta: Any, hare: Any, lynx: Any, substeps: int) -> float:
    """Negative log-likelihood of yearly counts under the model.

    ``theta`` has shape (8,), ``hare`` and ``lynx`` shape (years,), in thousands; all float64. Each year is
    integrated by ``substeps`` steps of the classical fourth-order Runge-Kutta method.
    """
    alpha = math.exp(theta[0])
    beta = math.exp(theta[1])
    gamma = math.exp(theta[2])
    delta = math.exp(theta[3])
    u = math.exp(theta[4])
    v = math.exp(theta[5])
    sigma_hare = math.exp(theta[6])
    sigma_lynx = math.exp(theta[7])
    step = 1.0 / substeps
    loss = log_normal_loss(hare[0], u, sigma_hare) + log_normal_loss(lynx[0], v, sigma_lynx)
    for year in range(1, hare.shape[0]):
        for _ in range(substeps):
            du1 = prey_rate(u, v, alpha, beta)
            dv1 = predator_rate(u, v, gamma, delta)
            u2 = u + 0.5 * step * du1
            v2 = v + 0.5 * step * dv1
            du2 = prey_rate(u2, v2, alpha, beta)
            dv2 = predator_rate(u2, v2, gamma, delta)
            u3 = u + 0.5 * step * du2
            v3 = v + 0.5 * step * dv2
            du3 = prey_rate(u3, v3, alpha, beta)
            dv3 = predator_rate(u3, v3, gamma, delta)
            u4 = u + step * du3
            v4 = v + step * dv3
            du4 = prey_rate(u4, v4, alpha, beta)
            dv4 = predator_rate(u4, v4, gamma, delta)
            u += step / 6.0 * (du1 + 2.0 * du2 + 2.0 * du3 + du4)
            v += step / 6.0 * (dv1 + 2.0 * dv2 + 2.0 * dv3 + dv4)
        loss += log_normal_loss(hare[year], u, sigma_hare) + log_normal_loss(lynx[year], v, sigma_lynx)
    return loss


@njit(cache=True, error_model="numpy")
def negative_log_prior(theta: Any) -> float:
    """Negative log density, up to a constant, of the case study's priors.

    alpha, gamma ~ normal(1, 0.5); beta, delta ~ normal(0.05, 0.05); the first counts ~ lognormal(log 10, 1);
    both sigmas ~ lognormal(-1, 1).
    """
    loss = 0.0
    for i in range(4):
        centre = 1.0 if i % 2 == 0 else 0.05
        scale = 0.5 if i % 2 == 0 else 0.05
        distance = (math.exp(theta[i]) - centre) / scale
        loss += 0.5 * distance * distance
    for i in range(4, 8):
        centre = math.log(10.0) if i < 6 else -1.0
        distance = theta[i] - centre
        loss += 0.5 * distance * distance + theta[i]
    return loss


@njit(cache=True, error_model="numpy")
def negative_log_posterior(theta: Any, hare: Any, lynx: Any, substeps: int) -> float:
    """What the demonstration minimises: likelihood and priors together."""
    return negative_log_likelihood(theta, hare, lynx, substeps) + negative_log_prior(theta)


def trajectory(theta: NDArray[np.float64], years: int, substeps: int) -> NDArray[np.float64]:
    """Hare and lynx, in thousands, at every step of ``years`` years: shape (years * substeps + 1, 2).

    Integrated by SciPy and not by the kernel above, so that the plot also checks the integrator.
    """
    from scipy.integrate import solve_ivp

    alpha, beta, gamma, delta, hare, lynx = np.exp(theta[:6])

    def rates(_time: float, state: NDArray[np.float64]) -> tuple[float, float]:
        u, v = state
        return (alpha - beta * v) * u, (delta * u - gamma) * v

    times = np.linspace(0.0, years, years * substeps + 1)
    return solve_ivp(rates, (0.0, years), (hare, lynx), t_eval=times, rtol=1e-8, atol=1e-8).y.T
