"""The plugin that jitad loads: all primitives of this package."""

from __future__ import annotations

from typing import Any

from jitad.plugin import hookimpl
from jitad_signal import convolutions, filters, interpolation


@hookimpl
def jitad_primitives() -> list[Any]:
    return [*convolutions.PRIMITIVES, *filters.PRIMITIVES, *interpolation.PRIMITIVES]
