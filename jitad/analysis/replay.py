"""Loops of terms that the reverse sweep runs again from their start, because a term's data are carried.

In ``for j in ...: total += c[j] * power; power *= t`` the adjoint of every term is that of the total, in whatever order
the reverse sweep visits the terms. Running forwards it computes the powers again, where backwards it would have to
record them.

Loops for which threads are asked, and whose iterations record more than rows of numbers, run again for another reason:
an iteration that is followed at once by its reversal needs a tape for itself only, which its thread can have.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from jitad.analysis.aliasing import Aliases, passes_on_arrays
from jitad.analysis.order import written_arrays
from jitad.analysis.plan import Plan
from jitad.analysis.sums import carried_sums
from jitad.primitives.core import cost
from jitad.program.queries import definitions, free_variables, sub_blocks, walk
from jitad.program.statements import (
    Alloc,
    Block,
    Branch,
    Call,
    Compute,
    Const,
    Dim,
    Load,
    Loop,
    Operand,
    Program,
    Release,
    Reshape,
    Statement,
    Store,
    Var,
    View,
    array_type,
)
from jitad.program.types import Array, Scalar

MOST_COST = 16
"""Running an iteration again may cost so many additions; beyond it, recording is cheaper."""


def is_replayed(loop: Loop, active: Container[Operand]) -> bool:
    """True when the reverse sweep had better run a loop again, which only reads memory and adds up terms."""
    if not loop.is_counted or any(isinstance(param.type, Array) for param in loop.params):
        return False
    flowing = {at for at, param in enumerate(loop.params) if param in active}
    if not flowing or len(flowing) == len(loop.params) or not flowing <= carried_sums(loop):
        return False
    statements = list(walk(loop.body))
    if not all(isinstance(s, Compute | Dim | Load | Loop | Branch) for s in statements) or passes_on_arrays(loop.body):
        return False
    return sum(cost(s) for s in statements if isinstance(s, Compute)) <= MOST_COST


def without_totals(loop: Loop, active: Container[Operand]) -> Loop:
    """The loop with sums that start from zero: the reverse sweep doesn't look at them."""
    inits = [
        Const(0.0, p.type) if p in active and isinstance(p.type, Scalar) else init
        for p, init in zip(loop.params, loop.inits, strict=True)
    ]
    return replace(loop, inits=inits)


def read_again(loop: Loop) -> list[Var]:
    """What running a loop again reads from outside it."""
    inside = {loop.index, *loop.params}
    found = [v for v in free_variables(loop.body, loop.yields) if v not in inside]
    found += [o for o in (*loop.inits, loop.start, loop.stop, loop.step) if isinstance(o, Var)]
    return found


def reads(loop: Loop) -> list[tuple[Load | Call, Var]]:
    """The loads and calls of a loop and of those nested in it, each with an array of which it reads elements."""
    found: list[tuple[Load | Call, Var]] = []
    for statement in walk(Block([loop])):
        if isinstance(statement, Load):
            found.append((statement, statement.array))
        elif isinstance(statement, Call):
            args = (a for a in statement.args if isinstance(a, Var) and isinstance(a.type, Array))
            found += [(statement, array) for array in args]
    return found


def outside_stores(loop: Loop, aliases: Aliases) -> list[Store] | None:
    """The stores into arrays from outside a loop, which reads none of these; None where there is more to it.

    They are all directly in the loop's body, at places that are known before an iteration runs.
    """
    if any(isinstance(param.type, Array) for param in loop.params) or passes_on_arrays(loop.body):
        return None
    allocated = {aliases.root(s.out) for s in walk(loop.body) if isinstance(s, Alloc)}
    own = {root for root in allocated if aliases.home(root) is not None}
    direct = {id(s) for s in loop.body}
    early: set[Operand] = {loop.index, *(v for v in free_variables(loop.body, loop.yields) if v not in loop.params)}
    early |= {v for s in _placing(loop, early) for v in definitions(s)}
    found: list[Store] = []
    for statement in walk(loop.body):
        for array in written_arrays(statement):
            if aliases.root(array) in own:
                continue
            if not isinstance(statement, Store) or id(statement) not in direct or array not in early:
                return None
            if not all(isinstance(index, Const) or index in early for index in statement.index):
                return None
            found.append(statement)
    stored = {aliases.root(store.array) for store in found}
    return None if any(aliases.root(array) in stored for _, array in reads(loop)) else found


