"""Decide which loops of a derivative program become kernels, and which the host runs.

Postcondition: each loop in ``Plan.grids`` may run its iterations in any order; what it carries is put together from
the parts of its threads, and what several iterations add to one element is kept apart as ``Grid`` says. The host runs
no loop that would start a kernel for each of an array's elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jitad.analysis.aliasing import Aliases
from jitad.analysis.exchanges import Exchanges
from jitad.analysis.folds import searches
from jitad.analysis.order import written_arrays
from jitad.analysis.places import Layouts, Places, bound_in
from jitad.analysis.sums import carried_sums
from jitad.errors import UnsupportedOnCudaError
from jitad.program.origin import Origin
from jitad.program.queries import operands, sub_blocks, walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Call,
    Compute,
    Const,
    Dim,
    Fail,
    Load,
    Loop,
    Operand,
    Pop,
    Program,
    Push,
    Release,
    Statement,
    Store,
    Var,
)
from jitad.program.types import Scalar
from jitad.transforms.threads import (
    FEWEST_TRIPS,
    Access,
    Serial,
    keeps_the_tape,
    reach_of,
    shared_accesses,
    stay_apart,
    target_of,
)

MOST_LOOPS = 3
"""The axes of CUDA's grids."""

REMEDY = (
    "write it so that its iterations don't depend on each other, run many samples at once with "
    'jitad.batch(..., target="cuda"), or use the CPU.'
)


@dataclass(frozen=True)
class Grid:
    """How a loop becomes a kernel.

    ``loops`` are the loop and those in it whose iterations are shared out among threads with it, outermost first. To
    arrays of ``private`` each thread adds in a copy of its own. Sums of ``atomic`` are atomic. Where ``reach`` isn't
    zero, iterations so far apart (or farther) never meet, and only those that are farther apart run at the same time.
    """

    loops: tuple[Loop, ...]
    private: tuple[Var, ...] = ()
    atomic: frozenset[Accumulate] = frozenset()
    reach: int = 0


@dataclass
class Plan:
    """The loops of a program that become kernels."""

    grids: dict[Loop, Grid] = field(default_factory=dict)


def plan_grids(program: Program, exact: set[Var], aliases: Aliases, *, deterministic: bool) -> Plan:
    """Which loops become kernels. Sums into what is ``exact`` are never atomic, nor others if ``deterministic``.

    Raises UnsupportedOnCudaError, naming the user's line, for a program that is no work for kernels.
    """
    planner = _Planner(program, exact, aliases, deterministic=deterministic)
    planner.block(program.body)
    return planner.plan


