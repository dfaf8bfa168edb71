"""Decide which loops of a derivative program run on threads: a pass over both sweeps, just before emission.

Postcondition: a loop has ``threads`` only if ``parallel`` asks for them, its iterations may run in any order (on tapes
of their own, if they use the tape at all), all that it carries are sums or results of searches, and no two chunks of
iterations that run at the same time touch one element of an array of which one of them writes. A loop inside such a
loop runs in its thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.folds import searches
from jitad.analysis.places import Layouts, Place, Places
from jitad.analysis.sums import carried_sums
from jitad.program.origin import Origin
from jitad.program.queries import walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Call,
    Const,
    Draw,
    Load,
    Loop,
    Pop,
    Program,
    Push,
    Release,
    Run,
    Statement,
    Store,
    Var,
    array_type,
)
from jitad.program.threads import Threads
from jitad.program.types import Scalar
from jitad.transforms.order_free import mark_order_free
from jitad.transforms.share import shared_programs

FEWEST_TRIPS = 8
"""A loop of fewer iterations, where their number is known, leaves threads to the loops in it."""

Access = Load | Store | Accumulate


@dataclass(frozen=True)
class Verdict:
    """What became of a loop for which threads were asked; ``why`` is empty if it got them."""

    origin: Origin | None
    why: str

    def __str__(self) -> str:
        place = "a loop of jitad's" if self.origin is None else f"the loop at {self.origin.short()}"
        return f"{place} is serial: {self.why}" if self.why else f"{place} runs on threads"


@dataclass
class Threaded:
    """A program with its loops shared out, and what became of those for which that was asked."""

    program: Program
    verdicts: list[Verdict] = field(default_factory=list)


def on_threads(program: Program) -> Threaded:
    """The same program with ``threads`` set on the outermost loops that may have them.

    What it runs by ``Run`` stays as it is: such functions share the tape of their caller.
    """
    shared = [
        Verdict(loop.origin, "it is in a function that is compiled once for several calls")
        for one in shared_programs(program)
        for loop in _asked_for(one)
    ]
    if not _asked_for(program):
        return Threaded(program, shared)
    marked = mark_order_free(program)
    planner = _Planner(marked)
    return Threaded(replace(marked, body=planner.block(marked.body)), planner.verdicts + shared)


def _asked_for(program: Program) -> list[Loop]:
    return [s for s in walk(program.body) if isinstance(s, Loop) and s.parallel]


def all_parallel(program: Program) -> Program:
    """The same program, asking for threads for every counted loop."""
    return replace(program, body=_asking(program.body))


def _asking(block: Block) -> Block:
    return Block([_asked(statement) for statement in block])


def _asked(statement: Statement) -> Statement:
    match statement:
        case Loop(body=body):
            return replace(statement, body=_asking(body), parallel=statement.is_counted)
        case Branch(then=then, otherwise=otherwise):
            return replace(statement, then=_asking(then), otherwise=_asking(otherwise))
    return statement


class Serial(Exception):
    """Why a loop can't run on threads."""


