"""What the iterations of a loop put on the tape: how much, so that one check serves all of them, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from jitad.program.queries import walk
from jitad.program.statements import Alloc, Block, Branch, Loop, Operand, Pop, Push, Release
from jitad.program.types import Scalar

_DYNAMIC = (Alloc, Pop, Release)


def words(values: Iterable[Operand]) -> Counter[str]:
    """How many elements these values take on the tape of each dtype."""
    found: Counter[str] = Counter()
    for value in values:
        assert isinstance(value.type, Scalar)
        found[value.type.dtype] += value.type.words
    return found


def pushes_per_iteration(loop: Loop) -> dict[str, int] | None:
    """The most elements per dtype that an iteration pushes; None when that isn't known before the loop runs."""
    return _pushes(loop.body)


def _pushes(block: Block) -> dict[str, int] | None:
    total: Counter[str] = Counter()
    for statement in block:
        if isinstance(statement, _DYNAMIC):
            return None
        if isinstance(statement, Push):
            total.update(words(statement.values))
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
    """The elements per dtype that each iteration pops directly in its body."""
    return words(out for s in loop.body if isinstance(s, Pop) for out in s.outs)


class Rows:
    """The places on the tape of a loop whose pushes are laid out by value: one row of ``trips`` for each.

    A value with lanes takes a row of as many times ``trips``. Neighbouring iterations then touch neighbouring words,
    and iterations may run in any order or in vector lanes.
    """

    def __init__(self, trips: str, turn: str, popped: Counter[str]) -> None:
        self._trips = trips
        self._turn = turn
        self.pushed: Counter[str] = Counter()
        self._left = Counter(popped)

    def places(self, dtype: str, sizes: Sequence[int], *, push: bool) -> list[str]:
        """The places of the next values of a dtype, of these sizes; pops take rows in the opposite order of pushes."""
        if push:
            first = self.pushed[dtype]
            self.pushed[dtype] += sum(sizes)
        else:
            self._left[dtype] -= sum(sizes)
            first = self._left[dtype]
        return [self._place(dtype, first + sum(sizes[:at]), size) for at, size in enumerate(sizes)]

    def _place(self, dtype: str, row: int, size: int) -> str:
        offset = "" if row == 0 else f" + {self._trips}" if row == 1 else f" + {row} * {self._trips}"
        return f"top_{dtype}{offset} + {self._turn if size == 1 else f'{size} * {self._turn}'}"
