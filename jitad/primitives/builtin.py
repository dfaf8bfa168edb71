"""jitad's own plugin: all the primitives of this package, registered through the hook like any other."""

from __future__ import annotations

from jitad.primitives import composites, core, discrete, elementary, larger, linear, roots, sorting, special, sums
from jitad.primitives.hooks import hookimpl
from jitad.primitives.spec import Primitive


@hookimpl
def jitad_primitives() -> list[Primitive]:
    return [
        *core.PRIMITIVES,
        core.select,
        *core.casts.values(),
        *elementary.PRIMITIVES,
        *larger.PRIMITIVES,
        *discrete.PRIMITIVES,
        *special.PRIMITIVES,
        *linear.PRIMITIVES,
        *sorting.PRIMITIVES,
        *roots.PRIMITIVES,
        *sums.PRIMITIVES,
        *composites.PRIMITIVES,
    ]
