"""How much work a loop is, as far as that is known when it starts."""

from __future__ import annotations

from collections.abc import Callable

from jitad.primitives.core import cost
from jitad.program.builder import is_const
from jitad.program.queries import free_variables
from jitad.program.statements import Block, Branch, Compute, Const, Dim, Loop, Operand, Var

MEMORY_COST = 2
"""An access of memory, in additions."""

UNKNOWN_TRIPS = 64
"""Iterations that an inner loop is taken to run when their number isn't known before the outer one runs."""

CALL_COST = 8


def work_of(loop: Loop, text: Callable[[Operand], str]) -> str:
    """An expression for the additions that a counted loop takes; ``text`` is what names operands."""
    inside = {loop.index, *loop.params}
    outside = {v for v in free_variables(loop.body, loop.yields) if v not in inside}
    trips = _trips(loop, text)
    return f"{trips} * ({_block(loop.body, outside, text)})"


def _trips(loop: Loop, text: Callable[[Operand], str]) -> str:
    assert loop.start is not None and loop.stop is not None and loop.step is not None
    start, stop, step = (text(o) for o in (loop.start, loop.stop, loop.step))
    if step == "1":
        return f"max({stop}, 0)" if start == "0" else f"max({stop} - {start}, 0)"
    return f"len(range({start}, {stop}, {step}))"


def _block(block: Block, outside: set[Var], text: Callable[[Operand], str]) -> str:
    fixed, parts = 1, []
    for statement in block:
        match statement:
            case Compute():
                fixed += cost(statement)
            case Dim():
                pass
            case Branch(then=then, otherwise=otherwise):
                parts += [f"({_block(arm, outside, text)}) // 2" for arm in (then, otherwise) if arm.statements]
            case Loop(body=body):
                inner = _block(body, outside, text)
                known = statement.is_counted and _known(statement, outside)
                parts.append(f"{_trips(statement, text) if known else UNKNOWN_TRIPS} * ({inner})")
            case _:
                fixed += MEMORY_COST
    return " + ".join([str(fixed), *parts])


def _known(loop: Loop, outside: set[Var]) -> bool:
    bounds = (loop.start, loop.stop, loop.step)
    return all(isinstance(bound, Const) or bound in outside for bound in bounds) and not is_const(loop.step, 0)
