"""What the iterations of a loop put on the tape: how much, so that one check serves all of them, and where."""

from __future__ import annotations

from collections import Counter

from jitad.program.statements import Alloc, Block, Branch, Loop, Pop, Push, Release, walk

_DYNAMIC = (Alloc, Pop, Release)


def pushes_per_iteration(loop: Loop) -> dict[str, int] | None:
    """The most values per dtype that an iteration pushes; None when that isn't known before the loop runs."""
    return _pushes(loop.body)


def _pushes(block: Block) -> dict[str, int] | None:
    total: Counter[str] = Counter()
    for statement in block:
        if isinstance(statement, _DYNAMIC):
            return None
        if isinstance(statement, Push):
            total.update(value.type.dtype for value in statement.values)
        elif isinstance(statement, Branch):
            arms = [_pushes(statement.then), _pushes(statement.otherwise)]
            if arms[0] is None or arms[1] is None:
                return None
            for dtype in {**arms[0], **arms[1]}:
                total[dtype] += max(arms[0].get(dtype, 0), arms[1].get(dtype, 0))
        elif isinstance(statement, Loop) and any(isinstance(s, (Push, *_DYNAMIC)) for s in walk(statement.body)):
            return None
    return dict(total)


def popped_per_iteration(loop: Loop) -> Counter[str]:
    """The values per dtype that each iteration pops directly in its body."""
    return Counter(out.type.dtype for s in loop.body if isinstance(s, Pop) for out in s.outs)


class Rows:
    """The places on the tape of a loop whose pushes are laid out by value: one row of ``trips`` for each.

    Neighbouring iterations then touch neighbouring words, and iterations may run in any order or in vector lanes.
    """

    def __init__(self, trips: str, turn: str, popped: Counter[str]) -> None:
        self._trips = trips
        self._turn = turn
        self.pushed: Counter[str] = Counter()
        self._left = Counter(popped)

    def places(self, dtype: str, count: int, *, push: bool) -> list[str]:
        """The places of the next ``count`` values of a dtype; pops take rows in the opposite order of pushes."""
        if push:
            first = self.pushed[dtype]
            self.pushed[dtype] += count
        else:
            self._left[dtype] -= count
            first = self._left[dtype]
        return [self._place(dtype, row) for row in range(first, first + count)]

    def _place(self, dtype: str, row: int) -> str:
        offset = "" if row == 0 else f" + {self._trips}" if row == 1 else f" + {row} * {self._trips}"
        return f"top_{dtype}{offset} + {self._turn}"
