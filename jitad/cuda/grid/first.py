"""Which arrays of zeros needn't be filled: what is added to them first is added to every element, and may be stored.

Filling an array and reading its zeros back takes as long as the sums themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from jitad.cuda.grid.plan import Grid, Plan
from jitad.program.builder import is_const
from jitad.program.queries import own_reads, sub_blocks, walk
from jitad.program.statements import Accumulate, Alloc, AtOffset, Block, Loop, Program, Store, Var


@dataclass
class FirstSums:
    """For each loop that is the first to touch arrays of zeros: its first sums into them, one for each array.

    If the loop's iterations are as many as the array's elements (which shows when it runs), the sums may be stores.
    ``arrays`` are all these arrays.
    """

    by_loop: dict[Loop, list[Accumulate]] = field(default_factory=dict)

    @property
    def arrays(self) -> set[Var]:
        """The arrays that are filled when such a loop runs, if at all."""
        return {sum_.array for sums in self.by_loop.values() for sum_ in sums}


def first_sums(program: Program, zeros: Iterable[Var], plan: Plan) -> FirstSums:
    """Look for such sums into ``zeros``, arrays of zeros among the parameters, and into what the program fills."""
    finder = _Finder(plan, set(zeros))
    finder.visit(program.body, set(zeros))
    return finder.found


class _Finder:
    def __init__(self, plan: Plan, given: set[Var]) -> None:
        self._plan = plan
        self._given = given
        self.found = FirstSums()

    def visit(self, block: Block, untouched: set[Var]) -> None:
        """Look at a block before which nothing has touched some arrays of zeros."""
        for statement in block:
            mentioned = {o for s in walk(Block([statement])) for o in own_reads(s)}
            if isinstance(statement, Loop) and statement in self._plan.grids:
                grid = self._plan.grids[statement]
                sums = [_first_sum(grid, array) for array in untouched if array in mentioned]
                sure = [sum_ for sum_ in sums if sum_ is not None]
                if sure:
                    self.found.by_loop[statement] = sorted(sure, key=lambda sum_: sum_.array.serial)
            else:
                for inner in sub_blocks(statement):
                    self.visit(inner, set())
            if any(isinstance(s, AtOffset) for s in walk(Block([statement]))):  # the tape's memory, by another name
                untouched &= self._given
            untouched -= mentioned
            if isinstance(statement, Alloc) and statement.fill == 0 and not statement.at_end:
                untouched.add(statement.out)


def _first_sum(grid: Grid, array: Var) -> Accumulate | None:
    """The first sum of a kernel into an array with which it only adds to the element of each iteration."""
    mentions = [s for s in walk(grid.loops[0].body) if array in own_reads(s)]
    direct = grid.loops[-1].body.statements
    for sum_ in mentions:
        if not isinstance(sum_, Accumulate) or sum_ not in direct or sum_ in grid.atomic:
            return None
        if len(sum_.index) != len(grid.loops):
            return None
        for loop, index in zip(grid.loops, sum_.index, strict=True):
            if index is not loop.index or not is_const(loop.start, 0) or not is_const(loop.step, 1):
                return None
    if not mentions or grid.reach or array in grid.private:
        return None
    first = mentions[0]
    assert isinstance(first, Accumulate)
    return first


def storing(grid: Grid, sums: Iterable[Accumulate]) -> Grid:
    """The same kernel with stores in the place of some of its sums."""
    stores = {sum_: Store(sum_.array, sum_.index, sum_.value, origin=sum_.origin) for sum_ in sums}
    inner = [stores.get(s, s) if isinstance(s, Accumulate) else s for s in grid.loops[-1].body]
    made = [replace(grid.loops[-1], body=Block(inner))]
    for loop in reversed(grid.loops[:-1]):
        made.insert(0, replace(loop, body=Block([*loop.body.statements[:-1], made[0]])))
    return replace(grid, loops=tuple(made))
