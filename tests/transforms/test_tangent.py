"""The tangent of every kernel of the corpus agrees with its adjoint."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.testing import Uncompiled
from jitad.transforms.expand import expand
from jitad.transforms.tangent import tangent
from tests.corpus import Case, cases


@pytest.mark.parametrize("case", cases(without=("vjp",)), ids=str)
def test_the_tangent_is_the_gradient_times_the_direction(case: Case) -> None:
    run = Uncompiled(case.function, case.make_args())
    positions = run.leaf_positions(case.argnums)
    gradients = run.value_and_gradient(positions)[1]
    run = Uncompiled(case.function, case.make_args())
    random = np.random.default_rng(1)
    directions = []
    for leaf in (run.leaves[p] for p in positions):
        drawn = random.uniform(-1.0, 1.0, np.shape(leaf)).astype(np.asarray(leaf).dtype)
        directions.append(drawn)
    before = copy.deepcopy(run.leaves)
    made = tangent(run.program, positions).program
    check(made)
    *_, actual = evaluate(expand(made), [*run.leaves, *directions])
    expected = sum(float(np.sum(np.multiply(g, d, dtype=float))) for g, d in zip(gradients, directions, strict=True))
    tolerance = 1e-4 if "float32" in case.tags else 1e-10
    assert float(actual) == pytest.approx(expected, rel=tolerance, abs=tolerance)
    for old, new in zip(before, run.leaves, strict=True):
        np.testing.assert_array_equal(old, new)
