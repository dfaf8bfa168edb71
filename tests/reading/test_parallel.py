"""``prange``: what iterations may do, and what is refused because threads would make something else of it."""

import re

import numpy as np
import pytest
from numba import prange

import jitad.errors as e
from tests.reading.driver import read


def recurrence(x):
    u = 0.0
    for i in prange(x.shape[0]):
        u = 0.5 * u + x[i]
    return u


def read_in_between(x):
    total = 0.0
    for i in prange(x.shape[0]):
        total += x[i]
        x[i] = total
    return total


def left_over(x):
    u = 0.0
    for i in prange(x.shape[0]):
        u = x[i] * 2.0
    return u


def place_of_largest(x):
    best, at = -1e9, 0
    for i in prange(x.shape[0]):
        if x[i] > best:
            best = x[i]
            at = i
    return best * at


def drawing(x):
    total = 0.0
    for i in prange(x.shape[0]):
        total += x[i] * np.random.normal()  # noqa: NPY002
    return total


def leaving(x):
    total = 0.0
    for i in prange(x.shape[0]):
        if x[i] > 1.0:
            break
        total += x[i]
    return total


def returning(x):
    for i in prange(x.shape[0]):
        if x[i] > 1.0:
            return x[i]
    return 0.0


def one_place(x):
    y = np.zeros(2)
    for i in prange(x.shape[0]):
        y[0] = x[i]
    return y[0]


def one_buffer(x):
    y = np.zeros(3)
    total = 0.0
    for i in prange(x.shape[0]):
        for k in range(3):
            y[k] = x[i] * k
        total += y[0] * y[2]
    return total


def shifted(x):
    y = np.zeros(x.shape[0])
    for i in prange(1, x.shape[0]):
        y[i] = y[i - 1] + x[i]
    return y[-1]


def shifted_rows(x):
    y = np.zeros((x.shape[0], 2))
    for i in prange(x.shape[0] - 1):
        for k in range(2):
            y[i, k] = y[i + 1, k] + x[i]
    return y[0, 0]


REFUSED = {
    recurrence: ("carries 'u' from one iteration to the next", "for i in prange"),
    read_in_between: ("carries 'total' from one iteration to the next", "for i in prange"),
    left_over: ("carries 'u' from one iteration to the next", "for i in prange"),
    place_of_largest: ("carries '.*' from one iteration to the next", "for i in prange"),
    drawing: ("draws random numbers", "np.random.normal()"),
    leaving: ("left by break or return", "for i in prange"),
    returning: ("left by break or return", "for i in prange"),
    one_place: ("Every iteration of a prange loop writes the same elements of 'y'", "y[0] = x[i]"),
    one_buffer: ("Every iteration of a prange loop writes the same elements of 'y'", "y[k] = x[i] * k"),
    shifted: ("read or write elements of 'y' that others write", "y[i] = y[i - 1] + x[i]"),
    shifted_rows: ("read or write elements of 'y' that others write", "y[i, k] = y[i + 1, k] + x[i]"),
}


@pytest.mark.parametrize(("f", "told"), REFUSED.items(), ids=[f.__name__ for f in REFUSED])
def test_what_threads_would_change_is_refused_at_its_line(f, told):
    reason, line = told
    with pytest.raises(e.ParallelLoopError, match=reason) as caught:
        read(f, np.ones(5))
    assert line in str(caught.value)
    assert re.search(r"What to do: .*range", str(caught.value))


def reductions(x):
    total, product, largest, smallest, count, other = 0.0, 1.0, -1.0, 9.0, 0, 0.0
    for i in prange(x.shape[0]):
        total -= x[i]
        product /= 1.0 + x[i]
        largest = max(largest, x[i])
        smallest = np.minimum(smallest, x[i])
        if x[i] > 1.0:
            count += 1
            other += x[i]
    return total + product + largest + smallest + count + other


def own_values(x):
    y = np.zeros(x.shape[0])
    for i in prange(x.shape[0]):
        u = x[i]
        while u < 2.0:
            u = u * 2.0 + 1.0
        row = np.zeros(2)
        row[0] = u
        if i > 0:
            y[i] = row[0] * x[i - 1]
        y[i] += x[0]
    return np.sum(y)


def every_second(x):
    y = x.copy()
    for i in prange(x.shape[0]):
        if i % 2 == 0:
            y[i] = y[i + 1]
    return np.sum(y)


@pytest.mark.parametrize("f", [reductions, own_values, every_second], ids=lambda f: f.__name__)
def test_what_iterations_may_do(f):
    assert read(f, np.ones(5)) is not None
