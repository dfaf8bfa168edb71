"""What is known while reading about the integers and arrays of a program: bounds, and which memory is apart."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.statements import Const, Operand, Var, array_type
from jitad.reading.context import Context


@dataclass
class ArrayFacts:
    """Lower bounds of integers, the base of each view, and what is known of arrays that are memory of their own.

    ``distinct`` arrays are apart from each other, and so are the arrays of each group in ``apart``. ``allocated``
    arrays are fresh memory. Each of the ``exchanged`` arrays is always one of those given; each of the ``drawn`` ones
    is one of those given or fresh memory of one loop, which the first of the pair stands for.
    """

    lower_bounds: dict[Var, int] = field(default_factory=dict)
    bases: dict[Var, Var] = field(default_factory=dict)
    distinct: set[Var] = field(default_factory=set)
    apart: list[frozenset[Var]] = field(default_factory=list)
    allocated: set[Var] = field(default_factory=set)
    exchanged: dict[Var, frozenset[Var]] = field(default_factory=dict)
    drawn: dict[Var, tuple[object, frozenset[Var]]] = field(default_factory=dict)


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


def note_allocated(ctx: Context, array: Var) -> None:
    """Remember that an array is fresh memory."""
    note_distinct(ctx, array)
    facts(ctx).allocated.add(array)


def note_exchanged(ctx: Context, arrays: Iterable[Var], sources: Iterable[Var]) -> None:
    """Remember that each of ``arrays`` is always one of ``sources``, and that they are apart from each other."""
    group, given = frozenset(arrays), frozenset(root(ctx, source) for source in sources)
    facts(ctx).apart.append(group)
    facts(ctx).exchanged.update(dict.fromkeys(group, given))


def note_drawn(ctx: Context, arrays: Iterable[Var], sources: Iterable[Var]) -> None:
    """Remember that each of ``arrays``, which a loop carries, is one of ``sources`` or memory allocated in the loop."""
    loop, given = object(), frozenset(root(ctx, source) for source in sources)
    facts(ctx).drawn.update(dict.fromkeys(arrays, (loop, given)))


def is_drawn_from(ctx: Context, array: Var, sources: Container[Var], oldest: Var) -> bool:
    """True when an array is known to be one of ``sources``, or memory allocated since there is ``oldest``."""
    known, base = facts(ctx), root(ctx, array)
    if base in sources:
        return True
    if base.serial < oldest.serial:
        return False
    if base in known.drawn:
        return all(is_drawn_from(ctx, source, sources, oldest) for source in known.drawn[base][1])
    if base in known.exchanged:
        return all(is_drawn_from(ctx, source, sources, oldest) for source in known.exchanged[base])
    return base in known.allocated


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
    if any(first in group and second in group for group in (known.distinct, *known.apart)):
        return False
    for one, other in ((first, second), (second, first)):
        if one in known.allocated and other.serial < one.serial:  # it was there before that memory was
            return False
        if one in known.exchanged:
            return any(may_alias(ctx, source, other) for source in known.exchanged[one])
        if one in known.drawn:
            loop, sources = known.drawn[one]
            same = other in known.drawn and known.drawn[other][0] is loop
            return same or any(may_alias(ctx, source, other) for source in sources)
    return True
