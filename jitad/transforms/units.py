"""Unit vectors that a sweep reads number by number: computed where they are read, without memory.

A lane of the number at ``position`` among all sources of a sweep is 1 for the unit vector of that position, else 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from jitad.primitives import core
from jitad.primitives.lanes import unit
from jitad.program.builder import Builder, const_int
from jitad.program.queries import own_reads, walk
from jitad.program.statements import (
    Block,
    Branch,
    Compute,
    Const,
    Dim,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Var,
    array_type,
)
from jitad.program.types import Scalar


def only_read(program: Program, sources: Collection[Var]) -> set[Var]:
    """The arrays among parameters of which a program reads all lanes of elements, and lengths, and nothing else."""
    found = set(sources).difference(result for result in program.results if isinstance(result, Var))
    for statement in walk(program.body):
        reads = list(own_reads(statement))
        if isinstance(statement, Dim) or (isinstance(statement, Load) and lane_count(statement.out)):
            reads.remove(statement.array)
        found.difference_update(read for read in reads if isinstance(read, Var))
    return found


def lane_count(value: Var) -> int:
    """How many lanes a value has; 0 for a plain number."""
    return value.type.lanes if isinstance(value.type, Scalar) else 0


@dataclass(frozen=True)
class Unit:
    """A source of which elements are computed: its shape, and the position of its first one, less the first lane's."""

    shape: Sequence[Operand]
    start: Operand


def with_units(block: Block, units: Mapping[Var, Unit], width: int, builder: Builder) -> None:
    """Append a block to ``builder``'s, in which elements of ``units`` are computed."""
    for statement in block:
        with builder.at(statement.origin):
            new = _statement(statement, units, width, builder)
        builder.add(new)


def _statement(statement: Statement, units: Mapping[Var, Unit], width: int, builder: Builder) -> Statement:
    match statement:
        case Load(out=out, array=array, index=index) if array in units:
            position = builder.plus(_linear(builder, index, units[array].shape), units[array].start)
            dtype = array_type(array).dtype
            if out.type == Scalar(dtype) and width > 1:  # one lane of it
                is_one = builder.compute(core.eq, position, index[-1])
                return Compute(out, core.select, (is_one, Const(1.0, out.type), Const(0.0, out.type)))
            return Compute(out, unit(width, dtype), (position,))
        case Dim(out=out, array=array, axis=axis) if array in units:
            return Compute(out, core.pos, (units[array].shape[axis],))
        case Loop(body=body, condition_block=head):
            head = None if head is None else _nested(head, units, width, builder)
            return replace(statement, body=_nested(body, units, width, builder), condition_block=head)
        case Branch(then=then, otherwise=otherwise):
            arms = (_nested(arm, units, width, builder) for arm in (then, otherwise))
            return replace(statement, then=next(arms), otherwise=next(arms))
    return statement


def _nested(block: Block, units: Mapping[Var, Unit], width: int, builder: Builder) -> Block:
    inner = builder.nested()
    with_units(block, units, width, inner)
    return inner.block


def _linear(builder: Builder, index: Sequence[Operand], shape: Sequence[Operand]) -> Operand:
    """The number of an element, in the order of C."""
    number: Operand = const_int(0)
    for at, length in zip(index, shape, strict=False):
        number = at if number == const_int(0) else builder.plus(builder.times(number, length), at)
    return number
