"""How the iterations of a loop are shared among threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitad.program.statements import Var


@dataclass(frozen=True)
class Threads:
    """What lets chunks of iterations run at the same time.

    To each array of ``private`` a chunk adds in a copy of its own; the copies are added up in order. ``reach`` is the
    number of places by which the sums of an iteration may lie apart along an axis that the loop walks along:
    where it isn't zero, every second chunk runs first, then the others, so that no two that run at the same time meet.
    """

    private: tuple[Var, ...] = ()
    reach: int = 0
