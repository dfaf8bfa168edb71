"""What is known while reading about the integers and arrays of a program: bounds, and which memory is apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.statements import Const, Operand, Var, array_type
from jitad.reading.context import Context


@dataclass
class ArrayFacts:
    """Lower bounds of integers, the base of each view, and what is known of arrays that are memory of their own.

    ``distinct`` arrays are apart from each other, and so are the arrays of each group in ``apart``.
    """

    lower_bounds: dict[Var, int] = field(default_factory=dict)
    bases: dict[Var, Var] = field(default_factory=dict)
    distinct: set[Var] = field(default_factory=set)
    apart: list[frozenset[Var]] = field(default_factory=list)


def facts(ctx: Context) -> ArrayFacts:
    """The facts that belong to one reading."""
    found: ArrayFacts = vars(ctx).setdefault("array_facts", ArrayFacts())
    return found


def note_at_least(ctx: Context, operand: Operand, bound: int = 0) -> Operand:
    """Remember that an integer is never below ``bound``; gives the operand back."""
    if isinstance(operand, Var):
        bounds = facts(ctx).lower_bounds
        bounds[operand] = max(bound, bounds.get(operand, bound))
    return operand


def note_range(ctx: Context, index: Var, start: Operand, stop: Operand, step: Operand) -> None:
    """Remember what ``range(start, stop, step)`` says of its index."""
    if not isinstance(step, Const):
        return
    bound = lower_bound(ctx, start) if step.value > 0 else lower_bound(ctx, stop)
    if bound is not None:
        note_at_least(ctx, index, bound if step.value > 0 else bound + 1)


def note_distinct(ctx: Context, array: Var) -> None:
    """Remember that an array is memory of its own: a parameter of the program or a fresh allocation."""
    facts(ctx).distinct.add(array)


def note_apart(ctx: Context, arrays: Iterable[Var]) -> None:
    """Remember that these arrays are different memory from each other."""
    facts(ctx).apart.append(frozenset(arrays))


def lower_bound(ctx: Context, operand: Operand) -> int | None:
    """An integer that ``operand`` is never below, or None when nothing is known."""
    if isinstance(operand, Const):
        return int(operand.value)
    known = facts(ctx).lower_bounds.get(operand)
    if known is not None:
        return known
    made = ctx.builder.made_by(operand)
    if made is None:
        return None
    if made.primitive is core.mod and isinstance(made.args[1], Const) and made.args[1].value > 0:
        return 0
    if made.primitive is core.casts["int64"] and str(made.args[0].type) in ("int32", "int16", "int8", "bool"):
        return lower_bound(ctx, made.args[0])
    if made.primitive not in (core.add, core.sub, core.mul, core.floordiv):
        return None
    first, second = (lower_bound(ctx, arg) for arg in made.args)
    if first is None or second is None:
        return None
    if made.primitive is core.add:
        return first + second
    if made.primitive is core.sub:
        return first - second if isinstance(made.args[1], Const) else None
    if made.primitive is core.mul:
        return first * second if first >= 0 and second >= 0 else None
    divisor = made.args[1]
    return first // int(divisor.value) if isinstance(divisor, Const) and divisor.value > 0 else None


def is_nonnegative(ctx: Context, operand: Operand) -> bool:
    """True when an integer is known never to be negative."""
    bound = lower_bound(ctx, operand)
    return bound is not None and bound >= 0


def smaller(builder: Builder, a: Operand, b: Operand) -> Operand:
    """``min(a, b)`` of integers."""
    return a if a is b else builder.select(builder.compute(core.lt, a, b), a, b)


def larger(builder: Builder, a: Operand, b: Operand) -> Operand:
    """``max(a, b)`` of integers."""
    return a if a is b else builder.select(builder.compute(core.lt, a, b), b, a)


def not_below_zero(ctx: Context, operand: Operand) -> Operand:
    """``max(operand, 0)``."""
    if is_nonnegative(ctx, operand):
        return operand
    return note_at_least(ctx, larger(ctx.builder, operand, const_int(0)))


def root(ctx: Context, array: Var) -> Var:
    """The array that ``array`` is a view of, through views of views."""
    bases = facts(ctx).bases
    while array in bases:
        array = bases[array]
    return array


def may_alias(ctx: Context, a: Var, b: Var) -> bool:
    """True unless two array variables are known to be different memory."""
    first, second = root(ctx, a), root(ctx, b)
    if first is second:
        return True
    if array_type(first).dtype != array_type(second).dtype:
        return False
    known = facts(ctx)
    return not any(first in group and second in group for group in (known.distinct, *known.apart))
