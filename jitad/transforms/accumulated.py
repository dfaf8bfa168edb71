"""Whole Jacobians in forward mode, without a sweep: where it pays to find all partial derivatives at once.

See ``accumulation`` for when that can be, and how.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.statements import Block, Branch, Const, Operand, Program, Var
from jitad.program.types import BOOL, Array
from jitad.transforms.accumulation import Accumulated, accumulate
from jitad.transforms.bundles import Side, block_index, sides, taken_apart
from jitad.transforms.deadarrays import remove_dead_arrays
from jitad.transforms.elements import NotAccumulable, Source
from jitad.transforms.expand import expand
from jitad.transforms.share import is_long
from jitad.transforms.tangent import tangent


def accumulated_jacobian(
    program: Program,
    wrt: Sequence[int],
    dependents: Sequence[int],
    *,
    width: int | None = None,
    values: bool = True,
    in_bundles: bool = False,
) -> Program:
    """The program of the Jacobian blocks of the results at ``dependents``, as ``forward_jacobian`` describes it.

    With a ``width``, only where that costs no more than so many lanes.
    Raises ``NotAccumulable`` where derivatives flow through longer loops or calls, or where it would cost more, and
    ``MissingRuleError`` when a derivative would flow through a function without a rule.
    """
    made = remove_dead_arrays(tangent(program, wrt, dependents).program)
    if is_long(made):
        raise NotAccumulable
    made = expand(made)
    count = len(program.params)
    params, directions = made.params[:count], made.params[count:]
    builder = Builder()
    found = accumulate(made, directions, len(dependents), builder)
    if width is not None and found.cost > found.lanes_cost(width):
        raise NotAccumulable
    of = _sides(builder, [found.values[at] for at in dependents])
    by = _sides(builder, [params[at] for at in wrt])
    blocks = [(_filled(builder, row, column, found, directions), row, column) for row in of for column in by]
    parts: list[Operand] = [block for block, _, _ in blocks] if in_bundles else taken_apart(builder, blocks)
    results = [*(found.values if values else []), *parts]
    whole = Program(f"{program.name}_jacobian", params, builder.block, results, program.origin)
    return remove_dead_arrays(whole)


def _sides(builder: Builder, operands: Sequence[Operand]) -> list[Side]:
    shapes = [
        [builder.dim(operand, axis) for axis in range(operand.type.ndim)]
        if isinstance(operand, Var) and isinstance(operand.type, Array)
        else []
        for operand in operands
    ]
    return sides([operand.type for operand in operands], shapes)


def _filled(builder: Builder, of: Side, by: Side, found: Accumulated, directions: Sequence[Var]) -> Var:
    """The block of the derivatives of one bundle by another."""
    columns = {directions[member]: place for place, member in enumerate(by.bundle.members)}
    stored: dict[Source, list[tuple[list[Operand], Operand]]] = {}
    for output in found.outputs:
        if output.place not in of.bundle.members:
            continue
        row = output.index if of.bundle.is_array else (const_int(of.bundle.members.index(output.place)),)
        for source, partial in output.row.items():
            if source.direction in columns:
                column = source.index if by.bundle.is_array else (const_int(columns[source.direction]),)
                stored.setdefault(source, []).append((block_index(of.bundle, by.bundle, row, column), partial))
    shape = block_index(of.bundle, by.bundle, of.shape, by.shape)
    are_apart = all(source.is_fixed for source in stored)
    is_full = are_apart and found.read.issuperset(stored) and sum(map(len, stored.values())) == _size(shape)
    block = builder.alloc("jacobian", of.bundle.dtype, shape, None if is_full else 0)
    for source, partials in stored.items():
        inside = builder if source in found.read else builder.nested()
        put = inside.store if are_apart else inside.accumulate
        for index, partial in partials:
            put(block, index, partial)
        if inside is not builder:
            builder.add(Branch(_exists(builder, source, by), inside.block, [], Block(), [], []))
    return block


def _exists(builder: Builder, source: Source, side: Side) -> Operand:
    """True when an array has an element."""
    condition: Operand = Const(True, BOOL)
    for at, length in zip(source.index, side.shape, strict=True):
        condition = builder.compute(core.and_, condition, builder.compute(core.lt, at, length))
    return condition


def _size(shape: Sequence[Operand]) -> int | None:
    """How many elements an array of this shape has; None where that isn't known."""
    lengths = [length.value for length in shape if isinstance(length, Const)]
    return math.prod(int(length) for length in lengths) if len(lengths) == len(shape) else None
