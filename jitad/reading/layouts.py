"""Give arrays that flow together one layout.

Postcondition: the inits and yields of a loop, and the yields of a branch, have the layouts of the parameters and
results that they flow into. A contiguous array that joins strided ones is seen through a strided view of all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jitad.program.builder import Builder, const_int
from jitad.program.statements import Block, Branch, Loop, Operand, Program, Statement, Var, ViewAxis
from jitad.program.types import Array


def one_layout_per_flow(program: Program) -> Program:
    """The same program with views where layouts differ."""
    return replace(program, body=_block(program.body, [], [])[0])


def _block(block: Block, yields: Sequence[Operand], targets: Sequence[Var]) -> tuple[Block, list[Operand]]:
    builder = Builder()
    for statement in block:
        builder.add(_statement(statement, builder))
    return builder.block, _seen_as(builder, yields, targets)


def _statement(statement: Statement, builder: Builder) -> Statement:
    if isinstance(statement, Loop):
        inits = _seen_as(builder, statement.inits, statement.params)
        body, yields = _block(statement.body, statement.yields, statement.params)
        return replace(statement, inits=inits, body=body, yields=yields)
    if isinstance(statement, Branch):
        then, then_yields = _block(statement.then, statement.then_yields, statement.results)
        otherwise, otherwise_yields = _block(statement.otherwise, statement.otherwise_yields, statement.results)
        return replace(
            statement, then=then, then_yields=then_yields, otherwise=otherwise, otherwise_yields=otherwise_yields
        )
    return statement


def _seen_as(builder: Builder, values: Sequence[Operand], targets: Sequence[Var]) -> list[Operand]:
    return [_viewed(builder, value, target) for value, target in zip(values, targets, strict=True)]


def _viewed(builder: Builder, value: Operand, target: Var) -> Operand:
    if not isinstance(value, Var) or not isinstance(target.type, Array) or value.type == target.type:
        return value
    one = const_int(1)
    axes = [ViewAxis(builder.dim(value, axis), axis, one) for axis in range(target.type.ndim)]
    return builder.view(value, [const_int(0)] * target.type.ndim, axes, target.type.layout)