class _Planner:
    def __init__(self, program: Program) -> None:
        self._aliases = Aliases(program)
        self._layouts = Layouts(program)
        self.verdicts: list[Verdict] = []

    def block(self, block: Block) -> Block:
        return Block([self._statement(statement) for statement in block])

    def _statement(self, statement: Statement) -> Statement:
        match statement:
            case Branch(then=then, otherwise=otherwise):
                return replace(statement, then=self.block(then), otherwise=self.block(otherwise))
            case Loop(parallel=True):
                try:
                    planned = replace(statement, threads=self._threads(statement))
                except Serial as reason:
                    self.verdicts.append(Verdict(statement.origin, str(reason)))
                    return replace(statement, body=self.block(statement.body))
                self.verdicts.append(Verdict(statement.origin, ""))
                return planned
            case Loop(body=body):
                return replace(statement, body=self.block(body))
        return statement

    def _threads(self, loop: Loop) -> Threads:
        statements = list(walk(loop.body))
        if not (searches(loop) or len(carried_sums(loop)) == len(loop.params)):
            raise Serial("it carries more than sums from one iteration to the next")
        self._check_order(loop, statements)
        if any(isinstance(p.type, Scalar) and p.type.lanes for p in loop.params):
            raise Serial("it carries several derivatives at a time")
        return self._shared(loop, statements)

    def _check_order(self, loop: Loop, statements: Sequence[Statement]) -> None:
        if any(isinstance(s, Draw) for s in statements):
            raise Serial("it draws random numbers")
        if not loop.is_counted or not (loop.order_free or loop.apart or searches(loop)):
            raise Serial("its iterations may need the order that they have")
        if not loop.apart and not keeps_the_tape(loop, statements):
            raise Serial("what its iterations record isn't of one size")
        if any(isinstance(s, Call) for s in statements):
            raise Serial("it calls a library")
        if any(isinstance(s, Run) for s in statements):
            raise Serial("it calls a function that is compiled once for several calls")
        bounds = [int(bound.value) for bound in (loop.start, loop.stop, loop.step) if isinstance(bound, Const)]
        if len(bounds) == 3 and len(range(*bounds)) < FEWEST_TRIPS:
            raise Serial("it is short")

    def _shared(self, loop: Loop, statements: Sequence[Statement]) -> Threads:
        """How the arrays from outside to which iterations add are kept apart."""
        places = Places(loop, self._layouts)
        private: list[Var] = []
        reach = 0
        for group in shared_accesses(statements, self._aliases).values():
            if not any(isinstance(s, Accumulate) for s in group):
                continue
            found = [places.of(s.array, s.index) for s in group]
            if stay_apart(found):
                continue
            if not all(isinstance(s, Accumulate) for s in group):
                raise Serial(f"iterations read and add to the same elements of {group[0].array.name!r}")
            distance = reach_of(found)
            if distance is not None:
                reach = max(reach, distance)
            else:
                private.append(target_of(found, group))
        return Threads(tuple(private), reach)


def shared_accesses(statements: Sequence[Statement], aliases: Aliases) -> dict[Var, list[Access]]:
    """The accesses of a loop's iterations to arrays that aren't their own, by alias group."""
    allocated = {aliases.root(s.out) for s in statements if isinstance(s, Alloc)}
    own = {root for root in allocated if aliases.home(root) is not None}
    groups: dict[Var, list[Access]] = {}
    for statement in statements:
        if isinstance(statement, Load | Store | Accumulate) and aliases.root(statement.array) not in own:
            groups.setdefault(aliases.root(statement.array), []).append(statement)
    return groups


def keeps_the_tape(loop: Loop, statements: Sequence[Statement]) -> bool:
    """True when iterations use the tape by rows only, or give back in their order all that they take."""
    direct = [s for s in loop.body if isinstance(s, Push | Pop)]
    stacked = [s for s in statements if isinstance(s, Push | Pop | Alloc | Release)]
    if loop.rows:
        return len(direct) == len(stacked)
    return not stacked


def stay_apart(places: Sequence[Place | None]) -> bool:
    """True when all iterations keep to elements of their own along one axis of one array."""
    known = [place for place in places if place is not None]
    if len(known) < len(places) or len({place.array for place in known}) > 1:
        return False
    for axis in range(len(known[0].index)):
        along = {place.index[axis] for place in known}
        if len(along) == 1 and known[0].index[axis] is not None and known[0].varies[axis]:
            return True
    return False


def reach_of(places: Sequence[Place | None]) -> int | None:
    """By how much the places of an iteration lie apart along an axis that the loop walks along; None if unknown."""
    known = [place for place in places if place is not None]
    if len(known) < len(places) or len({place.array for place in known}) > 1:
        return None
    for axis in range(len(known[0].index)):
        offsets = [place.offset[axis] for place in known]
        if all(offset is not None for offset in offsets):
            sure = [offset for offset in offsets if offset is not None]
            return max(sure) - min(sure)
    return None


def target_of(places: Sequence[Place | None], group: Sequence[Access]) -> Var:
    """The one array from outside that a chunk can have a copy of."""
    known = [place for place in places if place is not None]
    arrays = {place.array for place in known}
    if len(known) < len(places) or len(arrays) > 1:
        raise Serial(f"iterations add to {group[0].array.name!r} under several names")
    (array,) = arrays
    type_ = array_type(array)
    if type_.layout != "C" or not type_.is_float:
        raise Serial(f"iterations add to the same elements of {array.name!r}, which isn't contiguous")
    return array
