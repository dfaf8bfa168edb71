"""Threads for batches: how many, and running work on them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any


def thread_count() -> int:
    """How many threads Numba's parallel loops would use: ``numba.set_num_threads``, or ``NUMBA_NUM_THREADS``."""
    from numba import config

    parallel: Any = sys.modules.get("numba.np.ufunc.parallel")
    if parallel is not None and parallel._is_initialized:  # otherwise nobody has set another number
        return int(parallel.get_num_threads())
    return int(vars(config)["NUMBA_NUM_THREADS"])


class _Helpers:
    """Threads that wait for work; as many as were ever asked for at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._count = 0

    def executor(self, count: int) -> ThreadPoolExecutor:
        """Helpers, at least so many."""
        with self._lock:
            if self._executor is None or self._count < count:  # the threads of one that nobody holds any more end
                self._executor, self._count = ThreadPoolExecutor(count, "jitad-batch"), count
            return self._executor


_helpers = _Helpers()


def _forget() -> None:
    """The threads of a process don't exist in a process that was forked from it."""
    global _helpers  # noqa: PLW0603
    _helpers = _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def run_on(threads: int, work: Callable[[], None]) -> None:
    """Run ``work`` in this thread and in ``threads`` - 1 others at once, and wait until all have come back.

    Others that haven't started when this thread comes back don't start any more, so it never waits for busy threads.
    """
    if threads == 1:
        work()
        return
    executor = _helpers.executor(threads - 1)
    futures = [executor.submit(work) for _ in range(threads - 1)]
    try:
        work()
    finally:
        started = [future for future in futures if not future.cancel()]
        wait(started)
    for future in started:
        future.result()
