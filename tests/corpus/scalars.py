"""Straight-line kernels on numbers."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (1.3,), compiled=True)
def polynomial(x):
    return x * x * x - 2.0 * x + 5.0


@kernel(lambda d: (1.3, 0.7), argnums=(0, 1))
def product_and_quotient(x, y):
    return x * y / (x + y) - y


@kernel(lambda d: (1.3,))
def constant_powers(x):
    return x**2 + x**-3 + x**0.5 + 2.0**x + x**1 + x**0


@kernel(lambda d: (1.3, 0.6), argnums=(0, 1))
def variable_power(x, y):
    return x**y + y ** (x + 1.0)


@kernel(lambda d: (-1.3, 3))
def integer_power(x, n):
    return x**n + n * x


@kernel(lambda d: (0.4,))
def trigonometric(x):
    return math.sin(x) * math.cos(2.0 * x) + math.tan(x)


@kernel(lambda d: (0.4,))
def inverse_trigonometric(x):
    return np.arcsin(x) + np.arccos(0.5 * x) * np.arctan(3.0 * x)


@kernel(lambda d: (0.9,))
def exponentials_and_logarithms(x):
    return math.exp(-x) + math.expm1(x) + math.log(x) + math.log1p(x) * math.log2(x) + math.log10(x)


@kernel(lambda d: (0.9,))
def hyperbolic(x):
    return math.sinh(x) / math.cosh(x) - math.tanh(x * x) + np.arcsinh(x) + np.arctanh(0.5 * x) + np.arccosh(x + 2.0)


@kernel(lambda d: (1.7,))
def special_functions(x):
    return math.erf(x) + math.erfc(0.5 * x) + math.lgamma(x + 1.0) + math.gamma(x)


@kernel(lambda d: (1.1, -0.7), argnums=(0, 1), compiled=True)
def two_argument_functions(x, y):
    return math.hypot(x, y) + math.atan2(y, x) * math.copysign(x, y)


@kernel(lambda d: (5.3, 1.9), argnums=(0, 1))
def remainders(x, y):
    return x % y + x // y * x + np.fmod(x, y) + math.fmod(y, x) * x


@kernel(lambda d: (-2.6, 1.9), argnums=(0, 1))
def remainders_of_negative_numbers(x, y):
    return (x % y) * (x % -y) + (x // y) * y


@kernel(lambda d: (1.3, 0.7, -0.2), argnums=(0, 1, 2))
def least_and_greatest(x, y, z):
    return min(x, y, z) * max(x, y) + max(y * z, z)


@kernel(lambda d: (-1.3,))
def absolute_values(x):
    return abs(x) * x + math.fabs(x - 2.0) + np.abs(x * x - 3.0)


@kernel(lambda d: (1.3, 4))
def integers_promote(x, n):
    half = n // 2
    return n * x + half / 3 + x / n + (n - 7) * x * x


@kernel(lambda d: (1.3,), compiled=True)
def booleans_promote(x):
    return (x > 1.0) * x * x + (x > 2.0) * x


@kernel(lambda d: (1.3,))
def named_constants(x):
    return math.pi * x + math.e ** (x / math.tau) + np.pi


@kernel(lambda d: (1.3,))
def reassigned_three_times(x):
    y = x * 2.0
    y = math.sin(y)
    y = y * x
    return y * y


@kernel(lambda d: (1.3,))
def argument_reassigned(x):
    x = x * x
    x = math.sin(x) + x
    return x * 3.0


@kernel(lambda d: (1.3, 0.4), argnums=(0, 1))
def swapped_numbers(a, b):
    a, b = b, a * b
    a, b = a + b, a
    return a * a * b


@kernel(lambda d: (1.3,))
def chained_assignment(x):
    a = b = x * x
    a += b
    b *= a
    return a - b / 7.0


@kernel(lambda d: (1.3,))
def augmented_assignments(x):
    y = x
    y += 2.0
    y *= x
    y -= x * x * x
    y /= x + 4.0
    y **= 2
    y %= 10.0
    return y


@kernel(lambda d: (1.3,), tags=("not-numba",))
def assignment_expression(x):
    return (y := x * x) * math.cos(y) + y


@kernel(lambda d: (1.3,))
def signs(x):
    return -x + (+x) * -(-x) - -2.0 * x


@kernel(lambda d: (1.3,))
def result_used_by_its_rule(x):
    e = math.exp(x)
    s = math.sqrt(e + x)
    t = math.tanh(s / e)
    return e * s * t / (1.0 + t)


@kernel(lambda d: (1.3, 2.0), tags=("not-numba",))
def unused_values(x, unused):
    ignored = math.sin(x) * unused
    also_ignored = ignored * 2.0
    del also_ignored
    return x * x


@kernel(lambda d: (1.3,))
def independent_of_its_argument(x):
    y = math.floor(x)
    return y * 2.0


@kernel(lambda d: (2.6,))
def roundings(x):
    return x * math.floor(x) + math.ceil(x) * x * x + round(x) + int(x) * x + math.trunc(x)


@kernel(lambda d: (np.float32(1.25),), tags=("float32",), compiled=True)
def single_precision(x):
    y = x * x + np.float32(1.5)
    return np.sin(y) / x


@kernel(lambda d: (np.float32(1.25), 0.8), argnums=(0, 1), tags=("float32",))
def mixed_precision(x, y):
    z = x * np.float32(2.0)
    return z * y + x * x


@kernel(lambda d: (1.3,), tags=("float32",))
def explicit_conversions(x):
    return float(np.float32(x)) * x + np.float64(x) * int(3.7)


@kernel(lambda d: (1.3, 0.8), argnums=(0, 1), tags=("vjp",))
def two_results(x, y):
    return x * y, math.sin(x) - y


@kernel(lambda d: (1.3, 3), tags=("vjp",))
def results_of_many_kinds(x, n):
    return x * n, n + 1, x > 1.0, (x, x * x)


@kernel(lambda d: (0.7, 3, 5))
def integer_arithmetic(x, m, n):
    k = (m << 2) + (n >> 1) - (m & n) + (m | n) + (m ^ n) + ~m + m % n + m**2
    return x * k + n // m * x * x
