"""The one place that decides how the reverse sweep gets the primal values that it needs.

At the top level of a program every value of the forward sweep is still in a variable. Inside a loop or a branch
a value is either recomputed in the reverse sweep, from what is available there (literals, loop indices, values
of enclosing blocks, memory in the state that un-executing restores), or recorded on the tape at the end of its
block. A store is undone in the reverse sweep (its old value recorded) only if some value that it may overwrite is
read again there.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from jitad.analysis.aliasing import Aliases
from jitad.analysis.needs import Needs
from jitad.analysis.order import Order, written_arrays
from jitad.analysis.plan import Plan
from jitad.analysis.replay import is_replayed, loads, read_again, without_totals
from jitad.analysis.scratch import find_late, find_scratch
from jitad.primitives.core import cost
from jitad.program.statements import (
    Alloc,
    AtOffset,
    Block,
    Branch,
    Call,
    Compute,
    Dim,
    Draw,
    Load,
    Loop,
    Operand,
    Program,
    Reshape,
    Statement,
    Var,
    View,
    array_type,
    definitions,
    operands,
    permuted_arrays,
    sub_blocks,
    walk,
)
from jitad.program.types import Array, itemsize

TRIPS = 64
"""How often a loop is taken to run where two ways of recording are compared."""

MOST_ALTERNATIVES = 4
"""So many arrays, at most, are tried without their old contents."""

RECORD_COST = 8.0
"""What recording a scalar and reading it back costs, in additions (a store, a load and the stack pointer)."""


def plan_storage(program: Program, aliases: Aliases, order: Order, needs: Needs) -> Plan:
    """Decide for a program (with shadows bound) what is recorded; see the module's docstring.

    An array whose old contents would be kept isn't read again if less is recorded then: the truth value that its
    elements decide, say.
    """
    best = _plan_storage(program, aliases, order, needs, set())
    undone = {aliases.root(array): None for s in walk(program.body) if s in best.undone for array in written_arrays(s)}
    if len(undone) <= MOST_ALTERNATIVES:
        for root in undone:
            other = _plan_storage(program, aliases, order, needs, {root})
            if recorded_bytes(program, other) < recorded_bytes(program, best):
                best = other
    return best


def recorded_bytes(program: Program, plan: Plan) -> int:
    """What a plan puts on the tape for values, if every loop runs ``TRIPS`` times."""
    total = 0
    pending = [(program.body, 1)]
    while pending:
        block, runs = pending.pop()
        total += runs * _bytes(plan.records.get(block, ()))
        for statement in block:
            if statement in plan.undone:
                whole = isinstance(statement, Call)
                for array in map(array_type, written_arrays(statement)):
                    total += runs * itemsize(array.dtype) * (TRIPS**array.ndim if whole else 1)
            times = TRIPS if isinstance(statement, Loop) else 1
            pending += [(inner, times * runs) for inner in sub_blocks(statement)]
    return total


def _plan_storage(program: Program, aliases: Aliases, order: Order, needs: Needs, kept: set[Var]) -> Plan:
    """A plan in which scalars aren't loaded again from the ``kept`` alias groups.

    Undone stores need their indices in the reverse sweep, which may need further stores undone: the decision is
    repeated until nothing more is undone.
    """
    stores = [(s, array) for s in walk(program.body) for array in written_arrays(s)]

    late = find_late(program, aliases, set(needs.shadows.values()))

    def attempt(undone: set[Statement], scratch: set[Statement]) -> tuple[Plan, set[Statement]]:
        """A plan, and the stores that it needs undone."""
        planner = _Planner(aliases, order, needs, kept, Plan(undone=undone, scratch=scratch, late=late - scratch))
        planner.visit(program.body, None)
        return planner.plan, {
            store
            for store, array in stores
            for reader, root, before in planner.plan.reloads
            if aliases.root(array) is root and order.may_precede(reader, store, root, itself=before)
        }

    plan, found = attempt(set(), set())
    while not found <= plan.undone:
        plan, found = attempt(plan.undone | found, set())
    scratch = find_scratch(program, aliases, plan, set(needs.shadows.values()))
    if not scratch:
        return plan
    leaner, found = attempt(plan.undone, scratch)
    return leaner if found <= plan.undone and find_scratch(program, aliases, leaner, set()) >= scratch else plan


class _Planner:
    """Visits blocks innermost first; each visit fills the plan and returns what the enclosing block must have."""

    def __init__(self, aliases: Aliases, order: Order, needs: Needs, kept: set[Var], plan: Plan) -> None:
        self.aliases = aliases
        self.order = order
        self.needs = needs
        self.kept = kept
        self.plan = plan

    def visit(self, block: Block, owner: Statement | None) -> list[Var]:
        """Plan a block; the values of enclosing blocks that its reversal needs."""
        if not self.needs.has_work(block, self.plan.undone):
            return []
        demands: list[tuple[Var, int]] = []
        for at, statement in enumerate(block):
            if isinstance(statement, Loop) and self._replays(statement):
                demands.extend((need, at + 1) for need in self._replay(statement))
                continue
            if statement not in self.plan.scratch and statement not in self.plan.late:
                demands.extend((need, at + 1) for need in self.needs.of(statement, self.plan.undone))
            for array, before in self.needs.contents(statement):
                self.plan.reloads.append((statement, self.aliases.root(array), before))
            for inner in self._reversed_blocks(statement):
                demands.extend((need, at + 1) for need in self.visit(inner, statement))
        if owner is None:
            return []
        return _BlockPlanner(self, block, owner).decide(demands)

    def _replays(self, loop: Loop) -> bool:
        return self.needs.works(loop, self.plan.undone) and is_replayed(loop, self.needs.activity)

    def _replay(self, loop: Loop) -> list[Var]:
        """Plan a loop that the reverse sweep runs again; what that reads from outside it."""
        self.plan.replayed.add(loop)
        again = loads(loop)
        self.plan.reloads.extend((load, self.aliases.root(load.array), True) for load in again)
        return [
            *read_again(without_totals(loop, self.needs.activity)),
            *(self.needs.shadows[s.array] for s in again if s.array in self.needs.activity),
        ]

    def _reversed_blocks(self, statement: Statement) -> Iterator[Block]:
        if statement in self.needs.settled:
            return
        if isinstance(statement, Loop):
            yield statement.body
        elif isinstance(statement, Branch):
            yield from sub_blocks(statement)


class _BlockPlanner:
    """Chooses, in one block of a loop or a branch, what is recorded and what is recomputed."""

    def __init__(self, planner: _Planner, block: Block, owner: Statement) -> None:
        self._planner = planner
        self._block = block
        self._defined: dict[Var, tuple[int, Statement | None]] = {}
        self._free: set[Var] = set()
        self._carried_back: dict[Var, tuple[Var, Var]] = {}
        if isinstance(owner, Loop):
            self._carried_back = permuted_arrays(owner)
            self._free.update((owner.index, *self._carried_back))
            for var in (owner.index, *owner.params):
                self._defined[var] = (-1, None)
        self._written_at: dict[Var, list[int]] = {}
        for at, statement in enumerate(block):
            for var in definitions(statement):
                self._defined[var] = (at, statement)
            for root in planner.order.writes(statement):
                self._written_at.setdefault(root, []).append(at)
        self._records: dict[Var, None] = {}
        self._computed: set[Var] = set()

    def decide(self, demands: list[tuple[Var, int]]) -> list[Var]:
        """Fill the plan for this block; the values of enclosing blocks that it needs in turn."""
        wanted: dict[Var, int] = {}
        outer: dict[Var, None] = {}
        for var, at in demands:
            if var in self._defined:
                wanted[var] = max(at, wanted.get(var, 0))
            else:
                outer[var] = None
        self._record_what_must_be(wanted)
        self._record_shared_sources(wanted)
        for var in sorted(wanted, key=self._position):
            if self._cost(var, wanted[var]) <= RECORD_COST or isinstance(var.type, Array):
                self._computed.add(var)
            else:
                self._record(var, "recomputing it costs more than reading it back")
        self._close(wanted, outer)
        self._planner.plan.records[self._block] = list(self._records)
        return list(outer)

    def _record(self, var: Var, reason: str) -> None:
        self._records[var] = None
        self._planner.plan.reasons.setdefault(var, reason)

    def _record_what_must_be(self, wanted: dict[Var, int]) -> None:
        for var, at in wanted.items():
            if reason := self._unavailable(var, at):
                self._record(var, reason)

    def _record_shared_sources(self, wanted: dict[Var, int]) -> None:
        """A source that makes two or more needed values cheap, and isn't longer, is recorded instead of them."""
        dependents: dict[Var, list[Var]] = {}
        for var, at in wanted.items():
            if var not in self._records and not isinstance(var.type, Array):
                for source in self._missing_sources(var, at):
                    dependents.setdefault(source, []).append(var)
        for source, users in sorted(dependents.items(), key=lambda item: -len(item[1])):
            unrecorded = [v for v in users if math.isinf(self._cost(v, wanted[v]))]
            if len(unrecorded) < 2 or source in self._records or _bytes(unrecorded) < _bytes([source]):
                continue
            self._records[source] = None
            if sum(self._cost(v, wanted[v]) <= RECORD_COST for v in unrecorded) < 2:
                del self._records[source]
            else:
                self._record(source, "several needed values are recomputed from it")

    def _missing_sources(self, var: Var, at: int) -> set[Var]:
        found: set[Var] = set()
        stack, seen = [var], {var}
        while stack:
            current = stack.pop()
            if current in self._records or current in self._free or current not in self._defined:
                continue
            if self._unavailable(current, at):
                found.add(current)
                continue
            for operand in self._sources(current):
                if isinstance(operand, Var) and operand not in seen:
                    seen.add(operand)
                    stack.append(operand)
        return found

    def _close(self, wanted: dict[Var, int], outer: dict[Var, None]) -> None:
        """Follow what recomputation reads, from the last value to the first, recording what isn't available."""
        pending = dict(wanted)
        while pending:
            var = max(pending, key=self._position)
            at = pending.pop(var)
            if var in self._carried_back:  # the reverse loop starts from the final arrays, all of them
                self._planner.plan.carried_back.add(self._block)
                outer.update((result, None) for _, result in self._carried_back.values())
            if var in self._records or var in self._free:
                continue
            if reason := self._unavailable(var, at):
                self._record(var, reason)
                continue
            _, statement = self._defined[var]
            if isinstance(statement, Load):
                self._planner.plan.reloads.append((statement, self._planner.aliases.root(statement.array), True))
            for operand in self._sources(var):
                if isinstance(operand, Var):
                    if operand in self._defined:
                        pending[operand] = max(at, pending.get(operand, 0))
                    else:
                        outer[operand] = None

    def _position(self, var: Var) -> int:
        return self._defined[var][0]

    def _sources(self, var: Var) -> tuple[Operand, ...]:
        """What recomputing ``var`` reads."""
        _, statement = self._defined[var]
        if isinstance(statement, Alloc):
            plan = self._planner.plan
            is_taken_again = statement in plan.scratch or statement in plan.late
            return statement.shape if is_taken_again else (statement.offset, *statement.shape)
        return () if statement is None else operands(statement)

    def _unavailable(self, var: Var, at: int) -> str:
        """Why ``var`` can't be recomputed in the state before position ``at``; empty when it can."""
        defined_at, statement = self._defined[var]
        match statement:
            case None:
                return "" if var in self._free else "a value that the loop carries"
            case Load(array=array) if self._planner.aliases.root(array) in self._planner.kept:
                return "keeping the old contents of the array that it is read from costs more"
            case Load(array=array):
                written = self._written_at.get(self._planner.aliases.root(array), [])
                later = bisect_right(written, defined_at)
                return "its place is overwritten before it is used" if written[later:] and written[later] < at else ""
            case Alloc():
                return "where an array lies on the tape" if var is statement.offset else ""
            case Draw():
                return "a random number can't be drawn again"
            case Compute() | Dim() | View() | Reshape() | AtOffset():
                return ""
        return "the result of a loop, a branch or a call"

    def _cost(self, var: Operand, at: int) -> float:
        """Additions that recomputing takes beyond what is recomputed anyway; infinite when it can't be done."""
        total, pending, counted = 0.0, [var], set[Operand]()
        while pending:
            current = pending.pop()
            if current in counted or not isinstance(current, Var) or current not in self._defined:
                continue
            counted.add(current)
            if current in self._records or current in self._free:
                continue
            if self._unavailable(current, at):
                return math.inf
            if current in self._computed:
                continue
            _, statement = self._defined[current]
            total += float(cost(statement) if isinstance(statement, Compute) else isinstance(statement, Load))
            pending.extend(self._sources(current))
        return total


def _bytes(values: Iterable[Var]) -> int:
    return sum(itemsize(value.type.dtype) for value in values)
