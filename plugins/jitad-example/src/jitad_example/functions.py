"""Functions for which jitad has rules in ``jitad_example.rules``."""

import math


def softplus(x):
    """log(1 + exp(x)) of a number, without overflow."""
    if x > 0:
        return x + math.log1p(math.exp(-x))
    return math.log1p(math.exp(x))
