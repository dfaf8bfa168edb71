"""A kernel with next to no work."""

import casadi


def sum_of_squares(x):
    return casadi.sumsqr(x)
