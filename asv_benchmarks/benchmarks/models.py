"""Models that are fitted, priced or trained: sums over data, paths and sequences; beside adjoints written by hand."""

from __future__ import annotations

from .case import Case
from .catalogue import FITS, MONTE_CARLO, SEQUENCES
from .family import FamilyByHand, names


class Fits(FamilyByHand):
    params = names(FITS)

    def cases(self) -> tuple[Case, ...]:
        return FITS


class MonteCarlo(FamilyByHand):
    params = names(MONTE_CARLO)

    def cases(self) -> tuple[Case, ...]:
        return MONTE_CARLO


class Sequences(FamilyByHand):
    params = names(SEQUENCES)

    def cases(self) -> tuple[Case, ...]:
        return SEQUENCES
