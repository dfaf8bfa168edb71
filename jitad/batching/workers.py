"""Threads for batches: how many, and running work on them.

Helpers are threads that wait for work. For a while after they have worked they wait awake, in compiled code, without
Python's lock; then they sleep. They begin when the thread that they help is in compiled code itself, so neither waits
for the other to leave Python.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np

from jitad.building.compile import build
from jitad.emission.emit import Emitted
from jitad.runtime.turns import AWAY, LINE, called_in

AWAKE = 1e-4
"""Seconds for which a helper stays awake, and for which others stay awake until it has come back."""

NOBODY = np.zeros(1, np.int64)
"""The gate of work that has no helpers."""


def thread_count() -> int:
    """How many threads Numba's parallel loops would use: ``numba.set_num_threads``, or ``NUMBA_NUM_THREADS``."""
    from numba import config

    parallel: Any = sys.modules.get("numba.np.ufunc.parallel")
    if parallel is not None and parallel._is_initialized:  # otherwise nobody has set another number
        return int(parallel.get_num_threads())
    return int(vars(config)["NUMBA_NUM_THREADS"])


@functools.cache
def core_count() -> int:
    """How many cores this process may use (as it starts to use them)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def _waiting() -> tuple[Callable[..., bool], int]:
    """``called_in``, compiled, and how many turns of it last for ``AWAKE``."""
    source = "def waiting(address, turns):\n    return called_in(address, turns)\n"
    waiting = build(Emitted(source, "waiting", {"called_in": called_in}, {}, (), ()))
    word, tried, shortest = np.zeros(1, np.int64), 1000, AWAKE
    for _ in range(5):  # the first one compiles
        start = time.perf_counter()
        waiting(word.ctypes.data, tried)
        shortest = min(shortest, time.perf_counter() - start)
    return waiting, int(tried * AWAKE / shortest)


class _Helper:
    """A thread that waits for work; one that lets it in at a time."""

    def __init__(self, waiting: Callable[..., bool], turns: int) -> None:
        self._waiting = waiting
        self._awake = turns
        self._lines = np.zeros(2 * LINE, np.int64)
        self._state = self._lines[LINE:]  # in a cache line of its own
        self.address = self._state.ctypes.data
        self._work: Callable[[np.ndarray], None] | None = None
        self._turns = 1
        self._finished: SimpleQueue[BaseException | None] = SimpleQueue()
        self._calls: SimpleQueue[None] = SimpleQueue()
        self._is_asleep = False
        self._is_dismissed = False
        self._thread = threading.Thread(target=self._live, name="jitad-batch", daemon=True)
        self._thread.start()

    def _live(self) -> None:
        """Do what there is to do, until it is dismissed."""
        while not self._is_dismissed:
            if self._waiting(self.address, self._turns if self._work is None else self._awake):
                self._finished.put(self._done())
                continue
            self._is_asleep = True  # before it looks whether there is work: who calls looks after saying what work
            if self._work is None and not self._is_dismissed:
                self._calls.get()
            self._is_asleep = False

    def _done(self) -> BaseException | None:
        """Do its work; what that raised, which is raised again in the thread that it helps."""
        try:
            self._work(NOBODY)  # type: ignore[misc]
        except BaseException as error:  # noqa: BLE001
            return error
        return None

    def call(self, work: Callable[[np.ndarray], None], turns: int) -> None:
        """Wake it up for some work, which it may begin when it is let in; it waits for more for so many turns."""
        self._turns = turns
        self._work = work
        if self._is_asleep:
            self._calls.put(None)

    def came_back(self) -> BaseException | None:
        """Wait until it has come back, if it has been let in; what it raised."""
        error = None
        if self._state[0] != AWAY:
            error = self._finished.get()
            self._state[0] = AWAY
        self._work = None
        return error

    def dismiss(self) -> None:
        """Let it end when it has done what it does."""
        self._is_dismissed = True
        self._calls.put(None)

    def ended(self) -> None:
        """Wait until it has ended, but not for long."""
        self._thread.join(1.0)


class _Crew:
    """The helpers of a process: as many as were ever asked for at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Helper] = []
        self._count = 0

    def take(self, most: int) -> list[_Helper]:
        """At most so many helpers that have nothing to do."""
        with self._lock:
            while self._count < most:
                self._idle.append(_Helper(*_waiting()))
                self._count += 1
            first = max(0, len(self._idle) - most)
            taken = self._idle[first:]
            del self._idle[first:]
            return taken

    def give_back(self, helpers: list[_Helper]) -> None:
        """Take helpers back that have come back."""
        with self._lock:
            self._idle += helpers

    def replace(self, helper: _Helper) -> None:
        """Dismiss a helper that was taken and whose work nobody waits for."""
        with self._lock:
            self._count -= 1
        helper.dismiss()

    def dismiss(self) -> None:
        """Dismiss those that have nothing to do, and wait until they have ended."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._count -= len(idle)
        for helper in idle:
            helper.dismiss()
        for helper in idle:
            helper.ended()


_crew = _Crew()


def dismiss() -> None:
    """End the helpers that have nothing to do; new ones come when they are needed."""
    _crew.dismiss()


def _forget() -> None:
    """The threads of a process don't exist in a process that was forked from it."""
    global _crew  # noqa: PLW0603
    _crew = _Crew()


atexit.register(dismiss)  # a thread in compiled code must not come back to an interpreter that has ended
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def run_on(threads: int, work: Callable[[np.ndarray], None]) -> None:
    """Run ``work`` in this thread and in ``threads`` - 1 others at once, and wait until all have come back.

    ``work`` takes a gate, and gives it to compiled code that begins with ``let_in`` and ends with ``see_off``. Others
    begin when they are let in; those that haven't begun when this thread has seen them off don't any more, so it never
    waits for busy threads.
    """
    if threads == 1:
        work(NOBODY)
        return
    crew = _crew
    helpers = crew.take(threads - 1)
    _, turns = _waiting()
    gate = np.array([turns, *[helper.address for helper in helpers]], np.int64)
    for helper in helpers:
        helper.call(work, turns)
    try:
        work(gate)
    finally:
        errors = _gathered(crew, helpers)
    for error in errors:
        raise error


def _gathered(crew: _Crew, helpers: list[_Helper]) -> list[BaseException]:
    """Wait for these helpers and give them back; what they raised."""
    errors = []
    try:
        while helpers:
            error = helpers[-1].came_back()
            crew.give_back([helpers.pop()])
            if error is not None:
                errors.append(error)
    except BaseException:  # an interrupt: nobody waits for the others any more
        for helper in helpers:
            crew.replace(helper)
        raise
    return errors
