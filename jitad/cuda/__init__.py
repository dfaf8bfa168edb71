"""Derivatives on CUDA: device functions for kernels of one's own; ``jitad.batch`` has ``target="cuda"``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitad.cuda.device_function import device

__all__ = ["device"]


def __getattr__(name: str) -> Any:
    """Import ``device`` when it is first used, and numba-cuda with it."""
    if name != "device":
        raise AttributeError(f"module 'jitad.cuda' has no attribute {name!r}")
    from jitad.cuda.device_function import device

    return device
