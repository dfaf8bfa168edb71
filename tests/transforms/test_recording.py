"""What the forward sweep records, and what it doesn't."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Push
from jitad.transforms.adjoint import Adjoint
from tests.transforms import kernels
from tests.transforms.kernels import adjoint_of, assert_gradient

VECTOR = np.linspace(0.5, 1.5, 6)


def pushed(made: Adjoint) -> list[str]:
    """The dtypes of the values that the adjoint program records, in the order of its text."""
    return [v.type.dtype for s in walk(made.program.body) if isinstance(s, Push) for v in s.values]


def test_a_carried_state_is_all_that_a_loop_of_scalars_records() -> None:
    made = adjoint_of(kernels.lorenz, 1.0, 1.0, 1.0, 9, wrt=(0, 1, 2))
    assert pushed(made) == ["float64"] * 3
    assert not made.plan.undone


@pytest.mark.parametrize(
    ("kernel", "args"),
    [
        (kernels.linear_stencil, (VECTOR, 4)),
        (kernels.filled_then_read, (VECTOR,)),
        (kernels.overwritten_linearly, (VECTOR,)),
        (kernels.sum_over_pairs, (VECTOR,)),
    ],
)
def test_nothing_is_recorded_that_nothing_needs(kernel: Any, args: tuple[Any, ...]) -> None:
    made = adjoint_of(kernel, *args)
    assert not pushed(made)
    assert not made.plan.undone


@pytest.mark.parametrize(
    ("kernel", "args"), [(kernels.nonlinear_stencil, (VECTOR, 4)), (kernels.overwritten, (VECTOR,))]
)
def test_a_store_that_overwrites_a_needed_value_records_it(kernel: Any, args: tuple[Any, ...]) -> None:
    made = adjoint_of(kernel, *args)
    assert len(made.plan.undone) == 1
    assert pushed(made) == ["float64"]


def test_temporaries_that_nothing_reads_again_give_their_memory_back() -> None:
    made = adjoint_of(kernels.linear_stencil_in_place, VECTOR, 4)
    assert not pushed(made)
    assert len(made.plan.scratch) == 2  # the right-hand side and its shadow
    gradient = np.zeros_like(VECTOR)
    evaluate(made.program, [VECTOR, 4, gradient])
    expected, matrix = np.ones(6), np.eye(6)
    matrix[1:-1] = 0.5 * (np.eye(6)[:-2] + np.eye(6)[2:])
    for _ in range(4):
        expected = matrix.T @ expected
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)


def test_every_recorded_value_has_a_reason() -> None:
    made = adjoint_of(kernels.lorenz, 1.0, 1.0, 1.0, 9)
    recorded = [var for records in made.plan.records.values() for var in records]
    assert recorded
    assert all(made.plan.reasons[var] for var in recorded)


def by_planes(a):
    b = np.empty_like(a)
    b[0] = a[0]
    for k in range(1, a.shape[0]):
        b[k] = a[k] / (1.0 + a[k] * b[k - 1])
    return np.sum(b * b)


def test_a_neighbouring_plane_is_read_again_where_it_is() -> None:
    a = np.linspace(0.2, 1.3, 12).reshape(4, 3)
    assert "its place is overwritten before it is used" not in adjoint_of(by_planes, a).plan.reasons.values()
    assert_gradient(by_planes, a)
