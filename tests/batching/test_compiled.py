"""Compiled batches: threads and their tapes, sums that don't depend on threads, failures, the cache."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import jitad
from jitad.batching import cpu, workers
from jitad.building.compile import compilations
from jitad.runtime import tape

pytestmark = pytest.mark.usefixtures("compiled")

RNG = np.random.default_rng(5)


class TooLargeError(ValueError):
    pass


def recurrence(w, x, n):
    s = x
    for i in range(n):
        s = np.sin(s * w[i % w.size]) + x
        if s > 5.0:
            raise TooLargeError("too large")
    return s


LOSS = jitad.value_and_grad(recurrence, argnums=(0, 1))
N = np.arange(300)
XS = RNG.uniform(0.1, 1.0, 300)
WS = np.array([1.0, 1.1, 1.2])


@pytest.fixture(autouse=True)
def _many_short_ranges(monkeypatch):
    """Threads share the work however short it is."""
    monkeypatch.setattr(cpu, "SHORT", 1e-9)


@pytest.fixture
def small_tapes(monkeypatch):
    """Tapes start with a few words, and grow while samples run."""
    monkeypatch.setattr(tape, "START_BYTES", 64)
    workers.dismiss()
    tape.discard_tapes()
    yield
    workers.dismiss()
    tape.discard_tapes()


def one_by_one():
    found = [LOSS(WS, x, n) for x, n in zip(XS, N, strict=True)]
    return [value for value, _ in found], [by_x for _, (_, by_x) in found], [by_w for _, (by_w, _) in found]


def test_threads_with_tapes_that_grow(small_tapes):
    workers._waiting()
    before = compilations()
    values, by_x, by_w = one_by_one()
    sweeps = compilations() - before
    sums = []
    for threads in (1, 2, 3, 7, None, 2):
        value, (of_w, of_x) = jitad.batch(LOSS, in_axes=(None, 0, 0), threads=threads)(WS, XS, N)
        np.testing.assert_allclose(value, values, rtol=1e-13)
        np.testing.assert_allclose(of_x, by_x, rtol=1e-12)
        sums.append(of_w)
    np.testing.assert_allclose(sums[0], np.sum(by_w, axis=0), rtol=1e-12)
    assert all(np.array_equal(one, sums[0]) for one in sums)
    assert compilations() - before == sweeps + 1  # the loop calls the sweeps that there were


def test_several_callers_at_once():
    batched = jitad.batch(LOSS, in_axes=(None, 0, 0), threads=3)
    expected = batched(WS, XS, N)
    with ThreadPoolExecutor(4) as callers:
        for found in callers.map(lambda _: batched(WS, XS, N), range(12)):
            np.testing.assert_array_equal(found[0], expected[0])
            np.testing.assert_array_equal(found[1][0], expected[1][0])


def test_failures_name_the_first_sample():
    batched = jitad.batch(LOSS, in_axes=(None, 0, 0), threads=2)
    expected = batched(WS, XS, N)
    wrong = XS.copy()
    wrong[[17, 18, 250, 299]] = 10.0
    for _ in range(5):
        with pytest.raises(TooLargeError, match="too large") as caught:
            batched(WS, wrong, N)
        assert caught.value.__notes__ == ["This is sample 17 of a batch of 300."]
    wrong[0] = 10.0
    with pytest.raises(TooLargeError):  # no step, so nothing raises before sample 17
        batched(WS, wrong, N)
    np.testing.assert_array_equal(batched(WS, XS, N)[1][0], expected[1][0])


def test_nothing_is_left_behind():
    batched = jitad.batch(LOSS, in_axes=(None, 0, 0), threads=2)
    batched(WS, XS, N)
    counts = set()
    for _ in range(10):
        with pytest.raises(jitad.ArgumentError):
            batched(WS, XS[:0], N[:0])
        with pytest.raises(TooLargeError):
            batched(WS, XS + 10.0, N)
        batched(WS, XS, N)
        gc.collect()
        counts.add((threading.active_count(), sum(type(found) is np.ndarray for found in gc.get_objects())))
    assert len(counts) == 1


def test_arrays_of_all_kinds_compiled():
    def kernel(x, z, k, c):
        found = np.empty((2, x.size))
        found[0], found[1] = x * k, np.sort(x)
        return found, z * np.sum(x), c[1] * k, k > 1, x[x > -1.0].astype(np.float32)

    x, k = RNG.normal(size=(20, 3)) ** 2, np.arange(20)
    z, c = x[:, 0] + 1j, np.arange(2.0, dtype=np.float32)
    found = jitad.batch(kernel, in_axes=(0, 0, 0, None), threads=2)(x, z, k, c)
    expected = np.stack((x * k[:, None], np.sort(x, axis=1)), axis=1)
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_allclose(found[1], z * x.sum(axis=1))
    np.testing.assert_array_equal(found[2], k)
    np.testing.assert_array_equal(found[3], k > 1)
    np.testing.assert_array_equal(found[4], x.astype(np.float32))


def test_jacobians_compiled():
    def kernel(x, k):
        return np.sin(k * x), k * x[0]

    x, k = RNG.normal(size=(20, 3)), RNG.normal(size=20)
    df = jitad.jacobian(kernel, argnums=(0, 1))
    found = jitad.batch(df, threads=2)(x, k)
    for i in (0, 7, 19):
        one = df(x[i], k[i])
        for row, one_row in zip(found, one, strict=True):
            for part, one_part in zip(row, one_row, strict=True):
                np.testing.assert_allclose(part[i], one_part, rtol=1e-14)


def test_number_of_threads(monkeypatch):
    import numba

    assert workers.thread_count() == numba.get_num_threads()
    numba.set_num_threads(1)
    assert workers.thread_count() == 1
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)


SCRIPT = """
import sys, numpy as np, jitad
from jitad.building.compile import compilations

class OwnError(Exception):
    pass

def kernel(w, x):
    total = 0.0
    for i in range(x.size):
        if x[i] > 5.0:
            raise OwnError("no")
        total = np.sin(total + w[i] * x[i])
    return total

batched = jitad.batch(jitad.grad(kernel), in_axes=(None, 0))
print(batched(np.ones(3), np.ones((10, 3))).sum() == batched(np.ones(3), np.ones((10, 3))).sum())
try:
    batched(np.ones(3), 10 * np.ones((10, 3)))
except OwnError as error:
    print(error.__notes__)
print(compilations())
"""


def test_a_second_process_compiles_nothing(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    env = {**os.environ, "JITAD_CACHE_DIR": str(tmp_path / "cache")}
    runs = [
        subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    first, second = (run.splitlines() for run in runs)
    assert first[:2] == second[:2] == ["True", "['This is sample 0 of a batch of 10.']"]
    assert (int(first[2]) > 0, second[2]) == (True, "0")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_a_forked_process_has_threads_of_its_own():
    batched = jitad.batch(LOSS, in_axes=(None, 0, 0), threads=2)
    expected = batched(WS, XS, N)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of threads that a fork leaves behind
        child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(batched(WS, XS, N)[0], expected) else 1)
    assert os.waitpid(child, 0)[1] == 0
