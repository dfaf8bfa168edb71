"""What the storage decision decides."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from jitad.program.origin import Origin
from jitad.program.statements import Block, Const, Loop, Statement, Store, Var, View

AUTO, RECORD, RECOMPUTE = "auto", "record", "recompute"
"""How the reverse sweep gets values: the cheaper way, or the one or the other wherever that is possible."""

STORAGES = (AUTO, RECORD, RECOMPUTE)

RECORD_COST = 8.0
"""What recording a scalar and reading it back costs, in additions (a store, a load and the stack pointer)."""

KEEP_COST = 2.0
"""What keeping a scalar in a variable from one sweep to the other costs: a store and a load, if registers run out."""

LIMITS = {AUTO: (RECORD_COST, KEEP_COST), RECORD: (0.0, 0.0), RECOMPUTE: (math.inf, math.inf)}
"""What computing a value again may cost, where the alternative is to record it and where it is to keep it."""


@dataclass
class Plan:
    """What the forward sweep records.

    ``records`` are pushed at the end of each run of a block; ``kept`` values of the arms of branches stay in
    variables, for both sweeps run in one block of the program; ``stored`` values are read again where a store has
    left them; ``undone`` stores push the old value first, unless they are among the ``first`` writes to an array,
    whose old value is a literal; ``carried_back`` are the bodies of loops whose carried
    arrays the reverse loop carries too. ``scratch`` are the allocations of blocks that give their memory back in
    the forward sweep: the reverse sweep reads none of their contents, and takes memory for their shadows itself.
    ``late`` are the allocations of shadows for which only the reverse sweep takes memory. ``reloads`` are the
    statements whose reversal reads elements of an alias group, with whether these are the elements before the
    statement ran. ``reasons`` says, for each recorded, kept or stored value, why it is, and ``places`` where in the
    user's source it is computed. ``one_pass`` are the loops that are reversed as they run, ``replayed`` those that
    the reverse sweep runs again, each iteration with its reversal; ``repeated`` are those of them that do so for the
    sake of threads, as the forward sweep runs them. ``stacked`` are the arrays of iterations that are rows of one.
    """

    records: dict[Block, list[Var]] = field(default_factory=dict)
    kept: dict[Block, list[Var]] = field(default_factory=dict)
    stored: dict[Var, Store] = field(default_factory=dict)
    undone: set[Statement] = field(default_factory=set)
    first: dict[Statement, Const] = field(default_factory=dict)
    carried_back: set[Block] = field(default_factory=set)
    scratch: set[Statement] = field(default_factory=set)
    late: set[Statement] = field(default_factory=set)
    reloads: list[tuple[Statement, Var, bool]] = field(default_factory=list)
    reasons: dict[Var, str] = field(default_factory=dict)
    places: dict[Var, Origin | None] = field(default_factory=dict)
    one_pass: set[Statement] = field(default_factory=set)
    replayed: set[Statement] = field(default_factory=set)
    repeated: dict[Statement, Loop] = field(default_factory=dict)
    stacked: set[View] = field(default_factory=set)

    def absorb(self, inner: Plan) -> None:
        """Take over what was decided for a part of the program that is differentiated by itself."""
        self.records.update(inner.records)
        self.kept.update(inner.kept)
        self.stored.update(inner.stored)
        self.undone |= inner.undone
        self.first.update(inner.first)
        self.reasons.update(inner.reasons)
        self.places.update(inner.places)
        self.one_pass |= inner.one_pass
        self.replayed |= inner.replayed
        self.stacked |= inner.stacked
