"""Whether emitted code is compiled, or run as plain Python on NumPy (slow, for tests and debugging)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


class _Mode:
    """``compiled`` is what calls look at; it starts false when ``JITAD_DISABLE_JIT=1`` is set."""

    compiled = os.environ.get("JITAD_DISABLE_JIT", "0") in ("", "0")


mode = _Mode()


@contextmanager
def uncompiled() -> Iterator[None]:
    """Derivatives called inside run their emitted source without Numba, in every thread of the process."""
    saved, mode.compiled = mode.compiled, False
    try:
        yield
    finally:
        mode.compiled = saved


@contextmanager
def compiling() -> Iterator[None]:
    """Derivatives called inside run compiled, also within :func:`uncompiled`."""
    saved, mode.compiled = mode.compiled, True
    try:
        yield
    finally:
        mode.compiled = saved


def bounds_checked() -> bool:
    """True under ``JITAD_BOUNDSCHECK=1``; looked at when a derivative is made."""
    return os.environ.get("JITAD_BOUNDSCHECK", "0") not in ("", "0")
