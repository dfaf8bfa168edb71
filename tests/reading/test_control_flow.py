"""Jumps, loops and branches are read into structured control flow that computes the same."""

from __future__ import annotations

import numpy as np
import pytest

from jitad.program.queries import walk
from jitad.program.statements import Branch, Loop
from tests.reading.driver import compare, read, run


def for_else(x, n):
    s = 0
    for i in range(n):
        if i == 3:
            continue
        s += x * i
        if s > 50.0:
            break
    else:
        s = -1.0
    return s


def return_from_a_nested_loop(x):
    for i in range(len(x)):
        for j in range(i):
            if x[i] < x[j]:
                return x[i] * j
    return 0.0


def swapped_arrays(u, n):
    v = np.zeros(len(u))
    for _ in range(n):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1])
        u, v = v, u
    return u


def while_true(x, n):
    i = 0
    while True:
        i += 1
        x = x * 0.5 + 1
        if i > n:
            break
        if x < 0:
            return -1.0
        if i % 2 == 0:
            continue
        x = x + 0.1
    return x


def test_of_the_loop_assigns(x):
    while (x := x * 0.5) > 1.0:
        pass
    return x


def test_of_the_loop_loops(n, x):
    s = 0.0
    while s < x * np.sum(np.arange(n) * 1.0):
        s += 1.5
    return s


def bound_in_the_first_iteration(x, n):
    for i in range(n):
        if i == 0:
            previous = x
        else:
            previous = previous * 0.5
    return previous


def steps(x, n):
    s = 0.0
    for i in range(n, 0, -2):
        s += x * i
    for i in reversed(range(n)):
        s = s * 0.9 + i
    for i in reversed(range(1, n, 3)):
        s = s * 0.9 + i
    return s


def tuple_indexed_in_a_loop(x):
    factors = (1.0, 2.0, 3.0)
    r = 0.0
    for i in range(3):
        for j in range(3):
            r += factors[i] * factors[j] * x
            if r > 10:
                break
    return r


def different_arrays(x):
    if x > 0:
        v = np.ones(3)
    else:
        v = np.zeros(3)
    return v * x


def chains(x):
    return 1.0 if (0 < x <= 2 and x != 1.5) or not x > -5 else 0.5


def chain_with_a_guarded_load(a, i):
    return 1.0 if 0 <= i < len(a) <= a[i] else 0.0


CASES = [
    *((for_else, 2.5, n) for n in (0, 3, 4, 20)),
    *((return_from_a_nested_loop, np.array(x)) for x in ([1.0, 2.0, 3.0, 2.5], [1.0, 2.0], [])),
    (swapped_arrays, np.arange(6.0) ** 2, 3),
    (while_true, 3.0, 4),
    (while_true, -30.0, 4),
    (test_of_the_loop_assigns, 10.0),
    (test_of_the_loop_loops, 4, 2.5),
    (bound_in_the_first_iteration, 3.0, 3),
    (steps, 1.5, 7),
    (tuple_indexed_in_a_loop, 0.5),
    (tuple_indexed_in_a_loop, 5.0),
    (different_arrays, 2.0),
    (different_arrays, -2.0),
    *((chains, x) for x in (1.0, 1.5, -7.0)),
    *((chain_with_a_guarded_load, np.array([2.0, 1.0]), i) for i in (-1, 0, 1, 2)),
]
for function in (test_of_the_loop_assigns, test_of_the_loop_loops):
    function.__test__ = False


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].__name__}{case[1:]}")
def test_the_program_computes_what_the_kernel_does(case):
    compare(*case)


def sometimes_unbound(x):
    if x > 0:
        z = 1.0
    return z


def unbound_without_iterations(a, n):
    for i in range(n):
        v = a * i
    return v


def test_a_name_that_is_unbound_in_this_run_is_an_error():
    assert run(sometimes_unbound, 1.0) == 1.0
    with pytest.raises(UnboundLocalError, match="'z'"):
        run(sometimes_unbound, -1.0)
    with pytest.raises(UnboundLocalError, match="'v'"):
        run(unbound_without_iterations, np.ones(2), 0)


def checked(x):
    if x < 0:
        raise ValueError("negative")
    return x * x


def test_a_check_leaves_no_branch():
    assert not any(isinstance(statement, Branch) for statement in walk(read(checked, 1.0).program.body))
    with pytest.raises(ValueError, match="negative"):
        run(checked, -1.0)


def stored_only(a, n):
    for i in range(n):
        a[i] = 2.0 * a[i]
    return a[0]


def test_an_array_that_is_only_stored_into_is_not_carried():
    (loop,) = [
        statement for statement in walk(read(stored_only, np.ones(2), 2).program.body) if isinstance(statement, Loop)
    ]
    assert not loop.params


def widened(x, n):
    s = 0
    for i in range(n):
        s += x * i
    return s


def test_a_carried_integer_becomes_a_float():
    (loop,) = [statement for statement in walk(read(widened, 1.0, 2).program.body) if isinstance(statement, Loop)]
    assert [param.type.dtype for param in loop.params] == ["float64"]
