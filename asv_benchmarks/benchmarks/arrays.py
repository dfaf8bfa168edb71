"""Kernels in the style of arrays: grids, dense algebra, reductions."""

from __future__ import annotations

from .case import Case
from .catalogue import DENSE, GRIDS, REDUCTIONS
from .family import Family, FamilyByHand, names


class Grids(Family):
    params = names(GRIDS)

    def cases(self) -> tuple[Case, ...]:
        return GRIDS


class Dense(Family):
    params = names(DENSE)

    def cases(self) -> tuple[Case, ...]:
        return DENSE


class Reductions(FamilyByHand):
    params = names(REDUCTIONS)

    def cases(self) -> tuple[Case, ...]:
        return REDUCTIONS
