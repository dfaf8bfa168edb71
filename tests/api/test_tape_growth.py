"""A tape that is too small grows, the sweep runs again from intact inputs, and the size is remembered."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitad
import jitad.errors
from jitad.api.mode import uncompiled
from jitad.runtime import tape as tapes


def decays(x, n):
    y = x.copy()
    for _ in range(n):
        x[0] = x[0] * (1.0 - 1e-3 * x[0] * y[1])
    return x[0], x[0] > y[0]


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The dtypes that tapes grew by, with tapes that start small and are never kept."""
    monkeypatch.setattr(tapes, "START_BYTES", 1 << 8)
    monkeypatch.setattr(tapes, "KEEP_BYTES", 0)
    tapes.discard_tapes()
    seen: list[str] = []
    grow = tapes.Tape.grow

    def counted(tape: Any, dtype: str) -> None:
        seen.append(dtype)
        grow(tape, dtype)

    monkeypatch.setattr(tapes.Tape, "grow", counted)
    return seen


def test_growth(grown: list[str]) -> None:
    x = np.array([0.9, 1.1])
    gradient = jitad.value_and_grad(decays, has_aux=True)
    with uncompiled():
        first = gradient(x, 500)
        assert len(grown) >= 2
        assert set(grown) == {"float64"}
        count = len(grown)
        second = gradient(x, 500)
    assert len(grown) == count
    np.testing.assert_array_equal(x, [0.9, 1.1])
    step = 1e-6
    expected = [(decays(x + step * e, 500)[0] - decays(x - step * e, 500)[0]) / (2 * step) for e in np.eye(2)]
    for (value, aux), found in (first, second):
        assert value == pytest.approx(decays(x.copy(), 500)[0], rel=1e-14)
        assert aux is False
        np.testing.assert_allclose(found, expected, rtol=1e-7)


def branches(x, n):
    y = 0.0 * x
    count = 0
    s = x[0]
    for i in range(n):
        if math.exp(s) > 1.65:
            s = s * np.float32(0.9) * x[i % x.size]
            count += 1
        else:
            s = s + y[0] + np.float32(0.7)
    return s * s, (np.float32(s), count, s > 0.5, x * s)


@pytest.mark.usefixtures("compiled")
def test_results_of_every_kind_come_back_after_growth(grown: list[str]) -> None:
    x = np.array([0.9, 1.1])
    gradient = jitad.value_and_grad(branches, has_aux=True)
    (value, aux), found = gradient(x, 3000)
    assert len(set(grown)) >= 2
    with uncompiled():
        (expected, expected_aux), expected_gradient = gradient(x, 3000)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(found, expected_gradient, rtol=1e-12)
    for one, other in zip(aux, expected_aux, strict=True):
        assert type(one) is type(other)
        np.testing.assert_allclose(one, other, rtol=1e-6)


def corner(x, n):
    z = np.zeros((n, n))
    z[n - 1, n - 1] = x[0]
    return z[n - 1, n - 1]


@pytest.mark.usefixtures("compiled")
def test_a_size_that_would_wrap_around_is_too_large() -> None:
    for gradient in (jitad.grad(corner), jitad.jacfwd(corner)):
        np.testing.assert_array_equal(gradient(np.ones(2), 3), [1.0, 0.0])
        with pytest.raises(jitad.errors.TapeOverflowError):
            gradient(np.ones(2), 1 << 32)
