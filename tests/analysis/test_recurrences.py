"""What waits for the iteration before: only numbers that come back to themselves, and what depends on them."""

from __future__ import annotations

import numpy as np
import pytest

import jitad
from jitad.vector import choice

needs_vectors = pytest.mark.skipif(choice.setting() != "auto", reason="libraries are asked for, or nothing")


def decaying(x):
    state, total = 1.0, 0.0
    for i in range(x.shape[0]):
        state = state * np.exp(-state * x[i])  # waits
        total += np.cosh(x[i])  # doesn't
    return state + total


def crossed(x):
    a, b = 1.0, 2.0
    for i in range(x.shape[0]):
        a, b = b * x[i], np.exp(a)
    return a + b


def neighbours(x):
    before, total = x[0], 0.0
    for i in range(x.shape[0]):
        total += np.exp(x[i] - before)
        before = x[i]
    return total


def by_rows(x):
    state = 1.0
    for _ in range(3):
        total = 0.0
        for i in range(x.shape[0]):
            if x.shape[0] > 2:
                total += np.exp(state * x[i])  # waits for the outer loop only
        state = total / (1.0 + total)
    return state


def inner(x):
    state = 1.0
    for i in range(x.shape[0]):
        for _ in range(2):
            state = 0.5 * state + x[i]
        state *= np.exp(-state)
    return state


def emitted(kernel):
    return str(jitad.explain(kernel, np.linspace(0.1, 1.0, 5))).split("The emitted sweeps")[1]


@needs_vectors
def test_what_waits_keeps_the_scalar_function():
    text = emitted(decaying)
    assert "math_exp(" in text and "vector_exp(" not in text
    assert "math_cosh(" not in text
    for kernel in (crossed, inner):
        text = emitted(kernel)
        assert "math_exp(" in text and "vector_exp(" not in text


@needs_vectors
@pytest.mark.parametrize("kernel", [neighbours, by_rows])
def test_what_doesnt_wait_runs_in_vectors(kernel):
    text = emitted(kernel)
    assert "vector_exp(" in text and "math_exp(" not in text
