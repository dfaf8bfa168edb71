"""The demonstration's kernel: predator and prey by Runge-Kutta steps, with its likelihood."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jitad.demo.datasets import load_pelts
from jitad.demo.lynx import START
from jitad.demo.predator_prey import negative_log_likelihood

predator_prey = negative_log_likelihood.py_func


def predator_prey_by_hand(theta, hare, lynx, substeps):
    """Value and gradient of the likelihood by ``theta``, shape (8,).

    Kept of each step: the species before it and at its first half step, which is quicker than to keep less or more.
    """
    alpha = math.exp(theta[0])
    beta = math.exp(theta[1])
    gamma = math.exp(theta[2])
    delta = math.exp(theta[3])
    u = math.exp(theta[4])
    v = math.exp(theta[5])
    sigma_u = math.exp(theta[6])
    sigma_v = math.exp(theta[7])
    years = hare.shape[0]
    step = 1.0 / substeps
    half = 0.5 * step
    sixth = step / 6.0
    tape = np.empty(4 * (years - 1) * substeps)
    states = np.empty((years, 2))
    constant = 2.0 * 0.9189385332046727 + math.log(sigma_u) + math.log(sigma_v)
    states[0, 0] = u
    states[0, 1] = v
    at = 0
    for year in range(1, years):
        for _ in range(substeps):
            du1 = (alpha - beta * v) * u
            dv1 = (delta * u - gamma) * v
            u2 = u + half * du1
            v2 = v + half * dv1
            tape[at] = u
            tape[at + 1] = v
            tape[at + 2] = u2
            tape[at + 3] = v2
            at += 4
            du2 = (alpha - beta * v2) * u2
            dv2 = (delta * u2 - gamma) * v2
            u3 = u + half * du2
            v3 = v + half * dv2
            du3 = (alpha - beta * v3) * u3
            dv3 = (delta * u3 - gamma) * v3
            u4 = u + step * du3
            v4 = v + step * dv3
            u += sixth * (du1 + 2.0 * du2 + 2.0 * du3 + (alpha - beta * v4) * u4)
            v += sixth * (dv1 + 2.0 * dv2 + 2.0 * dv3 + (delta * u4 - gamma) * v4)
        states[year, 0] = u
        states[year, 1] = v
    value = 0.0
    alpha_b = beta_b = gamma_b = delta_b = sigma_u_b = sigma_v_b = u_b = v_b = 0.0
    for year in range(years - 1, -1, -1):
        u = states[year, 0]
        v = states[year, 1]
        log_hare = math.log(hare[year])
        log_lynx = math.log(lynx[year])
        ru = (log_hare - math.log(u)) / sigma_u
        rv = (log_lynx - math.log(v)) / sigma_v
        value += 0.5 * (ru * ru + rv * rv) + log_hare + log_lynx + constant
        u_b -= ru / (sigma_u * u)
        v_b -= rv / (sigma_v * v)
        sigma_u_b += (1.0 - ru * ru) / sigma_u
        sigma_v_b += (1.0 - rv * rv) / sigma_v
        if year == 0:
            break
        for _ in range(substeps):
            at -= 4
            u = tape[at]
            v = tape[at + 1]
            u2 = tape[at + 2]
            v2 = tape[at + 3]
            u3 = u + half * (alpha - beta * v2) * u2
            v3 = v + half * (delta * u2 - gamma) * v2
            u4 = u + step * (alpha - beta * v3) * u3
            v4 = v + step * (delta * u3 - gamma) * v3

            du_b = sixth * u_b
            dv_b = sixth * v_b
            alpha_b += du_b * u4
            beta_b -= du_b * u4 * v4
            gamma_b -= dv_b * v4
            delta_b += dv_b * u4 * v4
            ub = du_b * (alpha - beta * v4) + dv_b * delta * v4
            vb = dv_b * (delta * u4 - gamma) - du_b * beta * u4
            u_sum = u_b + ub
            v_sum = v_b + vb

            du_b = 2.0 * sixth * u_b + step * ub
            dv_b = 2.0 * sixth * v_b + step * vb
            alpha_b += du_b * u3
            beta_b -= du_b * u3 * v3
            gamma_b -= dv_b * v3
            delta_b += dv_b * u3 * v3
            ub = du_b * (alpha - beta * v3) + dv_b * delta * v3
            vb = dv_b * (delta * u3 - gamma) - du_b * beta * u3
            u_sum += ub
            v_sum += vb

            du_b = 2.0 * sixth * u_b + half * ub
            dv_b = 2.0 * sixth * v_b + half * vb
            alpha_b += du_b * u2
            beta_b -= du_b * u2 * v2
            gamma_b -= dv_b * v2
            delta_b += dv_b * u2 * v2
            ub = du_b * (alpha - beta * v2) + dv_b * delta * v2
            vb = dv_b * (delta * u2 - gamma) - du_b * beta * u2
            u_sum += ub
            v_sum += vb

            du_b = sixth * u_b + half * ub
            dv_b = sixth * v_b + half * vb
            alpha_b += du_b * u
            beta_b -= du_b * u * v
            gamma_b -= dv_b * v
            delta_b += dv_b * u * v
            u_b = u_sum + du_b * (alpha - beta * v) + dv_b * delta * v
            v_b = v_sum + dv_b * (delta * u - gamma) - du_b * beta * u
    gradient = np.empty(8)
    gradient[0] = alpha_b * alpha
    gradient[1] = beta_b * beta
    gradient[2] = gamma_b * gamma
    gradient[3] = delta_b * delta
    gradient[4] = u_b * states[0, 0]
    gradient[5] = v_b * states[0, 1]
    gradient[6] = sigma_u_b * sigma_u
    gradient[7] = sigma_v_b * sigma_v
    return value, (gradient,)


def predator_prey_inputs(substeps: int = 500) -> tuple[Any, ...]:
    """The real counts and the point that the demonstration starts from."""
    pelts = load_pelts()
    return np.array(START), pelts.hare, pelts.lynx, substeps
