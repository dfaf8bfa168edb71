"""Loops over scalars: carried state, neighbours, pairs; beside adjoints written by hand."""

from __future__ import annotations

from .case import Case
from .catalogue import LOOPS
from .family import FamilyByHand, names


class Loops(FamilyByHand):
    params = names(LOOPS)

    def cases(self) -> tuple[Case, ...]:
        return LOOPS
