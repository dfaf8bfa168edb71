"""Find elements that two threads of a kernel touch, of which one writes, in the simulator."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from jitad.runtime import plain


class Races:
    """Watches the accesses of the threads of each launch. Atomic sums aren't watched."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        from jitad.cuda.grid import job

        self.launches = 0
        self._writers: dict[int, Any] = {}
        self._readers: dict[int, Any] = {}
        self._found: list[str] = []
        self._alive: list[Any] = []  # so that no other array gets the memory of one that was seen
        launch = job.launch_shaped

        def watched(*args: Any) -> None:
            self._writers, self._readers, self._alive = {}, {}, []
            launch(*args)
            self.launches += 1
            assert not self._found, self._found

        patch.setattr(job, "launch_shaped", watched)
        load, store, accumulate = plain.load, plain.store, plain.accumulate

        def watched_load(array: Any, *index: int) -> Any:
            self._reads(array, index)
            return load(array, *index)

        def watched_store(array: Any, *index_and_value: Any) -> None:
            self._writes(array, index_and_value[:-1])
            store(array, *index_and_value)

        def watched_accumulate(array: Any, *index_and_value: Any) -> None:
            self._writes(array, index_and_value[:-1])
            accumulate(array, *index_and_value)

        patch.setattr(plain, "load", watched_load)
        patch.setattr(plain, "store", watched_store)
        patch.setattr(plain, "accumulate", watched_accumulate)

    def _reads(self, array: Any, index: tuple[Any, ...]) -> None:
        me, place = _thread(), _address(array, index)
        if me is None:
            return
        self._alive.append(array)
        self._expect(self._writers.get(place, me) == me, "reads what another thread writes", array, index)
        known = self._readers.setdefault(place, me)
        if known != me:
            self._readers[place] = "several"

    def _writes(self, array: Any, index: tuple[Any, ...]) -> None:
        me, place = _thread(), _address(array, index)
        if me is None:
            return
        self._alive.append(array)
        self._expect(self._writers.setdefault(place, me) == me, "writes what another thread writes", array, index)
        self._expect(self._readers.get(place, me) == me, "writes what another thread reads", array, index)

    def _expect(self, holds: bool, what: str, array: Any, index: tuple[Any, ...]) -> None:
        if not holds:
            self._found.append(f"a thread {what}: {index} of an array of shape {array.shape}")


def _thread() -> Any:
    """The thread of CUDA's; None for code that isn't in a kernel."""
    here: Any = threading.current_thread()
    if not hasattr(here, "blockIdx"):
        return None
    return tuple((place.x, place.y, place.z) for place in (here.blockIdx, here.threadIdx))


def _address(array: Any, index: tuple[Any, ...]) -> int:
    steps = (int(at) * stride for at, stride in zip(index, array.strides, strict=True))
    return int(array.__array_interface__["data"][0]) + sum(steps)
