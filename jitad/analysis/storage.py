"""The one place that decides how the reverse sweep gets the primal values that it needs.

At the top level of a program every value of the forward sweep is still in a variable, and so may be those of the
branches there: what isn't recomputed is kept. Inside a loop, or a branch in a loop,
a value is either recomputed in the reverse sweep, from what is available there (literals, loop indices, values
of enclosing blocks, memory in the state that un-executing restores), or recorded on the tape at the end of its
block. A store is undone in the reverse sweep (its old value recorded) only if some value that it may overwrite is
read again there.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jitad.analysis.aliasing import Aliases
from jitad.analysis.first_writes import first_writes
from jitad.analysis.needs import Needs
from jitad.analysis.order import Order, written_arrays
from jitad.analysis.plan import LIMITS, RECORD, Plan
from jitad.analysis.replay import is_replayed, read_again, reads, without_totals
from jitad.analysis.scratch import find_late, find_scratch
from jitad.primitives.core import cost
from jitad.program.queries import definitions, operands, permuted_arrays, sub_blocks, walk
from jitad.program.statements import (
    Alloc,
    AtOffset,
    Block,
    Branch,
    Compute,
    Dim,
    Draw,
    Load,
    Loop,
    Operand,
    Program,
    Reshape,
    Statement,
    Store,
    Var,
    View,
    array_type,
)
from jitad.program.types import Array, itemsize


def plan_storage(
    program: Program,
    aliases: Aliases,
    order: Order,
    needs: Needs,
    storage: str,
    kept: set[Var],
    repeated: Mapping[Loop, Loop],
) -> Plan:
    """Decide for a program (with shadows bound) what is recorded; see the module's docstring.

    ``storage`` is one of ``STORAGES``: values that can be had in both ways are recorded, or computed again.
    Scalars aren't loaded again from the ``kept`` alias groups. The loops ``repeated`` are replayed, among others.
    Undone stores need their indices in the reverse sweep, which may need further stores undone: the decision is
    repeated until nothing more is undone.
    """
    stores: dict[Var, list[Statement]] = {}
    for statement in walk(program.body):
        for array in written_arrays(statement):
            stores.setdefault(aliases.root(array), []).append(statement)
    late = find_late(program, aliases, set(needs.shadows.values()))

    def attempt(undone: set[Statement], scratch: set[Statement]) -> tuple[Plan, set[Statement]]:
        """A plan, and the stores that it needs undone."""
        plan = Plan(undone=undone, scratch=scratch, late=late - scratch)
        planner = _Planner(program.body, aliases, order, needs, kept, plan, stores, storage, repeated)
        planner.visit(program.body, None, in_variables=True)
        return planner.plan, {store for read in planner.plan.reloads for store in planner.overwriting(*read)}

    plan, found = attempt(set(), set())
    while not found <= plan.undone:
        plan, found = attempt(plan.undone | found, set())
    plan.first = first_writes(program, aliases) if plan.undone else {}
    scratch = find_scratch(program, aliases, plan, set(needs.shadows.values()))
    if not scratch:
        return plan
    leaner, found = attempt(plan.undone, scratch)
    leaner.first = plan.first
    return leaner if found <= plan.undone and find_scratch(program, aliases, leaner, set()) >= scratch else plan


class _Planner:
    """Visits blocks innermost first; each visit fills the plan and returns what the enclosing block must have."""

    def __init__(
        self,
        body: Block,
        aliases: Aliases,
        order: Order,
        needs: Needs,
        kept: set[Var],
        plan: Plan,
        stores: Mapping[Var, Sequence[Statement]],
        storage: str,
        repeated: Mapping[Loop, Loop],
    ) -> None:
        self.storage = storage
        self._repeated = repeated
        self._body = body
        self.aliases = aliases
        self.order = order
        self.needs = needs
        self.kept = kept
        self.plan = plan
        self._stores = stores

    def overwriting(self, reader: Statement, root: Var, before: bool) -> Iterator[Statement]:
        """The stores that may overwrite what reversing ``reader`` reads of an alias group (see ``Plan.reloads``)."""
        for store in self._stores.get(root, ()):
            if self.order.may_precede(reader, store, root, itself=before):
                yield store

    def is_outermost(self, root: Var) -> bool:
        """True for arrays that live as long as the program runs, under one name."""
        return not self.aliases.flows(root) and self.aliases.home(root) in (None, self._body)

    def is_restored(self, root: Var) -> bool:
        """True when the reverse sweep puts anything back in an alias group."""
        return not self.plan.undone.isdisjoint(self._stores.get(root, ()))

    def visit(self, block: Block, owner: Statement | None, *, in_variables: bool) -> list[Var]:
        """Plan a block; the values of enclosing blocks that its reversal needs.

        ``in_variables``: both sweeps run in the outermost block, or in branches there.
        """
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
                stays = in_variables and isinstance(statement, Branch)
                demands.extend((need, at + 1) for need in self.visit(inner, statement, in_variables=stays))
        if owner is None:
            return []
        return _BlockPlanner(self, block, owner, in_variables=in_variables).decide(demands)

    def _replays(self, loop: Loop) -> bool:
        again = loop in self._repeated or (self.storage != RECORD and is_replayed(loop, self.needs.activity))
        return again and self.needs.works(loop, self.plan.undone)

    def _replay(self, loop: Loop) -> list[Var]:
        """Plan a loop that the reverse sweep runs again; what that reads from outside it."""
        self.plan.replayed.add(loop)
        if loop in self._repeated:
            self.plan.repeated[loop] = self._repeated[loop]
        again = read_again(without_totals(loop, self.needs.activity))
        own = {s.out for s in walk(loop.body) if isinstance(s, Alloc)}
        for statement, array in reads(loop):
            if array not in own:
                self.plan.reloads.append((statement, self.aliases.root(array), True))
        return [*again, *(self.needs.shadows[v] for v in again if v in self.needs.shadows)]

    def _reversed_blocks(self, statement: Statement) -> Iterator[Block]:
        if statement in self.needs.settled:
            return
        if isinstance(statement, Loop):
            yield statement.body
        elif isinstance(statement, Branch):
            yield from sub_blocks(statement)


class _BlockPlanner:
    """Chooses, in one block of a loop or a branch, what is recorded and what is recomputed."""

    def __init__(self, planner: _Planner, block: Block, owner: Statement, *, in_variables: bool) -> None:
        self._planner = planner
        self._in_variables = in_variables
        self._origin = owner.origin
        self._limit = LIMITS[planner.storage][in_variables]
        self._block = block
        self._defined: dict[Var, tuple[int, Statement | None]] = {}
        self._free: set[Var] = set()
        self._carried_back: dict[Var, tuple[Var, Var]] = {}
        if isinstance(owner, Loop):
            self._carried_back = permuted_arrays(owner)
            self._free.update((owner.index, *self._carried_back))
            for var in (owner.index, *owner.params):
                self._defined[var] = (-1, None)
        self._stores = {s.value: s for s in block if isinstance(s, Store) and isinstance(s.value, Var)}
        self._statements = block.statements
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
            if self._cost(var, wanted[var]) <= self._limit or isinstance(var.type, Array):
                self._computed.add(var)
            else:
                self._get_back(var, wanted[var], f"recomputing it costs more than {self._alternative()}")
        self._close(wanted, outer)
        stays = [v for v in self._records if self._in_variables and not isinstance(v.type, Array)]
        self._planner.plan.kept[self._block] = stays
        self._planner.plan.records[self._block] = [v for v in self._records if v not in stays]
        return list(outer)

    def _alternative(self) -> str:
        return "keeping it in a variable" if self._in_variables else "reading it back"

    def _get_back(self, var: Var, at: int, reason: str) -> None:
        """Read a value again where a store has left it, or record it."""
        store = self._stores.get(var)
        if store is None or not self._is_left(store, at):
            self._record(var, reason)
            return
        self._planner.plan.stored[var] = store
        self._explain(var, "a store has left it where nothing overwrites it")

    def _is_left(self, store: Store, at: int) -> bool:
        """True when what was stored is there throughout the reverse sweep, and cheaper to read than to record."""
        planner, array = self._planner, store.array
        if self._in_variables or array in self._carried_back or array_type(array).element != store.value.type:
            return False
        root = planner.aliases.root(array)
        return (
            planner.is_outermost(root)
            and not planner.is_restored(root)
            and not any(planner.overwriting(store, root, False))
            and sum(self._cost(operand, at) for operand in (array, *store.index)) < self._limit
        )

    def _record(self, var: Var, reason: str) -> None:
        self._records[var] = None
        self._explain(var, reason)

    def _explain(self, var: Var, reason: str) -> None:
        _, statement = self._defined[var]
        self._planner.plan.reasons.setdefault(var, reason)
        self._planner.plan.places.setdefault(var, self._origin if statement is None else statement.origin)

    def _record_what_must_be(self, wanted: dict[Var, int]) -> None:
        for var, at in wanted.items():
            if reason := self._unavailable(var, at):
                self._get_back(var, at, reason)

    def _record_shared_sources(self, wanted: dict[Var, int]) -> None:
        """A source that makes two or more needed values cheap, and isn't longer, is recorded instead of them."""
        dependents: dict[Var, list[Var]] = {}
        for var, at in wanted.items():
            if var not in self._records and not isinstance(var.type, Array):
                for source in self._missing_sources(var, at):
                    dependents.setdefault(source, []).append(var)
        for source, users in sorted(dependents.items(), key=lambda item: -len(item[1])):
            unrecorded = [v for v in users if math.isinf(self._cost(v, wanted[v]))]
            if len(unrecorded) < 2 or source in self._records or bytes_of(unrecorded) < bytes_of([source]):
                continue
            self._records[source] = None
            if sum(self._cost(v, wanted[v]) <= self._limit for v in unrecorded) < 2:
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
                self._get_back(var, at, reason)
                if var in self._records:
                    continue
            _, statement = self._defined[var]
            store = self._planner.plan.stored.get(var)
            if store is not None:
                self._planner.plan.reloads.append((store, self._planner.aliases.root(store.array), False))
            elif isinstance(statement, Load):
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
        store = self._planner.plan.stored.get(var)
        if store is not None:
            return (store.array, *store.index)
        if isinstance(statement, Alloc):
            plan = self._planner.plan
            is_taken_again = statement in plan.scratch or statement in plan.late
            return statement.shape if is_taken_again else (statement.offset, *statement.shape)
        return () if statement is None else operands(statement)

    def _unavailable(self, var: Var, at: int) -> str:
        """Why ``var`` can't be recomputed in the state before position ``at``; empty when it can."""
        defined_at, statement = self._defined[var]
        if var in self._planner.plan.stored:
            return ""
        match statement:
            case None:
                return "" if var in self._free else "a value that the loop carries"
            case Load(array=array) if self._planner.aliases.root(array) in self._planner.kept:
                return "keeping the old contents of the array that it is read from costs more"
            case Load(array=array):
                root = self._planner.aliases.root(array)
                written = self._written_at.get(root, [])
                between = written[bisect_right(written, defined_at) : bisect_left(written, at)]
                if not all(self._planner.order.never_meet(statement, self._statements[k]) for k in between):
                    return "its place is overwritten before it is used"
                is_lost = self._in_variables and any(self._planner.overwriting(statement, root, True))
                return "its place is overwritten later" if is_lost else ""
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
            total += self._own_cost(current)
            pending.extend(self._sources(current))
        return total

    def _own_cost(self, var: Var) -> float:
        """Additions that getting a value back takes, once what it is made of is there."""
        _, statement = self._defined[var]
        is_read = var in self._planner.plan.stored or isinstance(statement, Load)
        return float(is_read or (cost(statement) if isinstance(statement, Compute) else 0))


def bytes_of(values: Iterable[Var]) -> int:
    """What one element of each takes on the tape."""
    return sum(itemsize(value.type.dtype) for value in values)
