"""Whatever fails, nothing stays behind on the device, and the next call works."""

from __future__ import annotations

import gc
import itertools
import re
import weakref

import numpy as np
import pytest

import jitad

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
from numba import cuda

from jitad.cuda import copies, job


def loss(weights, x, n):
    t = 0.0
    for _ in range(n):
        for i in range(x.shape[0]):
            t = np.sin(t + weights[i] * x[i]) + x[i] ** 2
    return t, x * t


WEIGHTS, XS = np.array([0.5, -1.0, 2.0]), np.random.default_rng(5).normal(size=(7, 3))
COUNTS = np.array([1, 2, 3, 200, 1, 1, 2])
MEMORY = "[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY"
ADDRESS = "[700] Call to cuMemcpyDtoH results in CUDA_ERROR_ILLEGAL_ADDRESS"


@pytest.fixture
def young():
    """Let the garbage collector look at nothing but what a test makes, which it does often."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def live(monkeypatch, young):
    """Tells how many of the arrays on the device that are made meanwhile are still there."""
    made = []

    def noting(function):
        def run(*args, **kwargs):
            array = function(*args, **kwargs)
            made.append(weakref.ref(array))
            return array

        return run

    for name in ("device_array", "to_device"):
        monkeypatch.setattr(cuda, name, noting(getattr(cuda, name)))

    def count():
        gc.collect()
        return sum(array() is not None for array in made)

    return count


class Failing:
    """A function whose call number ``at`` fails, and so many after it."""

    def __init__(self, function, at, message, times=1):
        self.function, self.at, self.message, self.times = function, at, message, times
        self.calls = 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.at <= self.calls < self.at + self.times:
            raise RuntimeError(self.message)
        return self.function(*args, **kwargs)

    def __get__(self, instance, owner):
        return self if instance is None else lambda *args, **kwargs: self(instance, *args, **kwargs)


PLACES = {
    "allocation": (cuda, "device_array", MEMORY, jitad.TapeOverflowError, "no memory left for a batch of 7 samples"),
    "copy to the device": (cuda, "to_device", MEMORY, jitad.TapeOverflowError, "no memory left"),
    "launch": (job, "run", ADDRESS, RuntimeError, "ILLEGAL_ADDRESS"),
    "sum": (copies, "run", MEMORY, jitad.TapeOverflowError, "no memory left"),
    "copy back": (job.Job, "_host", ADDRESS, RuntimeError, "ILLEGAL_ADDRESS"),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("where", ["host", "device"])
def test_faults(place, where, live, monkeypatch):
    owner, name, message, error, text = place
    monkeypatch.setattr(job, "MOST_SAMPLES", 4)
    monkeypatch.setattr(job, "SUM_BLOCK", 2)
    batch = jitad.batch(jitad.grad(loss, argnums=(0, 1), has_aux=True), in_axes=(None, 0, 0), target="cuda")
    xs = XS if where == "host" else cuda.to_device(XS)
    given = live()
    expected = numbers(batch(WEIGHTS, xs, COUNTS))
    assert live() == given
    for at in (1, 2, 3, 5, 8, 13, 21, 34, 55):
        failing, caught = Failing(vars(owner)[name], at, message, times=1000), None
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, failing)
            try:
                batch(WEIGHTS, xs, COUNTS)
            except error as raised:
                caught = raised  # and hold it, as a notebook does
        assert live() == given
        for actual, right in zip(numbers(batch(WEIGHTS, xs, COUNTS)), expected, strict=True):
            np.testing.assert_array_equal(actual, right)
        if failing.calls < at:
            break
        assert re.search(text, str(caught))
    assert at > 1
    assert live() == given


@pytest.mark.parametrize("place", ["allocation", "copy to the device"])
@pytest.mark.parametrize("where", ["host", "device"])
def test_chunks_for_which_there_is_no_memory_run_in_halves(place, where, live, monkeypatch):
    owner, name, message, *_ = PLACES[place]
    monkeypatch.setattr(job, "MOST_SAMPLES", 4)
    monkeypatch.setattr(job, "SUM_BLOCK", 2)
    batch = jitad.batch(jitad.grad(loss, argnums=(0, 1), has_aux=True), in_axes=(None, 0, 0), target="cuda")
    xs = XS if where == "host" else cuda.to_device(XS)
    given = live()
    expected = numbers(batch(WEIGHTS, xs, COUNTS))
    sizes, run_chunk = [], job.Job._run_chunk

    def noting(self, first, size):
        sizes.append(size)
        return run_chunk(self, first, size)

    monkeypatch.setattr(job.Job, "_run_chunk", noting)
    recovered = 0
    for at in range(1, 40):
        failing = Failing(vars(owner)[name], at, message, times=1 + at % 2)
        sizes.clear()
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, failing)
            try:
                found = numbers(batch(WEIGHTS, xs, COUNTS))
            except jitad.TapeOverflowError:  # before the first chunk or after the last one
                continue
        if failing.calls < at:
            break
        recovered += 1
        assert any(later == earlier // 2 for earlier, later in itertools.pairwise(sizes))
        for actual, right in zip(found, expected, strict=True):
            np.testing.assert_allclose(actual, right, rtol=1e-15)
    assert recovered > 1
    assert live() == given


def test_a_sum_that_fails_midway_is_not_added_twice(monkeypatch):
    """A chunk runs again only before anything of it is added up."""
    monkeypatch.setattr(job, "MOST_SAMPLES", 4)
    monkeypatch.setattr(job, "SUM_BLOCK", 2)
    batch = jitad.batch(jitad.grad(loss, argnums=(0, 1), has_aux=True), in_axes=(None, 0, 0), target="cuda")
    expected = numbers(batch(WEIGHTS, XS, COUNTS))
    outcomes = set()
    for at in range(1, 30, 3):
        with monkeypatch.context() as patched:
            patched.setattr(copies, "run", Failing(copies.run, at, MEMORY))
            try:
                found = numbers(batch(WEIGHTS, XS, COUNTS))
            except jitad.TapeOverflowError:
                outcomes.add("raised")
                continue
        outcomes.add("right")
        for actual, right in zip(found, expected, strict=True):
            np.testing.assert_allclose(actual, right, rtol=1e-15)
    assert outcomes == {"raised", "right"}


def numbers(results):
    (by_weights, by_x), values = results
    return [array if isinstance(array, np.ndarray) else array.copy_to_host() for array in (by_weights, by_x, values)]
