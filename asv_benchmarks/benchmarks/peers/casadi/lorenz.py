"""The Lorenz system: one step as a graph of scalars, mapped over itself."""

import casadi

STEP = 1e-5


def lorenz(x, y, z, sigma, rho, beta, steps):
    state, rates = casadi.SX.sym("state", 3), casadi.SX.sym("rates", 3)
    dx = rates[0] * (state[1] - state[0])
    dy = state[0] * (rates[1] - state[2]) - state[1]
    dz = state[0] * state[1] - rates[2] * state[2]
    after = casadi.vertcat(state[0] + STEP * dx, state[1] + STEP * dy, state[2] + STEP * dz)
    advance = casadi.Function("advance", [state, rates], [after]).fold(steps)
    every = casadi.repmat(casadi.vertcat(sigma, rho, beta), 1, steps)
    return casadi.sumsqr(advance(casadi.vertcat(x, y, z), every))
