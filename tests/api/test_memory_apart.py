"""Sweeps are compiled as functions that write to no memory which another argument shows them: that they do so."""

from __future__ import annotations

import numpy as np
import pytest

import jitad
from jitad.analysis.effects import written_params
from jitad.api.differentiate import Reading, forward_only, pullback_adjoint
from jitad.testing import Uncompiled
from jitad.transforms.tangent import tangent
from tests.corpus import Case, cases


def writing() -> list[Case]:
    """The corpus' kernels that write to their arguments."""
    chosen = [c for c in cases() if "inner" not in c.tags]
    return [c for c in chosen if c.theme in ("arrays_inplace", "views", "hard_cases")]


@pytest.mark.parametrize("case", writing(), ids=str)
def test_programs_write_to_gradients_only(case):
    run = Uncompiled(case.function, case.make_args())
    wrt = run.leaf_positions(case.argnums)
    reading = Reading(case.function, run.kernel, tuple(written_params(run.program)))
    floating = [at for at, result in enumerate(run.program.results) if result.type.is_float]
    count = len(run.program.params) + len(floating)
    assert all(at >= count for at in written_params(pullback_adjoint(reading, wrt, floating).program))
    assert not written_params(tangent(run.program, wrt).program)
    assert not written_params(forward_only(reading))


def dot_and_norm(x, y, out):
    """``x`` and ``y`` may be one array, which ``out`` isn't."""
    total = 0.0
    for i in range(x.shape[0]):
        out[i] = x[i] * y[i]
        total += out[i] * x[i] + y[i] * y[i]
    return total


def test_arguments_that_share_memory(compiled):
    a, work = np.arange(1.0, 40.0), np.zeros(39)
    value, (by_x, by_y) = jitad.value_and_grad(dot_and_norm, argnums=(0, 1))(a, a, work)
    assert value == pytest.approx(np.sum(a**3 + a**2))
    np.testing.assert_allclose(by_x, 2.0 * a * a)
    np.testing.assert_allclose(by_y, a * a + 2.0 * a)
    _, slope = jitad.jvp(dot_and_norm, (a, a[::-1][::-1], work), (a, a), argnums=(0, 1))
    assert slope == pytest.approx(np.sum(3.0 * a**3 + 2.0 * a**2))
    _, pullback = jitad.vjp(dot_and_norm, a, a, work)
    np.testing.assert_allclose(pullback(1.0)[0], 2.0 * a * a)
    assert not work.any()


def test_gradients_of_overlapping_rows(compiled):
    rows = np.lib.stride_tricks.sliding_window_view(np.arange(1.0, 12.0), 4)
    gradients = jitad.batch(jitad.grad(lambda x, y: np.sum(x * y * y), argnums=(0, 1)))(rows, rows)
    np.testing.assert_allclose(gradients[0], rows * rows)
    np.testing.assert_allclose(gradients[1], 2.0 * rows * rows)
