"""Write ``maximum(a, b)`` as a comparison and a selection, so that a reverse sweep needs only the truth value.

The rule of such a function compares its arguments again. With the comparison as a value of its own, the forward sweep
can record that: one byte, where the old contents of an array take eight.

Postcondition: the same values, nan included; no active call of these functions on floating-point numbers is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jitad.analysis.activity import Activity
from jitad.primitives import core, larger
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.builder import Builder
from jitad.program.statements import Block, Branch, Compute, Loop, Operand, Program

Condition = Callable[[Builder, Operand, Operand], Operand]


def write_out_selections(program: Program, activity: Activity) -> Program:
    """The same program with what is active written out."""
    return replace(program, body=_block(program.body, activity))


def _block(block: Block, activity: Activity) -> Block:
    builder = Builder()
    for statement in block:
        match statement:
            case Loop(body=body):
                builder.add(replace(statement, body=_block(body, activity)))
            case Branch(then=then, otherwise=otherwise):
                builder.add(replace(statement, then=_block(then, activity), otherwise=_block(otherwise, activity)))
            case Compute(out=out, primitive=primitive, args=args) if primitive in CONDITIONS and out in activity:
                if out.type.is_float and all(arg.type == out.type for arg in args):
                    with builder.at(statement.origin):
                        condition = CONDITIONS[primitive](builder, *args)
                        builder.add(replace(statement, primitive=core.select, args=(condition, *args)))
                else:
                    builder.add(statement)
            case _:
                builder.add(statement)
    return builder.block


def _or_nan(comparison: ScalarPrimitive, which: int) -> Condition:
    """``a`` compares to ``b`` so, or one of them is nan."""

    def condition(builder: Builder, *args: Operand) -> Operand:
        takes = builder.compute(comparison, *args)
        is_number = builder.compute(core.ge, args[which], args[which])  # a kernel's own test for nan is ``!=``
        return builder.compute(core.or_, takes, builder.compute(core.not_, is_number))

    return condition


def _not(comparison: ScalarPrimitive) -> Condition:
    """``b`` doesn't compare to ``a`` so."""

    def condition(builder: Builder, a: Operand, b: Operand) -> Operand:
        return builder.compute(core.not_, builder.compute(comparison, b, a))

    return condition


_WRITTEN_OUT = {
    "max": _not(core.gt),
    "min": _not(core.lt),
    "maximum": _or_nan(core.ge, 0),
    "minimum": _or_nan(core.le, 0),
    "fmax": _or_nan(core.ge, 1),
    "fmin": _or_nan(core.le, 1),
}
CONDITIONS: dict[object, Condition] = {primitive: _WRITTEN_OUT[primitive.name] for primitive in larger.PRIMITIVES}
"""When each of these functions takes its first argument; as their rules and their emitted source say."""
