"""Which loops are reversed as they run, and which aren't; the gradient is right either way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from jitad.program.queries import walk
from jitad.program.statements import Call, Push
from tests.transforms.kernels import adjoint_of, assert_gradient

X = np.array([0.4, 0.9, -0.7, 1.2])
Y = np.array([1.1, -0.6, 0.8, 0.3])


def plain(x, y):
    total = 0.0
    for i in range(x.size):
        total += math.sin(x[i]) * y[i] * y[i]
    return total


def scaled_afterwards(x, y):
    total = y[0]
    for i in range(x.size):
        total -= x[i] * x[i]
    return (2.0 * total + y[1]) / x.size


def two_totals(x, y):
    one = two = 0.0
    for i in range(x.size):
        one += x[i] * y[i]
        if x[i] > 0.0:
            two += x[i] ** 3
    return one * 2.0 - two / 3.0


def conditional(x, y):
    total, i = 0.0, 0
    while i < x.size and y[i] > -5.0:
        total += x[i] * y[i]
        i += 1
    return total


def left_early(x, y):
    total = 0.0
    for i in range(x.size):
        if y[i] < 0.0 and i > 2:
            break
        total += x[i] * x[i] * y[i]
    return total


def one_after_the_other(x, y):
    mean = 0.0
    for i in range(x.size):
        mean += x[i] / x.size
    total = 0.0
    for i in range(x.size):
        total += (x[i] - mean) ** 2 * y[i]
    for i in range(x.size):
        total += y[i] ** 3
    return total


def with_arrays_of_its_own(x, y):
    total = 0.0
    for i in range(x.size):
        z = x * y[i]
        z[1:] *= z[:-1]
        total += np.sum(z * z)
    return total


def with_a_chosen_array(x, y):
    chosen = x if y[0] > 0.0 else y
    total = 0.0
    for i in range(x.size):
        total += chosen[i] * x[i] * chosen[0]
    return total


def through_views(x, y):
    backwards, some = x[::-1], y[1:3]
    total = 0.0
    for i in range(2):
        total += x[i] * backwards[i] * some[i] * y[i]
    return total


def of_an_array_that_was_overwritten(x, y):
    x[1] = x[0] * y[1]
    x[2:] *= 0.5
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i] * y[i]
    return total


AT_ONCE = [
    plain,
    scaled_afterwards,
    two_totals,
    conditional,
    left_early,
    with_arrays_of_its_own,
    with_a_chosen_array,
    through_views,
    of_an_array_that_was_overwritten,
]


@pytest.mark.parametrize("kernel", AT_ONCE, ids=lambda k: k.__name__)
def test_a_loop_of_terms_is_reversed_as_it_runs(kernel: Any) -> None:
    made = adjoint_of(kernel, X, Y, wrt=(0, 1))
    assert made.plan.one_pass
    if kernel is not with_arrays_of_its_own:
        assert not any(isinstance(s, Push | Call) for s in walk(made.program.body))
    assert_gradient(kernel, X, Y)


def test_loops_of_terms_after_it_may_go_on_adding() -> None:
    made = adjoint_of(one_after_the_other, X, Y, wrt=(0, 1))
    assert len(made.plan.one_pass) == 2  # the mean's adjoint isn't known before the second loop has run
    assert_gradient(one_after_the_other, X, Y)


@pytest.mark.parametrize("kernel", [plain, conditional, left_early], ids=lambda k: k.__name__)
def test_no_terms_at_all(kernel: Any) -> None:
    assert_gradient(kernel, X[:0], Y[:0])


def squared_afterwards(x, y):
    return plain(x, y) ** 2


def times_what_depends_on_it(x, y):
    total = plain(x, y)
    return total * math.sin(total)


def compared_afterwards(x, y):
    total = plain(x, y)
    return min(total, y[0])


def in_a_branch_afterwards(x, y):
    total = plain(x, y)
    if y[0] > 0.0:
        total = total * y[1]
    return total


def times_what_is_loaded_afterwards(x, y):
    return plain(x, y) * x[2]


def stored_afterwards(x, y):
    z = np.zeros(2)
    z[0] = plain(x, y)
    return z[0] + z[1]


def read_by_a_later_loop(x, y):
    total = plain(x, y)
    z = y.copy()
    for i in range(3):
        z[i] = z[i] * total
    return z[0] + z[1]


def multiplied_by_a_later_loop(x, y):
    total = plain(x, y)
    for _ in range(3):
        total *= 0.5
    return total


def read_by_an_iteration(x, y):
    total = 0.0
    for i in range(x.size):
        total += x[i] * total + y[i]
    return total


def decided_by_the_total(x, y):
    total = 0.0
    for i in range(x.size):
        if total < 0.5:
            total += x[i] * y[i]
    return total


def subtracted_from(x, y):
    total = 0.0
    for i in range(x.size):
        total = x[i] * y[i] - total
    return total


def with_a_state_besides(x, y):
    total, state = 0.0, 1.0
    for i in range(x.size):
        total += state * y[i]
        state *= x[i]
    return total


def that_stores(x, y):
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i]
        y[i] = y[i] * x[i]
    return total + y[0] * y[1]


def with_exchanged_arrays(x, y):
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i] * y[0]
        x, y = y, x
    return total


def of_what_is_overwritten_later(x, y):
    total = plain(x, y)
    x[1] = x[0] * x[1]
    return total + x[1]


def of_what_is_overwritten_later_through_a_view(x, y):
    backwards = x[::-1]
    total = plain(x, y)
    backwards[1] = x[0] * x[1]
    return total + x[2]


def of_what_is_added_to_later(x, y):
    total = plain(x, y)
    y += x * 2.0
    return total + y[2] * y[3]


def of_arrays_chosen_as_it_runs(x, y):
    total = 0.0
    for i in range(x.size):
        chosen = x if i % 2 == 0 else y
        total += chosen[i] * chosen[0]
    return total


IN_REVERSE = [
    squared_afterwards,
    times_what_depends_on_it,
    compared_afterwards,
    in_a_branch_afterwards,
    times_what_is_loaded_afterwards,
    stored_afterwards,
    read_by_a_later_loop,
    multiplied_by_a_later_loop,
    read_by_an_iteration,
    decided_by_the_total,
    subtracted_from,
    with_a_state_besides,
    that_stores,
    with_exchanged_arrays,
    of_what_is_overwritten_later,
    of_what_is_overwritten_later_through_a_view,
    of_what_is_added_to_later,
    of_arrays_chosen_as_it_runs,
]


@pytest.mark.parametrize("kernel", IN_REVERSE, ids=lambda k: k.__name__)
def test_what_the_conditions_are_for(kernel: Any) -> None:
    made = adjoint_of(kernel, X, Y, wrt=(0, 1))
    assert not made.plan.one_pass
    assert_gradient(kernel, X, Y)
