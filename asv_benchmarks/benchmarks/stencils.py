"""Stencils in array-slice style, over the same stencils as loops."""

from __future__ import annotations

from .case import Case
from .catalogue import STENCILS
from .family import Family, names


class Stencils(Family):
    params = names(STENCILS)

    def cases(self) -> tuple[Case, ...]:
        return STENCILS
