"""The plugin that jitad loads: all primitives of this package."""

from __future__ import annotations

from typing import Any

from jitad.plugin import hookimpl
from jitad_special import bessel, betas, errors, gammas, information, integrals, sums


@hookimpl
def jitad_primitives() -> list[Any]:
    return [
        *errors.PRIMITIVES,
        *gammas.PRIMITIVES,
        *betas.PRIMITIVES,
        *bessel.PRIMITIVES,
        *integrals.PRIMITIVES,
        *information.PRIMITIVES,
        *sums.PRIMITIVES,
    ]
