"""Dense linear algebra: factorisations in place, and a network with matrix products."""

from __future__ import annotations

from .case import Case
from .catalogue import FACTORIZATIONS, NETWORKS
from .family import Family, names


class Factorizations(Family):
    params = names(FACTORIZATIONS)

    def cases(self) -> tuple[Case, ...]:
        return FACTORIZATIONS


class Networks(Family):
    params = names(NETWORKS)

    def cases(self) -> tuple[Case, ...]:
        return NETWORKS
