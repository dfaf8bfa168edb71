"""Numbers that a compiled function keeps, and whether arrays span common memory."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from jitad.runtime.overlap import overlap
from jitad.runtime.remembered import recall, remember


def test_each_function_remembers_by_itself() -> None:
    def largest(n):
        seen = recall("n", 5)
        if n > seen:
            remember("n", n)
        return seen, recall("other", 7)

    one, two = njit(largest), njit(largest)
    assert [one(n) for n in (3, 10, 4, 20)] == [(5, 7), (5, 7), (10, 7), (10, 7)]
    assert two(1) == (5, 7)

    @njit
    def calls(n):
        return one(n)[0]

    assert [calls(n) for n in (8, 1)] == [5, 8]  # the code that is linked into it is a copy


def test_names_are_literals() -> None:
    with pytest.raises(TypingError, match="must be literals"):
        njit(lambda n: recall(n, 5))(3)
    with pytest.raises(TypingError, match="must be a literal"):
        njit(lambda n: remember(n, 5))(3)


def test_overlap() -> None:
    @njit
    def compiled(a, b):
        return overlap(a, b)

    x = np.arange(20.0).reshape(4, 5)
    cases = [
        (x, x, True),
        (x[:2], x[2:], False),
        (x[::-1][:2], x[2:], True),
        (x[::-1, ::-1], x[0], True),
        (x[:, :2], x[:, 2:], True),
        (x, np.zeros(3), False),
        (x[:0], x, False),
        (x, x[1, 1:2].reshape(()), True),
    ]
    for a, b, expected in cases:
        assert compiled(a, b) is expected
        assert compiled(b, a) is expected
