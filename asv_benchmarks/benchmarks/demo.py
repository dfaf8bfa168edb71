"""The demonstrations' kernels, at the size that the demonstrations run them."""

from __future__ import annotations

from .case import Case
from .catalogue import DEMONSTRATIONS
from .family import Family, names


class Demonstrations(Family):
    params = names(DEMONSTRATIONS)

    def cases(self) -> tuple[Case, ...]:
        return DEMONSTRATIONS
