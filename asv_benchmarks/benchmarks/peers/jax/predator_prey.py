"""Predator and prey by Runge-Kutta steps, with their likelihood: a scan over years, a loop in each."""

import math

import jax.numpy as jnp
from jax import lax


def negative_log_likelihood(theta, hare, lynx, substeps):
    alpha, beta, gamma, delta, u, v, sigma_hare, sigma_lynx = jnp.exp(theta)
    step = 1.0 / substeps

    def rates(u, v):
        return (alpha - beta * v) * u, (delta * u - gamma) * v

    def advance(_, state):
        u, v = state
        du1, dv1 = rates(u, v)
        du2, dv2 = rates(u + 0.5 * step * du1, v + 0.5 * step * dv1)
        du3, dv3 = rates(u + 0.5 * step * du2, v + 0.5 * step * dv2)
        du4, dv4 = rates(u + step * du3, v + step * dv3)
        u += step / 6.0 * (du1 + 2.0 * du2 + 2.0 * du3 + du4)
        v += step / 6.0 * (dv1 + 2.0 * dv2 + 2.0 * dv3 + dv4)
        return u, v

    def year(state, _):
        state = lax.fori_loop(0, substeps, advance, state)
        return state, state

    _, (later_u, later_v) = lax.scan(year, (u, v), None, length=hare.shape[0] - 1)
    found_u, found_v = jnp.append(u, later_u), jnp.append(v, later_v)
    return _loss(hare, found_u, sigma_hare) + _loss(lynx, found_v, sigma_lynx)


def _loss(observed, expected, sigma):
    residual = (jnp.log(observed) - jnp.log(expected)) / sigma
    constant = 0.5 * math.log(2.0 * math.pi)
    return jnp.sum(0.5 * residual * residual + jnp.log(sigma) + jnp.log(observed) + constant)
