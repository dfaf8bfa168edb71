"""The misfit of a polynomial, for all points at once."""

import casadi


def polynomial_misfit(coefficients, t, y):
    fitted = 0.0
    power = 1.0
    for j in range(coefficients.shape[0]):
        fitted += coefficients[j] * power
        power *= t
    return 0.5 * casadi.sumsqr(y - fitted)
