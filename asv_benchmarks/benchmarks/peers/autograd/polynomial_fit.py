"""The misfit of a polynomial, for all points at once."""

import autograd.numpy as np


def polynomial_misfit(coefficients, t, y):
    powers = np.vander(t, coefficients.shape[0], increasing=True)
    return 0.5 * np.sum((y - powers @ coefficients) ** 2)
