"""A kernel with next to no work."""

import autograd.numpy as np


def sum_of_squares(x):
    return np.sum(x * x)
