"""The distributions of ``np.random`` that Numba draws from, as kernels that give one number (or one array, or none).

Where a number is a smooth function of a parameter and of a draw that doesn't depend on that parameter (locations,
scales, inverse distribution functions), it is written so, in Numba's own formulas: the numbers are Numba's to the last
bit, and derivatives are those of the number at a fixed draw (pathwise derivatives; Glasserman, *Monte Carlo Methods in
Financial Engineering* (2003), section 7.2). The other parameters have no derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.primitives import draws

Kernel = Callable[..., Any]

NUMBERS: dict[Any, tuple[Kernel, str | None]] = {}
"""For functions of numbers that give one: the kernel, and the dtype of an array of these if a ``size`` asks for one."""

KERNELS: dict[Any, Kernel] = {}
"""The kernels of other functions, which take all their arguments themselves."""


def gives(dtype: str | None, *functions: Any) -> Callable[[Kernel], Kernel]:
    """Decorator: this kernel is one number of these functions."""

    def add(kernel: Kernel) -> Kernel:
        NUMBERS.update(dict.fromkeys(functions, (kernel, dtype)))
        return kernel

    return add


def defines(function: Any) -> Callable[[Kernel], Kernel]:
    """Decorator: this kernel is that function."""

    def add(kernel: Kernel) -> Kernel:
        KERNELS[function] = kernel
        return kernel

    return add


def filled(size, dtype, draw, *args):
    """An array of this size (an integer or a tuple) of numbers drawn one after the other."""
    out = np.empty(size, dtype)
    flat = out.reshape(-1)
    for i in range(flat.shape[0]):
        flat[i] = draw(*args)
    return out


# Locations, scales and inverse distribution functions


@gives("float64", np.random.random, np.random.random_sample, np.random.sample, np.random.ranf)
def uniform_01():
    return draws.draw_uniform()


@gives("float64", np.random.uniform)
def uniform(low=0.0, high=1.0):
    return float(low) + (float(high) - float(low)) * draws.draw_uniform()


@gives("float64", np.random.standard_normal)
def standard_normal():
    return draws.draw_normal()


@gives("float64", np.random.normal)
def normal(loc=0.0, scale=1.0):
    return float(loc) + float(scale) * draws.draw_normal()


@gives("float64", np.random.lognormal)
def lognormal(mean=0.0, sigma=1.0):
    return math.exp(normal(mean, sigma))


@gives("float64", np.random.standard_exponential)
def standard_exponential():
    return -math.log(1.0 - draws.draw_uniform())


@gives("float64", np.random.exponential)
def exponential(scale=1.0):
    return standard_exponential() * scale


@gives("float64", np.random.gumbel)
def gumbel(loc=0.0, scale=1.0):
    u = 1.0 - draws.draw_uniform()
    return loc - scale * math.log(-math.log(u))


@gives("float64", np.random.laplace)
def laplace(loc=0.0, scale=1.0):
    u = draws.draw_uniform()
    if u < 0.5:
        return loc + scale * math.log(u + u)
    return loc - scale * math.log(2.0 - u - u)


@gives("float64", np.random.logistic)
def logistic(loc=0.0, scale=1.0):
    u = draws.draw_uniform()
    return loc + scale * math.log(u / (1.0 - u))


@gives("float64", np.random.pareto)
def pareto(a):
    u = 1.0 - draws.draw_uniform()
    return 1.0 / u ** (1.0 / a) - 1


@gives("float64", np.random.power)
def power(a):
    if a <= 0.0:
        raise ValueError("power(): a <= 0")
    return math.pow(1 - math.exp(-standard_exponential()), 1.0 / a)


@gives("float64", np.random.rayleigh)
def rayleigh(scale=1.0):
    if scale <= 0.0:
        raise ValueError("rayleigh(): scale <= 0")
    return scale * math.sqrt(-2.0 * math.log(1.0 - draws.draw_uniform()))


@gives("float64", np.random.triangular)
def triangular(left, mode, right):
    if right == left:
        return left
    u = draws.draw_uniform()
    c = (mode - left) / (right - left)
    if u > c:
        return right + (left - right) * math.sqrt((1.0 - u) * (1.0 - c))
    return left + (right - left) * math.sqrt(u * c)


@gives("float64", np.random.weibull)
def weibull(a):
    u = 1.0 - draws.draw_uniform()
    return (-math.log(u)) ** (1.0 / a)


@gives("float64", np.random.gamma)
def gamma(shape, scale=1.0):
    if scale <= 0.0:
        raise ValueError("gamma: scale must be > 0.0")
    return draws.draw_gamma(shape) * scale


# The rest, whose parameters have no derivative


@gives("float64", np.random.standard_gamma)
def standard_gamma(shape):
    return draws.draw_gamma(shape)


@gives("float64", np.random.beta)
def beta(a, b):
    return draws.draw_beta(a, b)


@gives("float64", np.random.chisquare)
def chisquare(df):
    return draws.draw_chisquare(df)


@gives("float64", np.random.noncentral_chisquare)
def noncentral_chisquare(df, nonc):
    return draws.draw_noncentral_chisquare(df, nonc)


@gives("float64", np.random.f)
def f(dfnum, dfden):
    return draws.draw_f(dfnum, dfden)


@gives("float64", np.random.standard_cauchy)
def standard_cauchy():
    return draws.draw_cauchy()


@gives("float64", np.random.standard_t)
def standard_t(df):
    return draws.draw_t(df)


@gives("float64", np.random.vonmises)
def vonmises(mu, kappa):
    return draws.draw_vonmises(mu, kappa)


@gives("float64", np.random.wald)
def wald(mean, scale):
    return draws.draw_wald(mean, scale)


@gives("int64", np.random.randint)
def randint(low, high=None):
    return draws.draw_integer(0, low) if high is None else draws.draw_integer(low, high)


@gives("int64", np.random.binomial)
def binomial(n, p):
    return draws.draw_binomial(n, p)


@gives("int64", np.random.negative_binomial)
def negative_binomial(n, p):
    return draws.draw_negative_binomial(n, p)


@gives("int64", np.random.poisson)
def poisson(lam=1.0):
    return draws.draw_poisson(lam)


@gives("int64", np.random.geometric)
def geometric(p):
    return draws.draw_geometric(p)


@gives("int64", np.random.hypergeometric)
def hypergeometric(ngood, nbad, nsample):
    return draws.draw_hypergeometric(ngood, nbad, nsample)


@gives("int64", np.random.logseries)
def logseries(p):
    return draws.draw_logseries(p)


@gives("int64", np.random.zipf)
def zipf(a):
    return draws.draw_zipf(a)


# Arrays


@defines(np.random.rand)
def rand(*size):
    return filled(size, np.float64, draws.draw_uniform) if size else draws.draw_uniform()


@defines(np.random.randn)
def randn(*size):
    return filled(size, np.float64, draws.draw_normal) if size else draws.draw_normal()


def shuffled_order(count, below):
    """The indices from 0 to ``count`` in random order (Fisher and Yates), by integers from 0 up to ``below``'s."""
    order = np.arange(count)
    for i in range(count - 1, 0, -1):
        j = below(i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def _below(stop):
    return draws.draw_integer(0, stop)


@defines(np.random.permutation)
def permutation(x):
    if np.ndim(x) == 0:
        return shuffled_order(x, _below)
    return x[shuffled_order(x.shape[0], _below)]


@defines(np.random.shuffle)
def shuffle(x):
    shuffled = x[shuffled_order(x.shape[0], _below)]
    x[:] = shuffled


@defines(np.random.choice)
def choice(a, size=None, replace=True):
    count = a if np.ndim(a) == 0 else a.shape[0]
    if size is None:
        i = draws.draw_integer(0, count)
        return i if np.ndim(a) == 0 else a[i]
    if replace:
        places = filled(size, np.int64, draws.draw_integer, 0, count)
    else:
        places = np.empty(size, np.int64)
        if places.size > count:
            raise ValueError("Cannot take a larger sample than population when 'replace=False'")
        places.reshape(-1)[:] = shuffled_order(count, _below)[: places.size]
    return places if np.ndim(a) == 0 else a[places.reshape(-1)].reshape(places.shape)


def _rows(size, length):
    """The shape of this many rows of a length; a row alone without a size."""
    return (length,) if size is None else (*np.empty(size).shape, length)


@defines(np.random.multinomial)
def multinomial(n, pvals, size=None):
    """Binomial numbers, one after the other, each of what the ones before it have left."""
    pvals = np.asarray(pvals)
    length = pvals.shape[0]
    out = np.zeros(_rows(size, length), np.int64)
    rows = out.reshape(-1)
    for start in range(0, rows.shape[0], max(length, 1)):
        left, probability = n, 1.0
        for j in range(length - 1):
            if left > 0:
                drawn = draws.draw_binomial(left, pvals[j] / probability)
                rows[start + j] = drawn
                left -= drawn
                probability -= pvals[j]
        rows[start + length - 1] = left
    return out


@defines(np.random.dirichlet)
def dirichlet(alpha, size=None):
    """Gamma numbers divided by their sum."""
    alpha = np.asarray(alpha)
    length = alpha.shape[0]
    for k in range(length):
        if alpha[k] <= 0:
            raise ValueError("dirichlet: alpha must be > 0.0")
    out = np.empty(_rows(size, length))
    rows = out.reshape(-1)
    for start in range(0, rows.shape[0], max(length, 1)):
        total = 0.0
        for k in range(length):
            rows[start + k] = draws.draw_gamma(alpha[k])
            total += rows[start + k]
        for k in range(length):
            rows[start + k] /= total
    return out


@defines(np.random.seed)
def seed(seed):
    draws.seed_numpy(seed)
