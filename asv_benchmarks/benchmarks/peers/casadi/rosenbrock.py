"""Rosenbrock's function on slices."""

import casadi


def rosenbrock(x):
    return 100.0 * casadi.sumsqr(x[1:] - x[:-1] ** 2) + casadi.sumsqr(1.0 - x[:-1])
