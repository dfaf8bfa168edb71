"""NumPy expressions on whole arrays, with broadcasting."""

from __future__ import annotations

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1), compiled=True)
def elementwise_arithmetic(a, b):
    return np.sum(a * b - a / (b * b + 1.0) + 2.0**a - b**2 + (-a) * 3)


@kernel(lambda d: (d.positive(5),))
def elementwise_functions(a):
    x = np.sin(a) * np.exp(-a) + np.log(a) / np.sqrt(a)
    y = np.tanh(x) + np.arctan(a) + np.cosh(a) - np.log1p(a) * np.expm1(a)
    return np.sum(x * y)


@kernel(lambda d: (d.signed(5),))
def minima_maxima_and_clip(a):
    b = np.minimum(a, 0.7) * np.maximum(a, -0.3)
    c = np.clip(a, -0.9, 0.9) + np.abs(a) + np.maximum(a, a[::-1])
    return np.sum(b * c)


@kernel(lambda d: (d.signed(4), d.positive(4)), argnums=(0, 1))
def hypot_and_arctan2(a, b):
    return np.sum(np.hypot(a, b) * np.arctan2(a, b))


@kernel(lambda d: (d.signed(6),), compiled=True)
def where_with_nan_in_the_other_branch(a):
    return np.sum(np.where(a > 0.0, np.log(np.where(a > 0.0, a, 1.0)), a * a))


@kernel(lambda d: (d.signed(6),))
def where_of_numbers_and_arrays(a):
    b = np.where(a > 0.0, a * a, 0.5)
    c = np.where(b > 1.0, 0.0, b)
    return np.sum(b * c + np.where(a < 0.0, 1.0, 2.0) * a)


@kernel(lambda d: (d.signed(4), d.signed(3)), argnums=(0, 1))
def broadcasting_with_newaxis(a, b):
    c = a[:, None] * b[None, :] + a[:, np.newaxis]
    return np.sum(c * c)


@kernel(lambda d: (d.signed(3, 4), d.signed(4), d.signed(3, 1)), argnums=(0, 1, 2))
def broadcasting_of_rows_and_columns(a, row, column):
    return np.sum((a + row) * column - a * a * row)


@kernel(lambda d: (d.signed(2, 3), d.signed(4, 1, 3)), argnums=(0, 1))
def broadcasting_to_three_axes(a, b):
    return np.sum(np.sin(a * b))


@kernel(lambda d: (d.signed(4), 1.3), argnums=(0, 1))
def numbers_and_arrays(a, x):
    b = x * a + 1.0
    return np.sum(b / x) + np.sum(x - a * b)


@kernel(lambda d: (d.signed(4),))
def one_expression_many_uses(a):
    b = a * a
    c = b + a
    d = b * c
    return np.sum(b) * np.sum(c) - np.sum(d * b)


@kernel(lambda d: (d.signed(4, 5),), compiled=True)
def slices_in_expressions(a):
    b = a[1:-1, 1:-1] - 0.25 * (a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:])
    return np.sum(b * b)


@kernel(lambda d: (d.signed(5),), compiled=True)
def comparisons_as_numbers(a):
    positive = a > 0.0
    return np.sum(positive * a * a) + np.sum((a < 0.5) & (a > -0.5)) * a[0]


@kernel(lambda d: (d.signed(4).astype(np.float32), d.signed(4)), argnums=(0, 1), tags=("float32",))
def precisions_mixed_in_an_expression(a, b):
    c = a * a
    d = c * b + a
    return np.sum(d * d)


@kernel(lambda d: (d.signed(4), np.arange(1, 5)))
def integer_arrays_in_expressions(a, n):
    return np.sum(a * n + a / n + a**n + (n // 2) * a)


@kernel(lambda d: (d.signed(4),))
def rebound_expressions(a):
    u = a
    u = u + 0.1 * np.sin(u)
    u = u * u
    u = u - a
    return np.sum(u * u)


@kernel(lambda d: (d.signed(4),))
def square_and_reciprocal(a):
    return np.sum(np.square(a) + np.reciprocal(a) + np.power(a, 3) + np.negative(a) * np.sign(a))


@kernel(lambda d: (d.signed(4), d.signed(4)), argnums=(0, 1), tags=("vjp",))
def array_result_of_an_expression(a, b):
    return a * b + np.sin(a)


@kernel(lambda d: (d.signed(3), d.signed(4)), argnums=(0, 1), tags=("vjp",))
def several_array_results(a, b):
    return np.outer(a, b), np.sum(a) * b, a[0] * b[1]


@kernel(lambda d: (d.signed(5),))
def roundings_of_arrays(a):
    return np.sum(np.floor(a * 3.0) * a + np.ceil(a) * a * a + np.rint(a * 2.0))


@kernel(lambda d: (d.signed(5),))
def logical_functions(a):
    ok = np.logical_and(a > -1.0, np.logical_not(a > 1.0))
    return np.sum(np.where(ok, a * a, a)) + np.sum(np.where(np.logical_or(ok, a > 1.5), a, 0.0))


@kernel(lambda d: (d.positive(5),))
def sigmoid_and_softplus(a):
    s = 1.0 / (1.0 + np.exp(-a))
    p = np.log(1.0 + np.exp(a))
    return np.sum(s * p)
