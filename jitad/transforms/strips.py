"""Loops over what is near the ends of a range, or over all of it."""

from __future__ import annotations

from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.statements import Const, Operand, Var


def ends_or_all(
    outer: Builder, inner: Builder, near: Operand, turn: Var, count: Operand, before: int, after: int
) -> tuple[Operand, Operand]:
    """For a loop's ``turn``, the place out of ``count`` that it visits; how many turns the loop has.

    These are the first places, ``before`` of them, and the last ``after``, each once; all places where ``near`` holds.
    The loop is built by ``outer`` and its body by ``inner``.
    """
    both = const_int(before + after)
    ends = outer.select(outer.compute(core.lt, count, both), count, both)
    visited = outer.select(near, count, ends)
    skipped = inner.plus(turn, outer.minus(count, visited))
    return inner.select(inner.compute(core.lt, turn, const_int(before)), turn, skipped), visited


def either(builder: Builder, a: Operand, b: Operand) -> Operand:
    """``a | b``; a literal ``a`` is False."""
    return b if isinstance(a, Const) else builder.compute(core.or_, a, b)


def both(builder: Builder, a: Operand, b: Operand) -> Operand:
    """``a & b``; a literal ``a`` is True."""
    return b if isinstance(a, Const) else builder.compute(core.and_, a, b)
