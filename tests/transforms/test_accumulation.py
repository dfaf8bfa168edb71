"""Jacobians that are found at once agree with columns one by one, also where derivatives are infinite."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jitad.program.queries import walk
from jitad.program.statements import Compute, Loop, Program
from jitad.testing import Uncompiled
from jitad.transforms.accumulated import accumulated_jacobian
from jitad.transforms.elements import NotAccumulable
from jitad.transforms.jacobian import forward_jacobian
from tests.test_random_programs import load
from tests.transforms.straight_kernels import Writer
from tests.transforms.test_jacobian import blocks_of, floating


def at_once(run: Uncompiled, wrt: list[int], **options: Any) -> Program:
    return accumulated_jacobian(run.program, wrt, floating(run.program), **options)


def compared(run: Uncompiled, wrt: list[int]) -> list[tuple[Any, Any]]:
    """Each block, and the same one computed column by column."""
    count = len(wrt) * len(floating(run.program))
    program, columns = at_once(run, wrt), forward_jacobian(run.program, wrt, 1)
    return list(zip(blocks_of(program, run, count), blocks_of(columns, run, count), strict=True))


def check(kernel: Any, *args: Any) -> list[Any]:
    """The blocks by all floating-point arguments, compared where the columns are finite."""
    run = Uncompiled(kernel, args)
    wrt = [at for at, param in enumerate(run.program.params) if param.type.is_float]
    found = compared(run, wrt)
    for block, expected in found:
        assert_agree(block, expected)
    return [np.asarray(block) for block, _ in found]


def assert_agree(block: Any, expected: Any) -> None:
    """Equal to rounding where the expected numbers are finite."""
    assert np.shape(block) == np.shape(expected)
    block, expected = np.asarray(block), np.asarray(expected)
    finite = np.isfinite(expected) & (np.abs(expected) < 1e100)
    allowed = 1e-10 * np.max(np.abs(expected[finite]), initial=1.0)
    np.testing.assert_allclose(block[finite], expected[finite], rtol=1e-8, atol=allowed)


def operations(program: Program, name: str) -> int:
    return sum(isinstance(s, Compute) and s.primitive.name == name for s in walk(program.body))


@pytest.mark.parametrize("first", range(0, 80, 10))
def test_random_kernels_beside_poles_and_kinks(first: int, tmp_path: Path) -> None:
    found = 0
    for seed in range(first, first + 10):
        kernel = load(Writer(seed).source(), tmp_path)
        draw = random.Random(seed)
        for trial in range(6):
            few = [0.0, 0.0, 1.0, 1.0, -1.0, 0.5, 0.25] if trial else [0.3, 0.7, 1.2, 1.6, 1.9]
            x, y, *a = (draw.choice(few) for _ in range(5))
            try:
                with np.errstate(all="ignore"):
                    check(kernel, x, y, np.array(a), draw.randint(0, 2), draw.randint(0, 2))
            except NotAccumulable:
                break
            found += 1
    assert found > 20


def left_out_by_a_selection(x, y):
    return np.where(x > 0.0, y * math.log(x), x)


def left_out_by_a_branch(x, y):
    powered = y**x
    if y == 0.0:
        z = x if x > 0.5 else y - powered
    else:
        z = x
    return z * x


def test_what_is_left_out_counts_for_nothing() -> None:
    by_x, by_y = check(left_out_by_a_selection, 0.0, 2.0)
    assert (by_x, by_y) == (1.0, 0.0)
    by_x, by_y = check(left_out_by_a_branch, 0.25, -1.0)
    assert (by_x, by_y) == (0.5, 0.0)


def norm(x):
    return math.sqrt(x[0] * x[0] + x[1] * x[1]) * 3.0


def root_of_a_difference(x, y):
    a, b = x * y, y * x
    return math.sqrt(a - b)


def root_in_a_branch(x, y):
    a, b = x * y, y * x
    return math.sqrt(a - b) if y > 0.0 else 0.0


def test_a_root_at_zero() -> None:
    (by_x,) = check(norm, np.zeros(3))
    np.testing.assert_array_equal(by_x, np.zeros(3))
    check(root_of_a_difference, 2.0, 3.0)
    with pytest.raises(NotAccumulable):  # each of a and b alone has an infinite derivative
        check(root_in_a_branch, 2.0, 3.0)


def gathered(x, i, j):
    out = np.zeros(2)
    out[1] = x[i] * x[j] + x[2]
    return out


def stored_again(x):
    w = np.empty((2, 2))
    w[0, 0] = x[0] * x[1]
    w[0, 1] = w[0, 0] * x[1]
    w[0, 0] = w[0, 1] + 1.0
    w[1, 0] = 5.0
    w[1, 1] = 0.0
    w[1, 1] += w[0, 0]
    w[1, 1] += x[0]
    return w


def test_elements_of_arrays() -> None:
    x = np.array([2.0, 3.0, 5.0])
    (apart,) = check(gathered, x, 0, 1)
    np.testing.assert_array_equal(apart, [[0.0, 0.0, 0.0], [3.0, 2.0, 1.0]])
    (together,) = check(gathered, x, 0, 0)
    np.testing.assert_array_equal(together, [[0.0, 0.0, 0.0], [4.0, 0.0, 1.0]])
    (found,) = check(stored_again, x[:2])
    np.testing.assert_array_equal(found, [[[9.0, 12.0], [9.0, 12.0]], [[0.0, 0.0], [10.0, 12.0]]])


def longer_or_shorter(x):
    total = x[0] * x[0]
    if x.shape[0] > 1:
        total += x[1] * x[0] + x[2]
    return total


def second_or_nothing(x):
    return 2.0 * x[1] if x.shape[0] > 1 else 0.0


def test_elements_that_may_not_exist() -> None:
    for x, expected in (([3.0], [0.0]), ([3.0, 4.0], [0.0, 2.0])):
        (found,) = check(second_or_nothing, np.array(x))
        np.testing.assert_array_equal(found, expected)
    for x, expected in (([3.0], [6.0]), ([3.0, 4.0, 5.0, 7.0], [10.0, 3.0, 1.0, 0.0])):
        (found,) = check(longer_or_shorter, np.array(x))
        np.testing.assert_array_equal(found, expected)


def funnel(x):
    product = x[0] * x[1] * x[2] * x[3] * x[4] * x[5] * x[6] * x[7]
    s = math.sin(product)
    t = s * math.exp(s)
    return t * t * s


def fan(x):
    s = math.sin(x)
    t = s * math.exp(s)
    return t * t, t * s, s + t, t / s, t - s, 2.0 * t


def test_the_order_follows_the_shape_of_the_graph() -> None:
    x = np.linspace(0.5, 1.5, 8)
    check(funnel, x)
    check(fan, 0.7)
    run = Uncompiled(funnel, (x,))
    assert operations(at_once(run, [0], values=False), "mul") < 45  # forwards, 8 columns would take 100
    assert not any(isinstance(s, Loop) for s in walk(at_once(run, [0], values=False).body))
    assert operations(at_once(Uncompiled(fan, (0.7,)), [0], values=False), "mul") < 20


def mixing(a, b, c, d):
    a, b, c, d = a * b + c * d, a * c + b * d, a * d + b * c, a * a - b * c
    a, b, c, d = a * b + c * d, a * c + b * d, a * d + b * c, a * a - b * c
    a, b, c, d = a * b + c * d, a * c + b * d, a * d + b * c, a * a - b * c
    return a, b, c, d


def few_turns(x, n):
    w = np.zeros((2, 3))
    row, total = w[1], 0.0
    for k in range(3):
        row[2 - k] = x[k] * x[n - k] + row[k]
        total += w[1, 2 - k] * row[2] if k < 2 else math.sin(x[1:][k])
    return w, total


def test_loops_of_few_turns_and_views() -> None:
    x = np.array([0.5, 1.5, -0.7, 2.0])
    by_w, by_total = check(few_turns, x, 3)
    assert np.count_nonzero(by_w) == 8
    assert np.count_nonzero(by_total) == 4
    check(few_turns, x, 2)  # one of the products is a square


def loops(x, n):
    total = x
    for _ in range(n):
        total = math.sin(total)
    return total


def test_it_is_done_where_it_costs_less_than_lanes() -> None:
    check(mixing, 0.3, 0.5, 0.7, 0.9)
    run = Uncompiled(mixing, (0.3, 0.5, 0.7, 0.9))
    with pytest.raises(NotAccumulable):
        at_once(run, [0, 1, 2, 3], width=4)
    assert at_once(run, [0, 1, 2, 3], width=1)
    with pytest.raises(NotAccumulable):
        check(loops, 0.5, 3)
