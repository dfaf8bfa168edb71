"""What every family of kernels measures."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .case import Case, Prepared


class Family(ABC):
    """A family's cases, by name, as asv's parameter. Compiling is set-up and isn't timed."""

    param_names = ("kernel",)
    timeout = 600.0
    prepared: Prepared

    @abstractmethod
    def cases(self) -> tuple[Case, ...]:
        """The family's cases."""

    def setup(self, name: str) -> None:
        """Compile the kernel and its gradient, and read the gradient's files from the cache."""
        self.prepared = Prepared(next(case for case in self.cases() if case.name == name))

    def time_primal(self, name: str) -> None:
        self.prepared.primal()

    def time_gradient(self, name: str) -> None:
        self.prepared.gradient()

    def track_ratio(self, name: str) -> float:
        return self.prepared.ratio().ratio

    track_ratio.unit = "x"  # type: ignore[attr-defined]

    def track_error(self, name: str) -> float:
        return self.prepared.error()

    track_error.unit = "relative"  # type: ignore[attr-defined]


class FamilyByHand(Family):
    """A family whose kernels all have adjoints written by hand."""

    def time_by_hand(self, name: str) -> None:
        assert self.prepared.by_hand is not None
        self.prepared.by_hand()

    def track_ratio_to_hand(self, name: str) -> float:
        return self.prepared.ratio_by_hand().ratio

    track_ratio_to_hand.unit = "x"  # type: ignore[attr-defined]


def names(cases: tuple[Case, ...]) -> list[str]:
    """The cases' names."""
    return [case.name for case in cases]
