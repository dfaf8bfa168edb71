"""What stays in variables from the forward sweep to the reverse sweep, and isn't computed twice."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.program.queries import walk
from jitad.program.statements import Compute, Push, Release
from jitad.transforms.adjoint import Adjoint
from tests.fixtures import compiled, own_cache, run_uncompiled
from tests.transforms.kernels import adjoint_of, assert_gradient

__all__ = ["compiled", "own_cache", "run_uncompiled"]


def turned(x, y):
    if x > 0.0:
        angle = math.sqrt(x * x + y * y)
        return x * math.cos(angle) / angle + y * math.sin(angle)
    return x + y


def twice_divided(x, y):
    if x > 0.0:
        a = math.exp(x * y)
        if y > 0.0:
            b = math.log(x + y * a)
            return a * b * b
        return a / (x + a * a)
    return x * y


def with_loops(x, n):
    if n > 0:
        total = x
        for i in range(n):
            total = total * math.sin(x * i)
            if total > 0.5:
                total = math.tanh(total) * total
        return total * total
    return x * x


def overwritten_in_an_arm(a):
    if a[0] > 0.0:
        root = math.sqrt(a[0])
        a[0] = a[1] * root
        a[1] = a[0] * a[0]
    return a[0] * a[1]


def left_early(x, y):
    e = math.exp(x)
    if e > 2.0:
        if y < 0.0:
            return e * y
        z = math.log(e + y)
        return z * z * math.sin(z)
    return e


def circle(x):
    return math.sin(x) * math.cos(x) + math.exp(x) * math.exp(x)


def calls(made: Adjoint, name: str) -> int:
    """How often the text of an adjoint program computes a function."""
    return sum(isinstance(s, Compute) and s.primitive.name == name for s in walk(made.program.body))


@pytest.mark.parametrize(
    ("kernel", "args"),
    [
        (turned, (0.3, -0.4)),
        (turned, (-0.3, 0.4)),
        (twice_divided, (0.5, 0.7)),
        (twice_divided, (0.5, -0.7)),
        (twice_divided, (-0.5, 0.7)),
        (with_loops, (0.9, 4)),
        (with_loops, (0.9, 0)),
        (overwritten_in_an_arm, (np.array([0.5, 2.0]),)),
        (overwritten_in_an_arm, (np.array([-0.5, 2.0]),)),
        (left_early, (1.2, 0.4)),
        (left_early, (1.2, -0.4)),
        (left_early, (0.2, 0.4)),
        (circle, (0.3,)),
    ],
)
def test_gradients_are_right_in_every_arm(kernel: Any, args: tuple[Any, ...]) -> None:
    assert_gradient(kernel, *args)


@pytest.mark.parametrize(("kernel", "wrt"), [(turned, (0, 1)), (twice_divided, (0, 1)), (left_early, (0, 1))])
def test_a_branch_outside_of_loops_records_nothing(kernel: Any, wrt: tuple[int, ...]) -> None:
    made = adjoint_of(kernel, 0.3, 0.4, wrt=wrt)
    assert not any(isinstance(s, Push) for s in walk(made.program.body))
    assert any(made.plan.kept.values())


@pytest.mark.parametrize(
    ("kernel", "args", "names"),
    [
        (turned, (0.3, 0.4), ("sqrt", "sin", "cos")),
        (twice_divided, (0.3, 0.4), ("exp", "log")),
        (circle, (0.3,), ("sin", "cos", "exp")),
    ],
)
def test_nothing_expensive_is_computed_twice(kernel: Any, args: tuple[Any, ...], names: tuple[str, ...]) -> None:
    made = adjoint_of(kernel, *args, wrt=tuple(range(len(args))))
    assert [calls(made, name) for name in names] == [1] * len(names)


def test_kept_values_have_reasons() -> None:
    plan = adjoint_of(turned, 0.3, 0.4, wrt=(0, 1)).plan
    assert all(plan.reasons[var] for kept in plan.kept.values() for var in kept)


def test_a_place_that_is_overwritten_later_is_kept_and_not_put_back() -> None:
    made = adjoint_of(overwritten_in_an_arm, np.array([0.5, 2.0]))
    assert not made.plan.undone
    assert not any(isinstance(s, Push) for s in walk(made.program.body))


@pytest.mark.parametrize("args", [(0.3, 0.4), (-0.3, 0.4)])
def test_values_that_are_kept_have_second_derivatives(args: tuple[float, float]) -> None:
    second = jitad.hessian(twice_divided, argnums=(0, 1))(*args)
    step = 1e-5
    gradient = jitad.grad(twice_divided, (0, 1))
    for at in range(2):
        moved = [gradient(*(a + by * (k == at) for k, a in enumerate(args))) for by in (step, -step)]
        expected = [(up - down) / (2 * step) for up, down in zip(*moved, strict=True)]
        np.testing.assert_allclose([second[row][at] for row in range(2)], expected, rtol=1e-7, atol=1e-9)


def stored_in_passing(x):
    kept = np.empty(x.shape[0])
    total = 0.0
    for i in range(x.shape[0]):
        e = math.exp(x[i])
        kept[i] = e
        total += e * e
    return total + kept[0]


def stored_twice(x):
    kept = np.empty(x.shape[0])
    total = 0.0
    for i in range(x.shape[0]):
        e = math.exp(x[i])
        kept[i] = e
        kept[0] = 2.0 * x[i]
        total += e * e * kept[i]
    return total * total


def stored_at_one_place(x):
    kept = np.empty(1)
    total = 0.0
    for i in range(x.shape[0]):
        e = math.exp(x[i])
        kept[0] = e
        total += kept[0] * e
    return total * total


def stored_in_a_row(x):
    kept = np.empty((2, x.shape[0]))
    total = 1.0
    for k in range(2):
        row = kept[k]
        for i in range(x.shape[0]):
            e = math.exp(x[i] * total)
            row[i] = e
        total += row[0] * row[1]
    return total


def restored(x):
    kept = np.zeros(x.shape[0])
    total = 0.0
    for i in range(x.shape[0]):
        kept[i] = x[i]
        s = kept[i] * kept[i]
        e = math.exp(s)
        kept[i] = e
        total += e * e
    return total + kept[0]


def stored_as_float32(x):
    kept = np.empty(x.shape[0], np.float32)
    total = 0.0
    for i in range(x.shape[0]):
        e = math.exp(x[i])
        kept[i] = e
        total += e * e
    return total * total


def stored_where_it_is_read(x):
    total = 0.0
    for i in range(x.shape[0]):
        e = math.exp(x[i])
        x[i] = e
        total += e * e
    return total * x[1]


POINTS = np.array([0.3, -0.5, 0.8])


@pytest.mark.parametrize(
    "kernel", [stored_in_passing, stored_twice, stored_at_one_place, stored_in_a_row, restored, stored_where_it_is_read]
)
def test_what_is_read_where_a_store_left_it_is_right(kernel: Any) -> None:
    assert_gradient(kernel, POINTS)


def test_a_number_that_a_loop_carries_is_read_where_a_store_left_it() -> None:
    def powers(x):
        kept = np.empty((x.shape[0], 4))
        for i in range(x.shape[0]):
            power = 1.0
            for j in range(4):
                kept[i, j] = power
                power = power * x[i]
        return kept

    _, pullback = jitad.vjp(powers, POINTS)
    np.testing.assert_allclose(pullback(np.ones((3, 4)))[0], 1.0 + 2.0 * POINTS + 3.0 * POINTS**2, rtol=1e-14)


def test_a_rounded_copy_is_not_read_back() -> None:
    exact = 2.0 * np.exp(2.0 * POINTS).sum() * 2.0 * np.exp(2.0 * POINTS)
    np.testing.assert_allclose(jitad.grad(stored_as_float32)(POINTS), exact, rtol=1e-14)


@pytest.mark.parametrize(
    ("kernel", "count"),
    [
        (stored_in_passing, 0),
        (stored_in_a_row, 1),  # what the outer loop carries
        (stored_twice, 2),
        (stored_at_one_place, 2),
        (restored, 1),
    ],
)
def test_what_memory_still_holds_is_not_recorded(kernel: Any, count: int) -> None:
    made = adjoint_of(kernel, POINTS)
    pushes = [value for s in walk(made.program.body) if isinstance(s, Push) for value in s.values]
    assert len(pushes) == count


def paid_paths(x, n):
    total = 0.0
    for i in range(x.shape[0]):
        price, mean = x[i], 0.0
        for j in range(n):
            price = price * math.exp(0.1 * price * j)
            mean += price
        total += max(mean - 3.0, 0.0)
    return total


def paid_once(x, n):
    flag = x[0] > 0.5
    price = x[1]
    for j in range(n):
        price = price * math.exp(0.1 * price * j)
        if j == 2:
            price = price * x[2]
    if flag:
        return x[0] * price
    return x[0]


def drawn_twice(x, n):
    price = x[1]
    for j in range(n):
        x[j % 3] = price * x[j % 3]
        price = price * math.exp(0.1 * price * j)
    return max(price - 100.0, x[2])


@pytest.mark.parametrize("kernel", [paid_paths, paid_once, drawn_twice])
@pytest.mark.parametrize("args", [(POINTS + 1.0, 4), (POINTS, 4), (POINTS + 1.0, 0)])
def test_what_nothing_flows_into_may_have_records(kernel: Any, args: tuple[Any, ...]) -> None:
    assert_gradient(kernel, *args)


@pytest.mark.parametrize(("kernel", "is_left_out"), [(paid_paths, True), (paid_once, True), (drawn_twice, False)])
def test_records_that_nothing_flows_into_are_given_back_unread(kernel: Any, is_left_out: bool) -> None:
    made = adjoint_of(kernel, POINTS, 4)
    assert any(isinstance(s, Release) and s.unread for s in walk(made.program.body)) == is_left_out


def test_lanes_leave_out_what_they_leave_out_together() -> None:
    def both(x, n):
        return np.array([paid_paths(x, n), paid_once(x, n)])

    rows = jitad.jacrev(both)(POINTS + 1.0, 4)
    np.testing.assert_allclose(rows[0], jitad.grad(paid_paths)(POINTS + 1.0, 4), rtol=1e-14)
    np.testing.assert_allclose(rows[1], jitad.grad(paid_once)(POINTS + 1.0, 4), rtol=1e-14)


def masked(x, y):
    mask = 1.0 if x >= y else 0.0
    return math.sqrt(max(x, y) - y) + mask + (1.0 if x > y else 0.0) + (1.0 if y > x else 0.0)


def test_a_selection_that_the_kernel_makes_too_still_leaves_out_what_is_infinite() -> None:
    by_x, _ = jitad.grad(masked, (0, 1))(1.0, 2.0)
    assert by_x == 0.0
