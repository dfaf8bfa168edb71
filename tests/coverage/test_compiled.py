"""NumPy functions that are defined by kernels, compiled: the same numbers as in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from tests.coverage.case import C, I, M, N, P, V, W


def ordering(a, m):
    total = np.sum(np.sort(m, axis=0)[1]) + np.median(a) * np.quantile(a, 0.3) + np.sum(np.percentile(m, [20.0, 70.0]))
    b = a.copy()
    b.sort()
    return total + b[0] * np.partition(m, 2)[0, 2] + np.sum(np.take_along_axis(m, np.argsort(m), axis=-1)[:, 1])


def missing(a, b):
    return np.nansum(a) * np.nanmean(a) + np.nanstd(a) * np.nanmax(a) + np.nanmedian(a) + np.nancumsum(a)[2] * b[0]


def sets(a, b):
    found = np.unique(a)
    both = np.intersect1d(a, b)
    return np.sum(found * np.arange(found.shape[0])) + np.sum(both) * np.setdiff1d(a, b[:2])[0]


def selecting(a, m):
    picked = np.select([a > 0.5, a > -0.5], [a * a, np.exp(a)], 7.0)
    kept = np.delete(np.insert(a, 2, m[0, 0]), [0, 3])
    repeated = np.repeat(a, np.array([1, 0, 2, 1, 1, 1]))
    return np.sum(picked) * np.sum(kept) + np.sum(np.tril(m) * np.triu(m)) + repeated[1] + np.take(m, I)[1]


def measuring(a, b):
    sums = np.bincount(np.array([1, 0, 1, 3, 0, 1]), a)
    _, edges = np.histogram(b, 3)
    window = np.kaiser(4, np.abs(b[0]) + 1.0)
    spread = np.cov(a, b)[0, 1] * np.corrcoef(a, b)[0, 1] + np.average(a, weights=b * b)
    areas = np.trapezoid(a, b) + np.sum(np.cross(a[:3], b[:3])) + np.sum(np.kron(a, b) ** 2)
    return sums[1] * edges[1] + window[0] + spread + areas + np.sum(np.unwrap(5.0 * a) * b) + np.linalg.norm(a, 3)


KERNELS = [(ordering, V, M), (missing, N, P), (sets, C, C + np.array([0.0, 0.0, 1.0, 0.0, 0.0])), (selecting, V, M)]


@pytest.mark.parametrize("case", [*KERNELS, (measuring, V, W)], ids=lambda case: case[0].__name__)
def test_compiled_as_in_python(case: tuple[Callable[..., Any], Any, Any]) -> None:
    kernel, *args = case
    value, gradients = jitad.value_and_grad(kernel, argnums=(0, 1))(*args)
    with uncompiled():
        _, expected = jitad.value_and_grad(kernel, argnums=(0, 1))(*args)
    assert value == pytest.approx(kernel(*args), rel=1e-13)
    for gradient, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, wanted, rtol=1e-12, atol=1e-13)
