"""Threads that help: they begin when they are let in, are waited for, and end with the process."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numba import njit

from jitad.batching import workers
from jitad.batching.workers import AWAKE, run_on
from jitad.runtime.turns import let_in, see_off, take, work_words

pytestmark = pytest.mark.usefixtures("compiled")

COUNT = 1000


@njit(nogil=True)
def mark(gate, work, done):
    let_in(gate)
    while True:
        first, last = take(work)
        if first >= last:
            see_off(gate)
            return
        for i in range(first, last):
            done[i] += 1
            busy = float(i)
            for k in range(50):
                busy = np.sin(busy + k)
            done[i] += busy > 2.0


def marked(threads):
    """How often each number was taken, and the threads that took part."""
    work, done, seen = work_words(0, 3, COUNT), np.zeros(COUNT, np.int64), set()

    def part(gate):
        seen.add(threading.get_ident())
        mark(gate, work, done)

    run_on(threads, part)
    return done, seen


def test_each_number_is_taken_once_by_helpers_awake_and_asleep():
    rng = random.Random(1)
    marked(2)
    for _ in range(200):
        done, seen = marked(rng.choice((1, 2, 3, 5)))
        assert (done == 1).all()
        assert threading.get_ident() in seen
        time.sleep(rng.choice((0.0, AWAKE, 3 * AWAKE)))


def test_several_callers_share_the_helpers():
    with ThreadPoolExecutor(3) as callers:
        for done, _ in callers.map(lambda _: marked(3), range(300)):
            assert (done == 1).all()


def test_a_helper_takes_part():
    assert any(len(marked(2)[1]) == 2 for _ in range(500))


def until_helped(part):
    """Run ``part`` on two threads until a helper has taken part."""
    for _ in range(500):
        run_on(2, part)
    raise AssertionError("no helper has begun")


def test_what_a_helper_raises_is_raised():
    caller = threading.get_ident()

    def part(gate):
        if threading.get_ident() != caller:
            raise LookupError("in the helper")
        mark(gate, work_words(0, 1, 10**5), np.zeros(10**5, np.int64))

    with pytest.raises(LookupError, match="in the helper"):
        until_helped(part)
    assert (marked(2)[0] == 1).all()


def test_helpers_are_back_when_the_caller_fails():
    caller, running = threading.get_ident(), []

    def part(gate):
        if threading.get_ident() == caller:
            for at in range(1, gate.size):
                open_only(gate, at)
            time.sleep(0.01)
            raise ValueError("in the caller")
        running.append(1)
        time.sleep(0.03)
        running.pop()

    for _ in range(5):
        with pytest.raises(ValueError, match="in the caller"):
            run_on(2, part)
        assert not running
    assert (marked(2)[0] == 1).all()


@njit
def open_only(gate, at):
    let_in(gate[at - 1 : at + 1])


def test_a_helper_that_nobody_waited_for_is_replaced(monkeypatch):
    """An interrupt while the caller waits: the helper may still be at work, so it isn't used again."""
    workers.dismiss()
    marked(2)
    lost = workers._crew._idle[-1]

    def interrupted(helper):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(workers._Helper, "came_back", interrupted)
        with pytest.raises(KeyboardInterrupt):
            marked(2)
    assert (marked(2)[0] == 1).all()
    lost.ended()
    assert not lost._thread.is_alive()
    assert lost not in workers._crew._idle


def test_dismissed_helpers_end():
    marked(4)
    workers.dismiss()
    assert not [thread for thread in threading.enumerate() if thread.name == "jitad-batch"]
    assert (marked(3)[0] == 1).all()


SCRIPT = """
import numpy as np, jitad
from jitad.batching import cpu
cpu.SHORT = 1e-9
batched = jitad.batch(jitad.grad(lambda x: x * x), threads=3)
for _ in range(3):
    assert (batched(np.arange(1000.0)) == 2 * np.arange(1000.0)).all()
"""


def test_a_process_ends_with_helpers_awake(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    for _ in range(2):
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
