"""Loops of terms that the reverse sweep runs again from their start, because a term's data are carried.

In ``for j in ...: total += c[j] * power; power *= t`` the adjoint of every term is that of the total, in whatever order
the reverse sweep visits the terms. Running forwards it computes the powers again, where backwards it would have to
record them.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from jitad.analysis.aliasing import passes_on_arrays
from jitad.analysis.sums import carried_sums
from jitad.primitives.core import cost
from jitad.program.statements import Block, Branch, Compute, Const, Dim, Load, Loop, Operand, Var, free_variables, walk
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


def loads(loop: Loop) -> list[Load]:
    """The loads of a loop and of those nested in it."""
    return [s for s in walk(Block([loop])) if isinstance(s, Load)]
