"""Find places of memory that two threads would touch at the same time, by running their shares one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from jitad.emission import threads
from jitad.runtime import plain

WORKERS = 5


class Races:
    """Watches the accesses of uncompiled code; each share of a loop counts as a thread."""

    def __init__(self) -> None:
        self.loops = 0
        self._worker: int | None = None
        self._writers: dict[int, int] = {}
        self._readers: dict[int, set[int]] = {}
        self._held: list[Any] = []

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """See what is emitted from now on, with chunks of a few iterations."""
        patch.setattr(threads, "LEAST_WORK", 8)
        patch.setattr(threads, "COPY_SHARE", 1)
        patch.setattr(threads, "one_thread", lambda: WORKERS)
        patch.setattr(threads, "in_turn", self._in_turn)
        load, store, accumulate, local_array = plain.load, plain.store, plain.accumulate, plain.local_array

        def held_array(shape: tuple[int, ...], dtype: Any) -> Any:
            self._held.append(local_array(shape, dtype))  # so that no other array gets its place
            return self._held[-1]

        def watched_load(array: Any, *index: int) -> Any:
            self._reads(array, index)
            return load(array, *index)

        def watched_store(array: Any, *index_and_value: Any) -> None:
            self._writes(array, index_and_value[:-1])
            store(array, *index_and_value)

        def watched_accumulate(array: Any, *index_and_value: Any) -> None:
            self._writes(array, index_and_value[:-1])
            accumulate(array, *index_and_value)

        patch.setattr(plain, "local_array", held_array)
        patch.setattr(plain, "load", watched_load)
        patch.setattr(plain, "store", watched_store)
        patch.setattr(plain, "accumulate", watched_accumulate)

    def _in_turn(self, workers: int) -> Iterator[int]:
        assert self._worker is None, "a loop on threads runs in another one"
        self.loops += 1
        try:
            for self._worker in reversed(range(workers)):
                yield self._worker
        finally:
            self._worker = None
        for place, writer in self._writers.items():
            assert self._readers.get(place, set()) <= {writer}, "one thread reads what another writes"
        self._writers.clear()
        self._readers.clear()
        self._held.clear()

    def _reads(self, array: Any, index: tuple[int, ...]) -> None:
        if self._worker is not None:
            self._readers.setdefault(_address(array, index), set()).add(self._worker)

    def _writes(self, array: Any, index: tuple[int, ...]) -> None:
        if self._worker is not None:
            writer = self._writers.setdefault(_address(array, index), self._worker)
            assert writer == self._worker, "two threads write to one place"


def _address(array: Any, index: tuple[int, ...]) -> int:
    start: int = array.__array_interface__["data"][0]
    return start + int(np.dot(index, array.strides)) if index else start
