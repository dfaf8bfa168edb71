"""Samples in lanes: where they are computed side by side and where not, with the same results to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

import jitad
from jitad.batching import cpu, layout
from jitad.batching.axes import HostMemory, take_apart
from jitad.batching.laned import WIDTH, LanedDriver
from jitad.runtime import tape

RNG = np.random.default_rng(2)
COUNT = 2 * WIDTH + 3


def runge_kutta(y0, rates, steps):
    u, v = y0[0], y0[1]
    a, b = rates
    h = 1.0 / steps
    for _ in range(steps):
        du, dv = a * u - u * v, b * u * v - v
        u2, v2 = u + h * du, v + h * dv
        u += 0.5 * h * (du + a * u2 - u2 * v2)
        v += 0.5 * h * (dv + b * u2 * v2 - v2)
    return u**2 + np.exp(-v) / (1.0 + u)


def stores(x, w):
    y = np.empty((2, x.size))
    y[0] = w * x
    for i in range(1, x.size):
        y[0, i] += y[0, i - 1] * x[i]
    y[1] = y[0, ::-1] / x[0]
    x[1] = 0.0
    return np.sum(y[0] * y[1]) + x[1] * w[0]


def drivers_of(monkeypatch):
    """What runs the batches from here on; it is chosen anew for each."""
    seen = []
    driver = cpu.CpuRunner.driver

    def noting(runner, *args):
        seen.append(driver(runner, *args))
        return seen[-1]

    def anew(runner, leaves, count):
        return layout.Layout(runner.work, runner.driver(leaves, count), leaves, count)

    monkeypatch.setattr(cpu.CpuRunner, "driver", noting)
    monkeypatch.setattr(cpu.CpuRunner, "_layout", anew)
    return seen


def in_both_ways(monkeypatch, function, args, **options):
    """The results in lanes, and one by one; the latter are from a fresh function of its own."""
    seen = drivers_of(monkeypatch)
    batched = jitad.batch(function, **options)
    found = batched(*args)
    assert isinstance(seen[-1], LanedDriver)
    monkeypatch.setattr(cpu, "MOST_ELEMENTS", -1)
    expected = batched(*args)
    assert not isinstance(seen[-1], LanedDriver)
    return flat(found), flat(expected)


def same(found, expected):
    """Assert that results for samples are equal, and that sums are, up to their order."""
    for one, other in zip(found, expected, strict=True):
        if np.shape(one)[:1] == (COUNT,):
            np.testing.assert_array_equal(one, other)
        else:
            np.testing.assert_allclose(one, other, rtol=1e-14)


def flat(tree):
    return [leaf for item in tree for leaf in flat(item)] if isinstance(tree, tuple) else [tree]


Y0, RATES = RNG.uniform(0.5, 1.5, (COUNT, 2)), (RNG.uniform(0.5, 1.5, COUNT), RNG.uniform(0.5, 1.5, COUNT))
LOSS = jitad.value_and_grad(runge_kutta, argnums=(0, 1))


@pytest.mark.parametrize("shared", ["sum", "each"])
@pytest.mark.parametrize("axes", [(0, 0, None), (None, (0, None), None), (0, None, None)])
def test_the_same_to_the_last_bit(monkeypatch, axes, shared):
    args = [
        Y0 if axes[0] == 0 else Y0[0],
        RATES if axes[1] == 0 else (RATES[0] if axes[1] else 0.5, 0.25),
        20,
    ]
    found, expected = in_both_ways(monkeypatch, LOSS, args, in_axes=axes, shared=shared)
    same(found, expected)


def test_compiled(monkeypatch, compiled):
    found, expected = in_both_ways(monkeypatch, LOSS, (Y0, RATES, 20), in_axes=(0, 0, None), threads=2)
    same(found, expected)
    alone = [LOSS(y0, (a, b), 20) for y0, a, b in zip(Y0, *RATES, strict=True)]
    np.testing.assert_array_equal(found[0], [value for value, _ in alone])
    np.testing.assert_array_equal(found[1], [by_y0 for _, (by_y0, _) in alone])


@pytest.mark.parametrize("axes", [(0, 0), (None, 0), (0, None)])
def test_stores(monkeypatch, axes):
    x, w = RNG.uniform(0.5, 1.5, (COUNT, 4)), RNG.uniform(0.5, 1.5, (COUNT, 4))
    df = jitad.value_and_grad(stores, argnums=(0, 1))
    args = [whole if axis == 0 else whole[0] for whole, axis in zip((x, w), axes, strict=True)]
    found, expected = in_both_ways(monkeypatch, df, args, in_axes=axes)
    same(found, expected)


def test_results_of_all_kinds(monkeypatch):
    def kernel(x, z, n):
        return x * 2.0, 3.0 * n, np.arange(3.0), z * z, np.full((2, 2), x[0]), x[0] ** n, n

    x, z = RNG.normal(size=(COUNT, 3)), RNG.normal(size=COUNT) + 1j
    found, expected = in_both_ways(monkeypatch, kernel, (x, z, 3), in_axes=(0, 0, None))
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(found[2], np.tile(np.arange(3.0), (COUNT, 1)))


def test_arguments_as_results(monkeypatch):
    x, z = RNG.normal(size=(COUNT, 3)), RNG.normal(size=COUNT) + 1j
    found, expected = in_both_ways(monkeypatch, lambda x, z: (x, z, x[::2], z.real), (x, z))
    same(found, expected)
    np.testing.assert_array_equal(found[0], x)
    np.testing.assert_array_equal(found[1], z)


def test_a_gradient_that_no_sample_changes(monkeypatch):
    df = jitad.grad(lambda w, x: 2.0 * w[0] + 3.0 * w[1] + x, argnums=(0, 1))
    found, expected = in_both_ways(monkeypatch, df, (np.ones(2), np.arange(float(COUNT))), in_axes=(None, 0))
    np.testing.assert_array_equal(found[0], [2.0 * COUNT, 3.0 * COUNT])
    np.testing.assert_array_equal(found[1], np.ones(COUNT))
    same(found, expected)


def test_a_tape_that_grows(monkeypatch):
    monkeypatch.setattr(tape, "START_BYTES", 64)
    tape.discard_tapes()
    found, expected = in_both_ways(monkeypatch, LOSS, (Y0[0], RATES, 30), in_axes=(None, 0, None))
    tape.discard_tapes()
    same(found, expected)


@pytest.mark.parametrize("count", [1, 2, WIDTH, WIDTH + 1])
def test_any_number_of_samples(count):
    x = RNG.normal(size=count)
    np.testing.assert_array_equal(jitad.batch(jitad.grad(lambda x: x * x * x))(x), (x + x) * x + x * x)


WAYS = {
    "a comparison": lambda x, n: x * x if x > 0.0 else x,
    "a length": lambda x, n: x * np.sum(np.ones(int(x * x) + 1)),
    "an iteration": lambda x, n: halved(x),
    "a choice": lambda x, n: np.maximum(x, 0.5) * x,
    "a number of samples": lambda x, n: x**n,
    "a step": lambda x, n: np.floor(x) * x,
    "a library": lambda x, n: (np.full((9, 9), x) @ np.eye(9))[0, 0],
    "vector functions": lambda x, n: np.sum(np.exp(x * np.arange(3.0))),
}


def halved(x):
    while abs(x) > 0.1:
        x = 0.5 * x
    return x


@pytest.mark.parametrize("way", WAYS)
def test_samples_that_go_their_own_way(monkeypatch, way):
    x, n = RNG.normal(size=COUNT), np.arange(COUNT)
    df = jitad.value_and_grad(WAYS[way])
    seen = drivers_of(monkeypatch)
    value, slope = jitad.batch(df, in_axes=(0, 0 if way == "a number of samples" else None))(
        x, n if way == "a number of samples" else 2
    )
    assert isinstance(seen[-1], LanedDriver) == (way == "a step")
    for k in range(COUNT):
        one, its = df(x[k], int(n[k]) if way == "a number of samples" else 2)
        np.testing.assert_allclose((value[k], slope[k]), (one, its), rtol=1e-14)


def test_large_samples_are_computed_one_by_one(monkeypatch):
    seen = drivers_of(monkeypatch)
    x = RNG.normal(size=(2, cpu.MOST_ELEMENTS + 1))
    np.testing.assert_array_equal(jitad.batch(jitad.grad(lambda x: np.sum(x * x)))(x), 2.0 * x)
    assert not isinstance(seen[-1], LanedDriver)


def test_leaves_of_complex_numbers():
    taken = take_apart((np.array([1 + 2j, 3 + 4j]),), {}, 0, HostMemory())
    assert [leaf.value.tolist() for leaf in taken.leaves] == [[1.0, 3.0], [2.0, 4.0]]
