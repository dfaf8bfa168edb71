"""Arrays that loops hand on to each other: which are different memory."""

from __future__ import annotations

from typing import Any

import numpy as np

import jitad
from jitad.analysis.exchanges import Exchanges
from jitad.api.mode import uncompiled
from jitad.program.queries import walk
from jitad.program.statements import Load, Loop, Store
from jitad.program.types import Array
from jitad.transforms.localize import localize
from tests.transforms.kernels import program_of

X = np.linspace(0.0, 1.0, 5)


def read_apart_from_written(function: Any) -> list[bool]:
    """For each store in a loop over steps, whether what is read beside it is other memory."""
    program = localize(program_of(function, X, 3))
    exchanges = Exchanges(program)
    loops = [s for s in program.body if isinstance(s, Loop)]
    (steps,) = (loop for loop in loops if any(isinstance(param.type, Array) for param in loop.params))
    inside = list(walk(steps.body))
    reads = [s.array for s in inside if isinstance(s, Load)]
    return [exchanges.apart(s.array, read) for s in inside if isinstance(s, Store) for read in reads]


def by_turns(x, n):
    a, b = x.copy(), x.copy()
    for _ in range(n):
        for i in range(x.size):
            b[i] = a[i] * 2.0
        a, b = b, a
    return np.sum(a)


def perhaps_the_same(x, n):
    a = x.copy()
    b = a if n > 2 else x.copy()
    for _ in range(n):
        for i in range(x.size):
            b[i] = a[i] * 2.0
        a, b = b, a
    return np.sum(a)


def made_anew(x, n):
    a = x.copy()
    for _ in range(n):
        b = np.empty(x.size)
        for i in range(x.size):
            b[i] = a[i] * 2.0
        a = b
    return np.sum(a)


def one_after_the_other(x, n):
    a, b = x.copy(), x.copy()
    for _ in range(n):
        for i in range(x.size):
            b[i] = a[i] * 2.0
        a = b
    return np.sum(a)


def test_arrays_that_change_names() -> None:
    assert all(read_apart_from_written(by_turns))
    assert all(read_apart_from_written(made_anew))


def diffused(x, n):
    a, b = x.copy(), x.copy()
    for _ in range(n):
        for i in range(1, x.size - 1):
            b[i] = a[i] + 0.1 * (a[i - 1] * a[i + 1] - a[i] ** 2)
        a, b = b, a
    return np.sum(a * a)


def test_gradients_with_threads() -> None:
    with uncompiled():
        found = jitad.grad(diffused, parallel=True)(X, 3)
        np.testing.assert_allclose(found, jitad.grad(diffused)(X, 3), rtol=1e-13)


def test_names_of_one_array() -> None:
    assert not any(read_apart_from_written(perhaps_the_same))
    assert not any(read_apart_from_written(one_after_the_other))