def placing(loop: Loop) -> list[Compute | Dim]:
    """The statements of a body that compute from the loop's index and from what is outside, in order."""
    early: set[Operand] = {loop.index, *(v for v in free_variables(loop.body, loop.yields) if v not in loop.params)}
    return _placing(loop, early)


def _placing(loop: Loop, early: set[Operand]) -> list[Compute | Dim]:
    known, found = set(early), []
    for statement in loop.body:
        if isinstance(statement, Compute | Dim):
            sources = statement.args if isinstance(statement, Compute) else (statement.array,)
            if all(isinstance(source, Const) or source in known for source in sources):
                known.add(statement.out)
                found.append(statement)
    return found


def repeated_on_threads(program: Program, aliases: Aliases, plan: Plan, shadows: set[Var]) -> dict[Loop, Loop]:
    """The outermost loops on threads whose iterations would keep a tape of unknown size under a plan.

    With each comes the loop that the forward sweep runs: it keeps nothing, and its iterations give back what they take.
    """
    return {loop: _kept_nowhere(loop, shadows) for loop in _repeated(program.body, aliases, plan)}


def _kept_nowhere(loop: Loop, shadows: set[Var]) -> Loop:
    body = _giving_back(loop.body, shadows)
    return replace(loop, body=body, apart=True, order_free=not any(isinstance(s, Alloc) for s in walk(body)))


def _giving_back(block: Block, shadows: set[Var]) -> Block:
    """A block without shadows and their views, which gives its arrays back."""
    kept: list[Statement] = []
    for statement in block:
        match statement:
            case Alloc(out=out) | View(out=out) | Reshape(out=out) if out in shadows:
                continue
            case View(own=True):
                kept.append(replace(statement, own=False))
            case Loop(body=body, condition_block=head):
                head = None if head is None else _giving_back(head, shadows)
                kept.append(replace(statement, body=_giving_back(body, shadows), condition_block=head))
            case Branch(then=then, otherwise=otherwise):
                arms = [_giving_back(arm, shadows) for arm in (then, otherwise)]
                kept.append(replace(statement, then=arms[0], otherwise=arms[1]))
            case _:
                kept.append(statement)
    first: dict[str, Alloc] = {}
    for statement in kept:
        if isinstance(statement, Alloc):
            first.setdefault(array_type(statement.out).dtype, statement)
    return Block([*kept, *(Release(dtype, alloc.offset) for dtype, alloc in first.items())])


def _repeated(block: Block, aliases: Aliases, plan: Plan) -> list[Loop]:
    found: list[Loop] = []
    for statement in block:
        if isinstance(statement, Loop) and statement.parallel and statement.order_free:
            if statement not in plan.replayed and _stacks(statement, plan):
                found += [] if outside_stores(statement, aliases) is None else [statement]
        else:
            found += [loop for inner in sub_blocks(statement) for loop in _repeated(inner, aliases, plan)]
    return found


def _stacks(loop: Loop, plan: Plan) -> bool:
    """True when iterations of a loop take memory on the tape other than for numbers, one of each, that they record."""
    inner = [block for s in walk(loop.body) for block in sub_blocks(s)]
    arrays = any(isinstance(s, Alloc) and s not in plan.late for s in walk(loop.body))
    return arrays or any(plan.records.get(block) for block in inner) or any(s in plan.undone for s in walk(loop.body))