class _Planner:
    def __init__(self, program: Program, exact: set[Var], aliases: Aliases, *, deterministic: bool) -> None:
        self.plan = Plan()
        self._program = program
        self._exact = exact
        self._aliases = aliases
        self._layouts = Layouts(program)
        self._exchanges = Exchanges(program)
        self._deterministic = deterministic

    def block(self, block: Block) -> bool:
        """Plan the loops of a block that the host runs; True when some of them are large enough for kernels."""
        found = False
        for statement in block:
            if isinstance(statement, Loop):
                found |= self._loop(statement)
            elif isinstance(statement, Branch):
                found |= self.block(statement.then) | self.block(statement.otherwise)
            elif isinstance(statement, Call):
                raise UnsupportedOnCudaError(
                    f"{statement.primitive.name} of whole arrays has an implementation for the host only.",
                    "write it with loops in the kernel, or use the CPU.",
                    statement.origin or self._program.origin,
                )
        return found

    def _loop(self, loop: Loop) -> bool:
        try:
            self.plan.grids[loop] = self._grid(loop)
        except Serial as reason:
            why = str(reason)
        else:
            return not _is_short(loop)
        inner = max(map(self.block, sub_blocks(loop)))
        if not inner and any(True for _ in self._elements(loop)):
            raise UnsupportedOnCudaError(
                f"a loop must run in order: {why}. On CUDA that would be a kernel for each of its iterations.",
                REMEDY,
                self._origin(loop),
            )
        return inner

    def _elements(self, loop: Loop) -> Iterator[Statement]:
        """What the host would do with single elements in each iteration."""
        for block in sub_blocks(loop):
            for statement in block:
                if isinstance(statement, Load | Store | Accumulate):
                    yield statement
                elif isinstance(statement, Loop | Branch) and statement not in self.plan.grids:
                    for inner in sub_blocks(statement):
                        yield from (s for s in walk(inner) if isinstance(s, Load | Store | Accumulate))

    def _origin(self, loop: Loop) -> Origin | None:
        origins = (statement.origin for statement in walk(Block([loop])))
        return next((origin for origin in origins if origin is not None), self._program.origin)

    # One loop

    def _grid(self, loop: Loop) -> Grid:
        statements = list(walk(loop.body))
        self._check(loop, statements)
        private, atomic, reach = self._meeting(loop)
        if private or reach:
            return Grid((loop,), tuple(private), frozenset(atomic), reach)
        loops = [loop]
        while len(loops) < MOST_LOOPS:
            inner = self._inner(loop, loops[-1])
            if inner is None:
                break
            try:
                private, more, reach = self._meeting(inner)
            except Serial:
                break
            if private or reach or more - atomic:
                break
            loops.append(inner)
        if len(loops) == 1 and _is_short(loop) and _holds_long(loop):
            raise Serial("it is short")
        return Grid(tuple(loops), (), frozenset(atomic), 0)

    def _check(self, loop: Loop, statements: Sequence[Statement]) -> None:
        """Raise Serial with a reason unless the iterations may run in any order."""
        if not (searches(loop) or len(carried_sums(loop)) == len(loop.params)):
            raise Serial("it carries more than sums from one iteration to the next")
        if any(isinstance(p.type, Scalar) and p.type.lanes for p in loop.params):
            raise Serial("it carries several derivatives at a time")
        if not loop.is_counted or not (loop.order_free or loop.apart or searches(loop)):
            raise Serial("its iterations may need the order that they have")
        if not loop.apart and not keeps_the_tape(loop, statements):
            raise Serial("what its iterations record isn't of one size")
        if any(isinstance(s, Call) for s in statements):
            raise Serial("it calls a function of whole arrays")
        if len(_failures(statements)) > 1 and not (isinstance(loop.step, Const) and loop.step.value == 1):
            raise Serial("which of its iterations fails first is not known")

    def _meeting(self, loop: Loop) -> tuple[list[Var], set[Accumulate], int]:
        """What keeps sums apart that iterations add to the same elements: copies, atomic sums, and a reach."""
        places = Places(loop, self._layouts)
        private: list[Var] = []
        atomic: set[Accumulate] = set()
        reach = 0
        for root, group in self._told_apart(shared_accesses(list(walk(loop.body)), self._aliases)):
            sums = [s for s in group if isinstance(s, Accumulate)]
            if not sums:
                continue
            found = [places.of(s.array, s.index) for s in group]
            if stay_apart(found):
                continue
            if len(sums) < len(group):
                raise Serial(f"iterations read and add to the same elements of {group[0].array.name!r}")
            if not self._deterministic and root not in self._exact:
                atomic.update(sums)
                continue
            distance = reach_of(found)
            if distance is not None:
                reach = max(reach, distance)
            else:
                private.append(target_of(found, group))
        return private, atomic, reach

    def _told_apart(self, groups: dict[Var, list[Access]]) -> Iterator[tuple[Var, list[Access]]]:
        """The groups of accesses, one for each array where arrays of a group are known to be different memory."""
        for root, group in groups.items():
            arrays = list(dict.fromkeys(s.array for s in group))
            apart = self._exchanges.apart
            if all(apart(one, other) for at, one in enumerate(arrays) for other in arrays[:at]):
                for array in arrays:
                    yield root, [s for s in group if s.array is array]
            else:
                yield root, group

    def _inner(self, outermost: Loop, loop: Loop) -> Loop | None:
        """The loop that is all of a loop's body, but for numbers; its iterations may be shared out with the loop's."""
        if not loop.body.statements:
            return None
        *before, last = loop.body.statements
        if not isinstance(last, Loop) or not last.order_free or not last.is_counted:
            return None
        written = {self._aliases.root(a) for s in walk(outermost.body) for a in written_arrays(s)}
        for statement in before:
            is_read = isinstance(statement, Load) and self._aliases.root(statement.array) not in written
            if not isinstance(statement, Compute | Dim) and not is_read:
                return None
        statements = list(walk(last.body))
        if any(isinstance(s, Push | Pop | Alloc | Release) for s in statements) or len(_failures(statements)) > 1:
            return None
        bound = bound_in(outermost)
        if not bound.isdisjoint((last.start, last.stop, last.step)) or not _passes_sums_on(loop, last):
            return None
        return last


def _passes_sums_on(loop: Loop, inner: Loop) -> bool:
    """True when each sum of a loop is one of the loop in it, and nothing else reads or makes these."""
    if len(loop.params) != len(inner.params) or len(carried_sums(inner)) < len(inner.params):
        return False
    passed = dict(zip(inner.inits, inner.results, strict=True))
    own = list(zip(loop.params, loop.yields, strict=True))
    reads: list[Operand] = [o for s in walk(loop.body) for o in operands(s)]
    return all(passed.get(param) is new and reads.count(param) == 1 for param, new in own)


def _failures(statements: Sequence[Statement]) -> set[object]:
    """The different things that statements may raise."""
    return {(s.exception, repr(s.args)) for s in statements if isinstance(s, Fail)}


def _is_short(loop: Loop) -> bool:
    bounds = [int(bound.value) for bound in (loop.start, loop.stop, loop.step) if isinstance(bound, Const)]
    return len(bounds) == 3 and len(range(*bounds)) < FEWEST_TRIPS


def _holds_long(loop: Loop) -> bool:
    """True when there are loops in a loop that are better shared out than it."""
    return any(isinstance(s, Loop) and s.order_free and not _is_short(s) for s in loop.body)
