"""Compares plans of what is recorded: with and without the old contents of each array that is overwritten."""

from __future__ import annotations

from collections.abc import Mapping

from jitad.analysis.aliasing import Aliases
from jitad.analysis.needs import Needs
from jitad.analysis.order import Order, written_arrays
from jitad.analysis.plan import AUTO, RECORD, Plan
from jitad.analysis.replay import repeated_on_threads
from jitad.analysis.storage import bytes_of, plan_storage
from jitad.program.queries import sub_blocks, walk
from jitad.program.statements import Call, Loop, Program, array_type
from jitad.program.types import itemsize

TRIPS = 64
"""How often a loop is taken to run where two plans are compared."""

MOST_ALTERNATIVES = 4
"""So many arrays, at most, are tried without their old contents."""


def leanest_plan(
    program: Program, aliases: Aliases, order: Order, needs: Needs, storage: str = AUTO, *, on_threads: bool = False
) -> Plan:
    """What is recorded of a program (with shadows bound).

    An array whose old contents would be kept isn't read again if less is recorded then: the truth value that its
    elements decide, say. With ``on_threads``, loops that may have threads run again where they would keep a tape of
    unknown size, unless ``storage`` asks for records.
    """
    plan = _leanest(program, aliases, order, needs, storage, {})
    if not on_threads or storage == RECORD:
        return plan
    repeated = repeated_on_threads(program, aliases, plan, set(needs.shadows.values()))
    while repeated:
        leaner = _leanest(program, aliases, order, needs, storage, repeated)
        undoing = {loop for loop in repeated if any(s in leaner.undone for s in walk(loop.body))}
        if not undoing:  # a loop that must be undone keeps a tape after all
            return leaner
        repeated = {loop: kept for loop, kept in repeated.items() if loop not in undoing}
    return plan


def _leanest(
    program: Program, aliases: Aliases, order: Order, needs: Needs, storage: str, repeated: Mapping[Loop, Loop]
) -> Plan:
    """The leanest plan under which the loops ``repeated`` are replayed, among others."""
    best = plan_storage(program, aliases, order, needs, storage, set(), repeated)
    undone = {aliases.root(array): None for s in walk(program.body) if s in best.undone for array in written_arrays(s)}
    if len(undone) <= MOST_ALTERNATIVES:
        for root in undone:
            other = plan_storage(program, aliases, order, needs, storage, {root}, repeated)
            if _recorded_bytes(program, other) < _recorded_bytes(program, best):
                best = other
    return best


def _recorded_bytes(program: Program, plan: Plan) -> int:
    """What a plan puts on the tape for values, if every loop runs ``TRIPS`` times."""
    total = 0
    pending = [(program.body, 1)]
    while pending:
        block, runs = pending.pop()
        total += runs * bytes_of(plan.records.get(block, ()))
        for statement in block:
            if statement in plan.undone and statement not in plan.first:
                whole = isinstance(statement, Call)
                for array in map(array_type, written_arrays(statement)):
                    total += runs * itemsize(array.dtype) * (TRIPS**array.ndim if whole else 1)
            times = TRIPS if isinstance(statement, Loop) else 1
            pending += [(inner, times * runs) for inner in sub_blocks(statement)]
    return total
