"""The plugin that jitad loads: all primitives of this package."""

from __future__ import annotations

from typing import Any

from jitad.plugin import hookimpl
from jitad_signal import convolutions, filters, interpolation, transforms


@hookimpl
def jitad_primitives() -> list[Any]:
    modules = (convolutions, filters, interpolation, transforms)
    return [primitive for module in modules for primitive in module.PRIMITIVES]
