"""Every kernel of the corpus that can run on CUDA has the CPU's gradients there: as a batch, and (some) by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
from tests.corpus import Case, cases
from tests.cuda.running.stacked import FACTORS, rows, scaled, stacked


def flat(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, tuple | list):
        return [leaf for item in tree for leaf in flat(item)]
    return [] if tree is None else [tree]


@pytest.mark.parametrize("case", cases(without=("vjp",)), ids=str)
def test_the_gradients_of_two_samples(case: Case) -> None:
    derivative = jitad.value_and_grad(case.function, argnums=case.argnums)
    samples = [scaled(case.make_args(), factor) for factor in FACTORS]
    args, axes = stacked(samples)
    if not any(axis == 0 for axis in flat(axes)):
        pytest.skip("nothing in its arguments can differ between samples")
    batch = jitad.batch(derivative, in_axes=axes, target="cuda", shared="each")
    found = batch(*args)
    rtol = 1e-5 if "float32" in case.tags else 1e-12
    for at, sample in enumerate(samples):
        expected = flat(derivative(*sample))
        for actual, right in zip(flat(rows(found, at)), expected, strict=True):
            np.testing.assert_allclose(actual, right, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("case", cases(without=("vjp",))[3::8], ids=str)
def test_the_gradient_of_one_evaluation(case: Case) -> None:
    derivative = jitad.value_and_grad(case.function, argnums=case.argnums)
    on_grids = jitad.value_and_grad(case.function, argnums=case.argnums, target="cuda")
    try:
        found = flat(on_grids(*case.make_args()))
    except jitad.UnsupportedOnCudaError as refused:
        pytest.skip(refused.reason)
    rtol = 1e-5 if "float32" in case.tags else 1e-11
    for actual, right in zip(found, flat(derivative(*case.make_args())), strict=True):
        assert type(actual) is type(right)
        np.testing.assert_allclose(actual, right, rtol=rtol, atol=rtol)
