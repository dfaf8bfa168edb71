"""The functions of Python's ``random`` that Numba knows, as kernels; see ``distributions``."""

from __future__ import annotations

import math
import random

from jitad.primitives import draws
from jitad.primitives.distributions import defines, gives, shuffled_order


@gives(None, random.random)
def uniform_01():
    return draws.draw_python_uniform()


@gives(None, random.uniform)
def uniform(a, b):
    return float(a) + (float(b) - float(a)) * draws.draw_python_uniform()


@gives(None, random.gauss)
def gauss(mu=0.0, sigma=1.0):
    return float(mu) + float(sigma) * draws.draw_python_gauss()


@gives(None, random.normalvariate)
def normalvariate(mu=0.0, sigma=1.0):
    return float(mu) + float(sigma) * draws.draw_python_normal()


@gives(None, random.lognormvariate)
def lognormvariate(mu=0.0, sigma=1.0):
    return math.exp(normalvariate(mu, sigma))


@gives(None, random.expovariate)
def expovariate(lambd=1.0):
    return -math.log(1.0 - draws.draw_python_uniform()) / lambd


@gives(None, random.triangular)
def triangular(low=0.0, high=1.0, mode=None):
    if mode is not None and high == low:
        return low
    u = draws.draw_python_uniform()
    c = 0.5 if mode is None else (mode - low) / (high - low)
    if u > c:
        return high + (low - high) * math.sqrt((1.0 - u) * (1.0 - c))
    return low + (high - low) * math.sqrt(u * c)


@gives(None, random.paretovariate)
def paretovariate(alpha):
    u = 1.0 - draws.draw_python_uniform()
    return 1.0 / u ** (1.0 / alpha)


@gives(None, random.weibullvariate)
def weibullvariate(alpha, beta):
    u = 1.0 - draws.draw_python_uniform()
    return alpha * (-math.log(u)) ** (1.0 / beta)


@gives(None, random.gammavariate)
def gammavariate(alpha, beta):
    if beta <= 0.0:
        raise ValueError("gammavariate: alpha and beta must be > 0.0")
    return draws.draw_python_gamma(alpha) * beta


@gives(None, random.betavariate)
def betavariate(alpha, beta):
    return draws.draw_python_beta(alpha, beta)


@gives(None, random.vonmisesvariate)
def vonmisesvariate(mu, kappa):
    return draws.draw_python_vonmises(mu, kappa)


@gives(None, random.randrange)
def randrange(start, stop=None, step=1):
    return draws.draw_python_integer(0, start, 1) if stop is None else draws.draw_python_integer(start, stop, step)


@gives(None, random.randint)
def randint(a, b):
    return draws.draw_python_integer(a, b + 1, 1)


@gives(None, random.getrandbits)
def getrandbits(k):
    return draws.draw_python_bits(k)


def _below(stop):
    return draws.draw_python_integer(0, stop, 1)


@defines(random.shuffle)
def shuffle(x):
    shuffled = x[shuffled_order(x.shape[0], _below)]
    x[:] = shuffled


@gives(None, random.seed)
def seed(a):
    draws.seed_python(a)
