"""The plugin that jitad loads: all primitives of this package."""

from __future__ import annotations

from typing import Any

from jitad.plugin import hookimpl
from jitad_signal import convolutions, filters, interpolation, numpy_fft, scipy_fft, transforms


@hookimpl
def jitad_primitives() -> list[Any]:
    modules = (convolutions, filters, interpolation, transforms, numpy_fft, scipy_fft)
    return [primitive for module in modules for primitive in module.PRIMITIVES]
