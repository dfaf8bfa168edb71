"""Kernels of two numbers that draw random numbers."""

from __future__ import annotations

import random

import numpy as np

import jitad


def families(x):
    s = np.random.normal(x[0], x[1]) + np.random.uniform(x[0], x[1]) * np.random.exponential(x[1])
    s += np.random.laplace(x[0], x[1]) * np.random.gumbel(x[0], x[1])
    s += np.random.logistic(x[0], x[1]) * np.random.lognormal(x[0], x[1])
    s += np.random.rayleigh(x[1]) * np.random.weibull(x[1]) + np.random.gamma(2.0, x[1])
    s += np.random.pareto(x[1] + 2.0) * np.random.power(x[1])
    return s * np.sum(np.random.triangular(x[0] - 3.0, x[0], x[1] + 1.0, 5))


def families_of_python(x):
    s = random.gauss(x[0], x[1]) * random.uniform(x[0], x[1]) * random.expovariate(x[1])
    s += random.triangular(x[0] - 3.0, x[1]) * random.triangular(x[0] - 3.0, x[1], x[0])
    s += random.normalvariate(x[0], x[1]) * random.paretovariate(x[1] + 2.0)
    return s + random.weibullvariate(x[0], x[1]) * random.gammavariate(2.0, x[1]) * random.lognormvariate(x[0], x[1])


def sized(x):
    return np.sum(np.random.normal(x[0], x[1], size=(3, 2)) ** 2 * np.random.rand(3, 2))


def rearranged(x):
    y = x.copy()
    np.random.shuffle(y)
    random.shuffle(y)
    picked = np.random.choice(x, 3) * np.random.permutation(x)[0]
    return np.sum(y * np.arange(x.size)) + picked[1] * np.random.choice(x, 2, replace=False)[1] + np.random.choice(x)


def stopped(x):
    n, s = 0, 0.0
    while np.random.random() < 0.8:
        s += np.random.normal(x[0], 1.0) * x[1]
        n += 1
        if np.random.random() < 0.05:
            break
    return s * x[0] + n


def unused(x):
    np.random.random(5)
    np.random.random()
    z = np.random.normal(0.0, 1.0, size=x.size)
    z[0] = 1.0
    return np.sum(x) * np.random.random()


def equal_calls(x):
    return x[0] * np.random.random() + x[0] * np.random.random() * x[1] * np.random.normal(1.0, 2.0)


def in_any_order_but_for_draws(x):
    y = np.empty(x.size)
    for i in range(x.size):
        y[i] = x[i] * np.random.random()
    return np.sum(y**2)


def comprehensions(x):
    a = [np.random.random() for _ in range(3)]
    b = np.array([np.random.normal() * x[0] for _ in range(4)])
    return a[0] * x[0] + a[2] * x[1] + np.sum(b * b)


def _noise(scale):
    return scale * np.random.normal()


def inner_functions(x):
    def noisy(y):
        return y * _noise(x[1])

    last = lambda z: z * _noise(x[0])  # noqa: E731
    return noisy(x[0]) + noisy(x[0]) ** 2 + last(x[1])


def choices(x):
    a = np.random.random() if x[0] > 0 else np.random.normal()
    b = x[0] > 5 and np.random.random() < 0.5
    c = x[0] > 0 and np.random.random() < 0.5
    return a * x[0] + (1.0 if b else x[1]) + (x[1] ** 2 if c else 0.0)


def walk(x):
    p = np.zeros(2)
    for _ in range(20):
        p += np.random.normal(0.0, x[1], size=2)
        p *= x[0]
        p[np.random.randint(0, 2)] += np.sin(p[np.random.randint(0, 2)])
    return np.sum(p * p)


def counts(x):
    shares = np.random.dirichlet(np.array([0.2, 0.3, 0.5]))
    drawn = np.random.multinomial(10, np.array([0.2, 0.3, 0.5]))
    return np.sum(drawn * x[0]) + np.sum(shares**2) * x[1] + x[0] ** np.random.poisson(2.0)


def seeds_itself(x):
    np.random.seed(7)
    random.seed(8)
    return x[0] * np.random.random() * random.random() * np.random.normal(x[1])


def expressions(x):
    chosen = np.where(x > 0, x * np.random.normal(size=x.size), np.random.random(x.size))
    return np.sum(chosen + np.random.random() * x)


@jitad.custom_vjp
def scaled(a):
    return a * np.random.random()


def _forward(a):
    r = np.random.random()
    return a * r, r


def _backward(r, bar):
    return (r * bar,)


scaled.defvjp(_forward, _backward)


def with_a_rule(x):
    return scaled(x[0]) * scaled(x[1])


def asian_option(x):
    """The mean payoff of an option on the mean price of a share, by its volatility and its first price."""
    paths, steps, rate, strike = 50, 12, 0.03, 1.0
    total = 0.0
    for _ in range(paths):
        price, mean = x[1], 0.0
        for _ in range(steps):
            price *= np.exp((rate - 0.5 * x[0] ** 2) / steps + x[0] * np.sqrt(1.0 / steps) * np.random.normal())
            mean += price / steps
        total += max(mean - strike, 0.0)
    return np.exp(-rate) * total / paths


SMOOTH = [
    *(families, families_of_python, sized, rearranged, stopped, unused, equal_calls, in_any_order_but_for_draws),
    *(comprehensions, inner_functions, choices, walk, counts, seeds_itself, expressions, with_a_rule, asian_option),
]


# Derivatives asked for inside


def gradient_inside(x):
    a = np.random.random()
    g = jitad.grad(walk)(x)
    return a * np.sum(g * g) + np.random.random()


def gradients_in_a_loop(x):
    s = 0.0
    for _ in range(3):
        s += np.sum(jitad.grad(lambda y: np.sum(y**3) * np.random.normal(1.0, 0.1))(x)) * x[0]
        jitad.grad(lambda y: np.sum(y**3) * np.random.normal())(x)  # whose result nothing reads
    return s


def all_kinds_inside(x):
    def loss(y):
        return np.sum(y**3 * np.random.normal(size=y.size)) ** 2

    g, v = jitad.grad(lambda y: (loss(y), np.random.random()), has_aux=True)(x)
    j = jitad.jacobian(lambda y: y * y * np.random.normal())(x)
    _, along = jitad.jvp(loss, (x,), (x,))
    return np.sum(g * g) * v + np.sum(j * x) + jitad.hvp(loss, (x,), x)[0] + along


def gradient_of_gradient(x):
    def inner(z):
        return np.sum(z**4) * np.random.normal()

    g = jitad.grad(lambda y: np.sum(jitad.grad(inner)(y * np.random.random())))(x)
    return np.sum(g) * np.random.random()


NESTED = [gradient_inside, gradients_in_a_loop, all_kinds_inside, gradient_of_gradient]
