"""The tape of a thread: one flat array for each dtype, reused from call to call.

Each thread keeps a pool of idle tapes. A call borrows one and gives it back, so a call inside a call (from a callback,
say) gets another tape. Tapes start small and grow by a factor when a sweep reports that it ran out; memory that no
sweep has touched yet is only address space. A tape that holds more than ``KEEP_BYTES`` is dropped when it is given
back, and the next call asks for the right size at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from jitad.errors import TapeOverflowError

START_BYTES = 1 << 20
KEEP_BYTES = 1 << 30
KEEP_TAPES = 4
FAST_GROWTH_UP_TO = 1 << 28

TapeArray = np.ndarray[Any, Any]


class Tape:
    """One flat array for each dtype (named as NumPy names it), made when first asked for; ``nbytes`` in all."""

    __slots__ = ("_arrays", "_sets", "nbytes")

    def __init__(self) -> None:
        self._arrays: dict[str, TapeArray] = {}
        self._sets: dict[tuple[str, ...], tuple[TapeArray, ...]] = {}
        self.nbytes = 0

    def arrays(self, dtypes: tuple[str, ...]) -> tuple[TapeArray, ...]:
        """The flat arrays of these dtypes, in this order."""
        try:
            return self._sets[dtypes]
        except KeyError:
            found = self._sets[dtypes] = tuple(self._array(dtype) for dtype in dtypes)
            return found

    def _array(self, dtype: str) -> TapeArray:
        if dtype not in self._arrays:
            self._allocate(dtype, START_BYTES // np.dtype(dtype).itemsize)
        return self._arrays[dtype]

    def _allocate(self, dtype: str, elements: int) -> None:
        self._sets.clear()
        self._arrays.pop(dtype, None)  # first, so that the old and the new one aren't held together
        try:
            self._arrays[dtype] = np.empty(elements, dtype)
        except (MemoryError, ValueError) as error:
            raise TapeOverflowError(
                f"The tape needs more than {elements * np.dtype(dtype).itemsize:,} bytes of {dtype}, "
                "which is more than the machine gives.",
                "Differentiate a shorter loop, or split the kernel.",
            ) from error
        finally:
            self.nbytes = sum(array.nbytes for array in self._arrays.values())

    def reserve(self, dtype: str, elements: int) -> None:
        """Make the array of ``dtype`` hold at least so many elements (its contents are lost if it grows)."""
        if self._array(dtype).size < elements:
            self._allocate(dtype, elements)

    def grow(self, dtype: str) -> None:
        """Make the array of ``dtype`` larger by a factor; its contents are lost."""
        array = self._array(dtype)
        self._allocate(dtype, array.size * (4 if array.nbytes < FAST_GROWTH_UP_TO else 2))

    def capacity(self, dtype: str) -> int:
        """How many elements of ``dtype`` the tape holds at present."""
        array = self._arrays.get(dtype)
        return 0 if array is None else array.size

    def copy_out(self, dtype: str, offset: int, shape: tuple[int, ...]) -> TapeArray:
        """A fresh C-contiguous copy of the array of ``shape`` at ``offset`` elements."""
        size = 1
        for length in shape:
            size *= length
        return self._arrays[dtype][offset : offset + size].reshape(shape).copy()


class _Pool(threading.local):
    def __init__(self) -> None:
        self.idle: list[Tape] = []


_pool = _Pool()


def borrow() -> Tape:
    """A tape that no other call of this thread uses; hand it back with ``give_back``."""
    idle = _pool.idle
    return idle.pop() if idle else Tape()


def give_back(tape: Tape) -> None:
    """Return a tape to this thread's pool; large ones, and more than a few, are dropped."""
    idle = _pool.idle
    if len(idle) < KEEP_TAPES and tape.nbytes <= KEEP_BYTES:
        idle.append(tape)


@contextmanager
def borrowed_tape() -> Iterator[Tape]:
    """A tape for the time of a ``with`` block."""
    tape = borrow()
    try:
        yield tape
    finally:
        give_back(tape)


def discard_tapes() -> None:
    """Free the idle tapes of this thread."""
    _pool.idle.clear()
