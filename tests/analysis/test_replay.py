"""Loops of terms whose data are carried are run again in the reverse sweep, where that is cheap."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from jitad.program.queries import walk
from jitad.program.statements import Push
from tests.transforms.kernels import adjoint_of, assert_gradient

C = np.array([0.4, 0.9, -0.7, 1.2])
T = 0.8


def pushed(made: Any) -> int:
    """How many numbers the forward sweep records, in the order of its text."""
    return sum(len(s.values) for s in walk(made.program.body) if isinstance(s, Push))


def polynomial(c, t):
    state = 1.0
    for _ in range(3):
        total, power = 0.0, 1.0
        for j in range(c.size):
            total += c[j] * power
            power *= t
        state = math.sin(state * total)
    return state


def of_values_that_change(c, t):
    state = 1.0
    for i in range(3):
        total, power = state, 1.0
        for j in range(c.size):
            if j >= i:
                total -= c[j] * power * state
            power *= t
        state = math.sin(total)
        c[i] = 0.5 * state
    return state


def of_numbers(c, t):
    state = c[0]
    for i in range(3):
        total, scale, power = 0.0, c[i] * state, 1.0
        for _ in range(5):
            total += scale * power * scale
            power *= t
        state = math.cos(state * total)
    return state


def with_a_loop_inside(c, t):
    state = 1.0
    for _ in range(2):
        total, power = 0.0, 1.0
        for j in range(c.size):
            for k in range(j):
                total += c[j] * c[k] * power
            power *= t
        state = math.sin(state * total)
    return state


@pytest.mark.parametrize(
    "kernel",
    [polynomial, of_values_that_change, of_numbers, with_a_loop_inside],
    ids=lambda k: k.__name__,
)
def test_a_loop_that_is_run_again_records_nothing(kernel: Any) -> None:
    made = adjoint_of(kernel, C, T)
    assert len(made.plan.replayed) == 1
    records = {var.name for records in made.plan.records.values() for var in records}
    assert "power" not in records
    if kernel is polynomial:
        assert pushed(made) == 2  # the state, and the total that it is multiplied with
    assert_gradient(lambda c: kernel(c, T), C)


def test_a_loop_without_iterations_is_run_again() -> None:
    assert_gradient(lambda c: polynomial(c, T), C[:0])


def active_data(c, t):
    return polynomial(c, t)


def expensive(c, t):
    state = 1.0
    for _ in range(3):
        total, power = 0.0, 1.0
        for j in range(c.size):
            total += math.exp(math.sin(c[j])) * power
            power *= t
        state = math.sin(state * total)
    return state


def without_data(c, t):
    state = 1.0
    for _ in range(3):
        total = 0.0
        for j in range(c.size):
            total += c[j] * state
        state = math.sin(state * total)
    return state


def with_stores(c, t):
    state, kept = 1.0, np.zeros(4)
    for _ in range(3):
        total, power = 0.0, 1.0
        for j in range(c.size):
            total += c[j] * power
            kept[j] = power
            power *= t
        state = math.sin(state * total) + kept[3]
    return state


def conditional(c, t):
    state = 1.0
    for _ in range(3):
        total, power = 0.0, 1.0
        while power > 0.5:
            total += c[0] * power
            power *= t
        state = math.sin(state * total)
    return state


def with_a_state_besides(c, t):
    state = 1.0
    for _ in range(3):
        total, power = 0.0, 1.0
        for j in range(c.size):
            total += c[j] * power * state
            state = state * 0.9
            power *= t
        state = math.sin(state * total)
    return state


def of_a_chosen_array(c, t):
    state, other = 1.0, c * 2.0
    for _ in range(3):
        total, power = 0.0, 1.0
        for j in range(c.size):
            chosen = c if power > 0.7 else other
            total += chosen[j] * power * chosen[0]
            power *= t
        state = math.sin(state * total)
    return state


@pytest.mark.parametrize(
    ("kernel", "wrt"),
    [
        (active_data, (0, 1)),
        (expensive, (0,)),
        (without_data, (0,)),
        (with_stores, (0,)),
        (conditional, (0,)),
        (with_a_state_besides, (0,)),
        (of_a_chosen_array, (0,)),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_what_is_reversed_iteration_by_iteration(kernel: Any, wrt: tuple[int, ...]) -> None:
    assert not adjoint_of(kernel, C, T, wrt=wrt).plan.replayed
    assert_gradient(kernel, C, T)
