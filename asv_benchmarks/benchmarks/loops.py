"""Loops over scalars: carried state, neighbours, pairs; beside adjoints written by hand."""

from __future__ import annotations

from .case import Case
from .catalogue import LOOPS
from .family import Family, names


class Loops(Family):
    params = names(LOOPS)

    def cases(self) -> tuple[Case, ...]:
        return LOOPS

    def time_by_hand(self, name: str) -> None:
        assert self.prepared.by_hand is not None
        self.prepared.by_hand()

    def track_ratio_to_hand(self, name: str) -> float:
        return self.prepared.ratio_by_hand().ratio

    track_ratio_to_hand.unit = "x"  # type: ignore[attr-defined]
