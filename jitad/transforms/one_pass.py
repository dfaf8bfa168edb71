"""Loops of independent terms: their forward and their reverse sweep in one pass.

In ``for i in ...: total += f(x[i])`` the adjoint of every term is that of the total. Where the rest of the program uses
the total linearly, that adjoint is known before the loop runs. An iteration can then be followed at once by its own
reversal: whatever it computed is still in variables, nothing is recorded, and nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from jitad.analysis.activity import Activity
from jitad.analysis.aliasing import Aliases, passes_on_arrays
from jitad.analysis.guards import Guards
from jitad.analysis.order import written_arrays
from jitad.analysis.plan import Plan
from jitad.analysis.replay import placing
from jitad.analysis.sums import carried_sums
from jitad.primitives.spec import ProgramPrimitive
from jitad.primitives.sums import add_to_sum
from jitad.program.builder import Builder
from jitad.program.queries import definitions, free_variables, walk
from jitad.program.rewrite import Copier, inline
from jitad.program.statements import (
    Alloc,
    Block,
    Call,
    Const,
    Loop,
    Operand,
    Pop,
    Program,
    Push,
    Release,
    Statement,
    Store,
    Var,
    array_type,
)
from jitad.program.types import Array, Scalar
from jitad.transforms.linear_tail import LinearTail
from jitad.transforms.scope import zero

_STACK = (Push, Pop, Alloc, Release)
"""Statements for which the order of iterations matters: the tape is a stack."""


def uses_stack(statement: Statement) -> bool:
    """True for a statement that takes or gives back memory on the tape."""
    return isinstance(statement, _STACK) or (
        isinstance(statement, Call) and isinstance(statement.primitive, ProgramPrimitive)
    )


@dataclass(frozen=True, eq=False)
class Within:
    """What an iteration takes over from the whole program.

    ``types`` are those of its shadows, ``seeds`` the adjoints of its results that are literals (None for the others),
    ``left_out`` says which of these results the program may leave out. ``sure`` are the positions of the seeds that
    aren't zero because something was left out.
    """

    types: Mapping[Var, Array]
    guards: Guards
    seeds: Sequence[Const | None]
    left_out: Sequence[bool]
    sure: Container[int] = ()


class Reversed(Protocol):
    """An adjoint program, and what it records."""

    @property
    def program(self) -> Program: ...

    @property
    def plan(self) -> Plan: ...


ReverseOf = Callable[[Program, Sequence[int], Sequence[int], Within], Reversed]
"""The adjoint of a program by parameters, of results that are seeded."""


@dataclass(frozen=True, eq=False)
class OnePass:
    """A loop that is reversed as it runs.

    ``before`` computes the adjoints ``finals`` of its carried sums (by position); it stands before the loop.
    ``active`` are the active values from outside that an iteration reads, ``stores`` its stores into arrays from
    outside, which its reversal leaves out: what they store counts as results. ``sure`` are the positions of the
    ``finals`` that aren't zero because something was left out.
    """

    loop: Loop
    before: Block
    finals: dict[int, Operand]
    active: tuple[Var, ...]
    stores: tuple[Store, ...] = ()
    sure: frozenset[int] = frozenset()

    def write(
        self, shadows: Mapping[Var, Var], guards: Guards, reverse_of: ReverseOf
    ) -> tuple[list[Statement], dict[Var, Var], Plan]:
        """What stands for the loop in the forward sweep, the adjoints of active numbers, and what is recorded."""
        loop = self.loop
        inside = {loop.index, *loop.params}
        outside = [v for v in free_variables(loop.body, loop.yields) if v not in inside]
        kept = Block([s for s in loop.body if s not in self.stores])
        stored = [s for s in self.stores[::-1] if isinstance(s.value, Var) and s.array in shadows]
        results = [*loop.yields, *(s.value for s in stored)]
        iteration = Program("iteration", [loop.index, *loop.params, *outside], kept, results, loop.origin)
        wrt = [at for at, param in enumerate(iteration.params) if param in self.active]
        numbers = [v for v in iteration.params if v in self.active and isinstance(v.type, Scalar)]
        arrays = [shadows[v] for v in iteration.params if v in self.active and isinstance(v.type, Array)]
        types = {v: array_type(shadows[v]) for v in self.active if v in shadows}
        finals = self.finals.values()
        literals = [final if isinstance(final, Const) else None for final in finals]
        seeded = [*(loop.yields[at] for at in self.finals), *(s.value for s in stored)]
        left_out = [guards.leaves_out(value) for value in seeded]
        sure = {place for place, at in enumerate(self.finals) if at in self.sure}
        within = Within(types, guards, [*literals, *(None for _ in stored)], left_out, sure)
        count = len(loop.yields)
        reverse = reverse_of(iteration, wrt, [*self.finals, *range(count, count + len(stored))], within)
        made = reverse.program
        body = Builder()
        seeds = [*(f for f in finals if isinstance(f, Var)), *self._adjoints_of(stored, shadows, body)]
        given = zip(made.params, [*iteration.params, *seeds, *arrays], strict=True)
        results = inline(made, dict(given), body)
        del results[count : count + len(stored)]
        sums, bars = ([Var(f"{v.name}_bar", v.type) for v in numbers] for _ in range(2))
        whole = replace(
            loop,
            params=[*loop.params, *sums],
            inits=[*loop.inits, *(zero(v) for v in numbers)],
            body=body.block,
            yields=[
                *results[:count],
                *(body.compute(add_to_sum, *each) for each in zip(sums, results[count:], strict=True)),
            ],
            results=[*loop.results, *bars],
            order_free=loop.order_free and not any(uses_stack(s) for s in walk(body.block)),
            apart=loop.order_free,
        )
        return [*self.before, whole], dict(zip(numbers, bars, strict=True)), reverse.plan

    def _adjoints_of(self, stored: Sequence[Store], shadows: Mapping[Var, Var], body: Builder) -> list[Var]:
        """Load the adjoints of what is stored, the last store first, and clear them."""
        copier = Copier(lambda var: var)
        for statement in placing(self.loop) if self.stores else ():
            copier.statement(statement, body)
        found = []
        for store in self.stores[::-1]:
            if store.array in shadows:
                shadow, index = shadows[store.array], copier.all(store.index)
                if store in stored:
                    found.append(body.load(shadow, index))
                body.store(shadow, index, Const(0.0, array_type(shadow).element))
        return found


def active_inputs(loop: Loop, activity: Activity) -> tuple[Var, ...]:
    """What an iteration reads from outside the loop that has derivatives."""
    inside = {loop.index, *loop.params}
    return tuple(v for v in free_variables(loop.body, loop.yields) if v not in inside and v in activity)


def find_one_pass(
    program: Program,
    activity: Activity,
    aliases: Aliases,
    guards: Guards,
    seeds: Mapping[Var, Operand],
    sure: Container[Operand] = (),
) -> list[OnePass]:
    """The loops of a program's outermost block that can be reversed as they run.

    ``seeds`` are the adjoints of the program's numeric results; nothing leaves out those that are ``sure``.
    """
    found = []
    for at, statement in enumerate(program.body):
        if isinstance(statement, Loop):
            one = _Candidate(program, at, statement, activity, aliases, guards).examined(seeds, sure)
            if one is not None:
                found.append(one)
    return found


class _Candidate:
    def __init__(
        self, program: Program, at: int, loop: Loop, activity: Activity, aliases: Aliases, guards: Guards
    ) -> None:
        self._program = program
        self._at = at
        self._loop = loop
        self._active = activity
        self._aliases = aliases
        self._guards = guards

    def examined(self, seeds: Mapping[Var, Operand], sure: Container[Operand]) -> OnePass | None:
        loop = self._loop
        carried = [at for at, param in enumerate(loop.params) if param in self._active]
        if not carried or any(isinstance(param.type, Array) for param in loop.params):
            return None
        if not set(carried) <= carried_sums(loop) or not self._keeps_to_itself():
            return None
        active = active_inputs(loop, self._active)
        if self._in_head(active) or self._written_later(active):
            return None
        tail = LinearTail(self._program, self._at, self._active, self._guards)
        finals = tail.adjoints([loop.results[at] for at in carried], seeds)
        if finals is None:
            return None
        known = {at: final for at, final in zip(carried, finals, strict=True) if final is not None}
        flowing = frozenset(at for at, final in known.items() if tail.flows(final, sure))
        return OnePass(loop, tail.before, known, active, sure=flowing) if known else None

    def _keeps_to_itself(self) -> bool:
        """True when an iteration writes only to arrays of its own, and gives no array another name as it runs.

        Such names are how copies come about: an iteration has its own copy of an array from outside that it may pass
        on, which would cost more than the iteration.
        """
        own = {self._aliases.root(s.out) for s in walk(self._loop.body) if isinstance(s, Alloc)}
        written = {self._aliases.root(array) for s in walk(self._loop.body) for array in written_arrays(s)}
        return written <= own and not passes_on_arrays(self._loop.body)

    def _in_head(self, active: Sequence[Var]) -> bool:
        """True when the block that decides about another iteration makes something that has derivatives."""
        head = self._loop.condition_block
        return head is not None and any(v in active for s in walk(head) for v in definitions(s))

    def _written_later(self, active: Sequence[Var]) -> bool:
        """True when the contents of an active array change after the loop: its shadow then isn't the loop's."""
        roots = {self._aliases.root(v) for v in active if isinstance(v.type, Array)}
        later = Block(self._program.body.statements[self._at + 1 :])
        return any(self._aliases.root(array) in roots for s in walk(later) for array in written_arrays(s))
