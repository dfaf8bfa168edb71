"""The derivative rules, and the hook by which jitad gets them."""

import math

import numpy as np
from jitad.plugin import array, composite, hookimpl, scalar

from jitad_example.functions import softplus

# A function of numbers: its partial derivative by each argument, which may use the arguments and the result.
# The cases are what the tests call it with; at the special points the derivatives are compared exactly.


@scalar(softplus, implementation=softplus, cost=60, cases=[(-1.5,), (0.7,), (30.0,)], special=[((0.0,), (0.5,))])
def softplus_x(x, result):
    return 1.0 / (1.0 + math.exp(-x))


# A function of arrays that writes into its first argument, with a rule for each mode. Numba compiles it.


@array(cases=[lambda random: (np.empty(5), random.normal(size=5))])
def running_sum_into(out, a):
    """``out[i] = a[0] + ... + a[i]``."""
    total = a.dtype.type(0)
    for i in range(a.size):
        total += a[i]
        out[i] = total


@running_sum_into.vjp
def running_sum_vjp(out, out_bar, a, a_bar):
    sums = np.empty_like(out)
    running_sum_into(sums, out_bar[::-1])
    a_bar += sums[::-1]


@running_sum_into.jvp
def running_sum_jvp(out, out_dot, a, a_dot):
    sums = np.empty_like(out)
    running_sum_into(sums, a_dot)
    out_dot += sums


# A function in terms of others: it needs no rule of its own.


@composite(cases=[lambda random: (random.normal(size=5),)])
def running_sum(a):
    """The sums of the first 1, 2, ... elements of a vector."""
    out = np.empty_like(a)
    running_sum_into(out, a)
    return out


@hookimpl
def jitad_primitives():
    return [softplus_x, running_sum_into, running_sum]
