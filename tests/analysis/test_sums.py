"""Which numbers that a loop carries are sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.analysis.sums import carried_sums
from tests.transforms.kernels import loops, program_of

X = np.linspace(-0.8, 1.3, 5)


def names_of_sums(kernel: Any) -> set[str]:
    """The names of the sums of a kernel's first loop."""
    loop = loops(program_of(kernel, X, 1.5))[0]
    return {loop.params[at].name for at in carried_sums(loop)}


def added_to(x, y):
    t = 0.0
    for i in range(x.size):
        t += x[i]
        t = x[i] * y + t
        t -= y
    return t


def in_branches(x, y):
    t = y
    for i in range(x.size):
        if x[i] > 0.0:
            t += x[i]
        elif x[i] < -0.5:
            for j in range(i):
                t -= x[j]
    return t


def in_nested_loops(x, y):
    t = 0.0
    for i in range(x.size):
        for j in range(i):
            t += x[j]
            k = 0
            while k < j:
                t -= x[k]
                k += 1
    return t


@pytest.mark.parametrize("kernel", [added_to, in_branches, in_nested_loops], ids=lambda k: k.__name__)
def test_sums(kernel: Any) -> None:
    assert names_of_sums(kernel) == {"t"}


def multiplied(x, y):
    t = 0.0
    for i in range(x.size):
        t = t * y + x[i]
    return t


def subtracted(x, y):
    t = 0.0
    for i in range(x.size):
        t = x[i] - t
    return t


def doubled(x, y):
    t = 1.0
    for i in range(x.size):
        t = t + t + x[i]
    return t


def rebound(x, y):
    t = 1.0
    for i in range(x.size):
        if x[i] > 0.0:
            t = x[i]
        else:
            t += y
    return t


def compared(x, y):
    t = 1.0
    for i in range(x.size):
        if t < y:
            t += x[i]
    return t


def stored(x, y):
    t = 1.0
    for i in range(x.size):
        t += x[i]
        x[i] = t
    return t


def exchanged(x, y):
    t, u = 1.0, 2.0
    for i in range(x.size):
        t, u = u + x[i], t + x[i]
    return t * u


def one_from_the_other(x, y):
    t, u = 1.0, 2.0
    for i in range(x.size):
        t += x[i]
        u = t + y
    return t * u


def read_by_an_inner_loop(x, y):
    t = 1.0
    for i in range(x.size):
        for j in range(i):
            t += t * x[j]
    return t


def asked_by_the_condition(x, y):
    t = 1.0
    while t < y:
        t += 0.5
    return t


@pytest.mark.parametrize(
    "kernel",
    [
        multiplied,
        subtracted,
        doubled,
        rebound,
        compared,
        stored,
        exchanged,
        one_from_the_other,
        read_by_an_inner_loop,
        asked_by_the_condition,
    ],
    ids=lambda k: k.__name__,
)
def test_no_sums(kernel: Any) -> None:
    assert names_of_sums(kernel) == set()


def selected(x, y):
    t = y
    for i in range(x.size):
        t += x[i] if x[i] > 0.0 else y
        if x[i] < y:
            t += x[i] * y
    return t


def dropped_by_a_selection(x, y):
    t = y
    for i in range(x.size):
        t = t + x[i] if x[i] > 0.0 else x[i]
    return t


def test_selections_between_sums_are_sums() -> None:
    assert names_of_sums(selected) == {"t"}
    assert names_of_sums(dropped_by_a_selection) == set()
