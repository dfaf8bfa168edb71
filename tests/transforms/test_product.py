"""Products of adjoints and partials: what operations they take, and that factors that are moved stay finite."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.primitives import core, guarded
from jitad.program.queries import walk
from jitad.program.statements import Compute, Const, Program
from jitad.testing import check_grads
from jitad.transforms.tangent import tangent
from tests.transforms.kernels import adjoint_of, program_of


@pytest.mark.parametrize(("dtype", "factor"), [(np.float32, 2e38), (np.float64, 1e308)])
def test_powers_of_two_do_not_overflow_literals(dtype, factor):
    large = dtype(factor)

    def kernel(x, y):
        return (large * x - y) ** 2

    with uncompiled():
        gradient = jitad.grad(kernel)(dtype(0.0), dtype(1e-3))
    assert gradient == pytest.approx(-2.0 * (factor * 1e-3), rel=1e-6)


def operations(program: Program) -> Counter[str]:
    """How often each operation stands in a program."""
    return Counter(s.primitive.name for s in walk(program.body) if isinstance(s, Compute))


def reciprocals(program: Program) -> int:
    """How many divisions of 1 a program has."""
    computes = [s for s in walk(program.body) if isinstance(s, Compute) and s.primitive is core.truediv]
    return sum(isinstance(s.args[0], Const) and s.args[0].value == 1 for s in computes)


def inverse_distance(x, y):
    return 3.0 / math.sqrt(x * x + y * y)


def normalised(x, s):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += x[i] / s * (x[i + 1] / s)
    return total


def chosen_quotient(x, s):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] / s if x[i] > 1.0 else x[i] ** 2 / s
    return total * total


def squares(x, y):
    return 3.0 * (x * x) + (y + y) * y


def test_adjoints_share_a_reciprocal() -> None:
    made = adjoint_of(inverse_distance, 1.0, 2.0, wrt=(0, 1)).program
    assert operations(made)["truediv"] == 2  # the kernel's own, and one reciprocal for both of the root's uses
    assert reciprocals(made) == 1


def test_what_a_loop_divides_by_is_inverted_once() -> None:
    made = adjoint_of(normalised, np.ones(4), 2.0).program
    assert reciprocals(made) == 1
    assert operations(made)["truediv"] == 3


def test_the_kernel_keeps_its_quotients() -> None:
    x = np.random.default_rng(3).uniform(0.5, 1.5, 50)
    with uncompiled():
        value, _ = jitad.value_and_grad(normalised)(x, 0.7)
    assert value == normalised(x, 0.7)


def test_directions_share_a_reciprocal() -> None:
    made = tangent(program_of(lambda x, y: x / y, 1.0, 2.0), (0, 1)).program
    assert operations(made)["truediv"] == 2
    assert reciprocals(made) == 1


def test_equal_arguments_take_one_product() -> None:
    made = adjoint_of(squares, 1.0, 2.0, wrt=(0, 1)).program
    primal = operations(program_of(squares, 1.0, 2.0))
    added = operations(made) - primal
    assert added["add"] <= 1  # only where the two uses of y meet
    assert added["mul"] <= 4


def test_halves_meet_doubles() -> None:
    made = adjoint_of(lambda x: math.sqrt(x * x), 3.0).program
    literals = [a.value for s in walk(made.body) if isinstance(s, Compute) for a in s.args if isinstance(a, Const)]
    assert literals == [1.0]  # of the reciprocal


@pytest.mark.parametrize(
    ("kernel", "args"),
    [
        (inverse_distance, (0.3, -1.2)),
        (normalised, (np.linspace(-1.0, 2.0, 5), 1.7)),
        (normalised, (np.ones(1), 1.7)),
        (normalised, (np.linspace(-1.0, 2.0, 5).astype(np.float32), np.float32(1.7))),
        (chosen_quotient, (np.linspace(0.3, 2.0, 6), -0.4)),
        (squares, (0.4, -2.0)),
        (lambda x, y: math.hypot(x, x) / y + math.atan2(y, y), (0.4, 2.0)),
        (lambda x, y: x / x + y / (x * x) - (y - y) * x + x**x, (0.4, 2.0)),
    ],
)
def test_derivatives(kernel: Any, args: tuple[Any, ...]) -> None:
    order = 1 if np.asarray(args[0]).dtype == np.float32 else 2
    with uncompiled():
        check_grads(kernel, args, order=order)


def test_a_guarded_quotient_by_zero_contributes_nothing() -> None:
    def kernel(x, s):
        quotient = x / s
        chosen = np.where(s > 0.0, quotient, x * x)
        return np.sum(chosen * chosen)

    x, s = np.array([1.0, 2.0]), np.array([0.0, 4.0])
    program = adjoint_of(kernel, x, s).program
    assert any(isinstance(c, Compute) and c.primitive is guarded.times for c in walk(program.body))
    with uncompiled(), np.errstate(all="ignore"):
        by_x, by_s = jitad.grad(kernel, argnums=(0, 1))(x, s)
    np.testing.assert_array_equal(by_x, [4.0, 0.25])
    np.testing.assert_array_equal(by_s, [0.0, -0.125])


def test_an_adjoint_that_is_not_a_number_stays_so() -> None:
    with uncompiled(), np.errstate(all="ignore"):
        assert math.isnan(jitad.grad(lambda x, y: np.log(y) * x / y)(1.0, -1.0))


def test_twice_a_half_is_the_whole() -> None:
    def half_square(x):
        return 0.5 * x * x

    assert operations(adjoint_of(half_square, 3.0).program) == Counter(mul=2)

    def half_squares(x):
        total = 0.0
        for i in range(x.shape[0]):
            total += 0.5 * math.sin(x[i]) * math.sin(x[i])
        return total

    with uncompiled():
        assert jitad.grad(half_square)(3.0) == 3.0
        check_grads(half_squares, (np.array([0.5, -1.5, 2.0]),))
