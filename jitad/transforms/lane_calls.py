"""Calls of libraries on arrays that have lanes.

A product of a matrix with vectors side by side is one product of matrices. Any other call is made once for each lane,
on copies of that lane.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jitad.primitives.linear import matmul
from jitad.program.builder import Builder, const_int
from jitad.program.statements import (
    Call,
    Operand,
    Var,
    ViewAxis,
    array_type,
    counted_loop,
)
from jitad.program.types import INT64, Array
from jitad.transforms.localize import for_each
from jitad.transforms.scope import releases

_ZERO, _ONE = const_int(0), const_int(1)


@dataclass(frozen=True)
class LanedCall:
    """A call as it was, and the arrays and numbers ``with_lanes`` that stand for some of its operands.

    All destinations have lanes.
    """

    call: Call
    with_lanes: Mapping[Var, Var]
    width: int

    def __call__(self, operand: Operand) -> Operand:
        return self.with_lanes.get(operand, operand) if isinstance(operand, Var) else operand

    def array(self, operand: Operand) -> Var:
        """The array that stands for an operand."""
        var = self(operand)
        assert isinstance(var, Var)
        return var


def write_call(laned: LanedCall, builder: Builder) -> None:
    """Append what does the call in every lane."""
    if laned.call.primitive is not matmul or not _write_product(laned, builder):
        _write_lane_by_lane(laned, builder)


# Any call, one lane after the other


def _write_lane_by_lane(laned: LanedCall, builder: Builder) -> None:
    """The call on contiguous copies of one lane, whose memory is given back."""
    start = len(builder.block.statements)
    own: dict[Operand, Var] = {}
    for operand in (*laned.call.outs, *laned.call.args):
        source = laned(operand)
        if source is operand or operand in own:
            continue
        assert isinstance(operand, Var) and isinstance(source, Var)
        if isinstance(source.type, Array):
            shape = [builder.dim(source, axis) for axis in range(source.type.ndim - 1)]
            own[operand] = builder.alloc(f"{source.name}_lane", source.type.dtype, shape)
        else:  # a number: its lanes go to memory, to be read one by one
            own[operand] = builder.alloc(f"{source.name}_lanes", source.type.dtype, [const_int(laned.width)])
            builder.store(own[operand], (), source)
    taken = releases(builder.block.statements[start:])
    lane, inner = Var("lane", INT64), builder.nested()
    values: dict[Operand, Operand] = {}
    for operand, copy in own.items():
        if isinstance(operand.type, Array):
            _copy(inner, laned.array(operand), copy, lane, to_lane=False)
            values[operand] = copy
        else:
            values[operand] = inner.load(copy, (lane,))
    outs = tuple(own[out] for out in laned.call.outs)
    args = tuple(values.get(arg, arg) for arg in laned.call.args)
    inner.add(Call(laned.call.primitive, outs, args, laned.call.accumulate))
    for out in dict.fromkeys(laned.call.outs):
        _copy(inner, laned.array(out), own[out], lane, to_lane=True)
    builder.add(counted_loop(lane, (_ZERO, const_int(laned.width), _ONE), inner.block))
    for release in taken:
        builder.add(release)


def _copy(builder: Builder, with_lanes: Var, copy: Var, lane: Var, *, to_lane: bool) -> None:
    def element(inner: Builder, index: list[Operand]) -> None:
        if to_lane:
            inner.store(with_lanes, [*index, lane], inner.load(copy, index))
        else:
            inner.store(copy, index, inner.load(with_lanes, [*index, lane]))

    for_each(builder, copy, element)


# Products of matrices


def _write_product(laned: LanedCall, builder: Builder) -> bool:
    """The product of an operand that has lanes and one that hasn't, on the arrays as they are; False for others."""
    (out,), (a, b) = laned.call.outs, laned.call.args
    assert isinstance(a, Var) and isinstance(b, Var)
    if (a in laned.with_lanes) == (b in laned.with_lanes):
        return False
    target, accumulate = laned.array(out), laned.call.accumulate

    def product(inner: Builder, result: Var, left: Var, right: Var) -> None:
        inner.add(Call(matmul, (result,), (left, right), accumulate))

    first, moving = (a, laned.array(b)) if b in laned.with_lanes else (_transposed(builder, b), laned.array(a))
    vector = array_type(moving).ndim == 2
    if vector:  # each lane is a vector: x @ b is b.T @ x
        product(builder, target, first, moving)
    elif b in laned.with_lanes and array_type(target).layout == array_type(moving).layout == "C":
        product(builder, _flattened(builder, target), first, _flattened(builder, moving))
    elif b in laned.with_lanes:  # column by column
        last = array_type(target).ndim - 2
        for inner, at in _along(builder, target, last):
            product(inner, _part(inner, target, last, at), first, _part(inner, moving, 1, at))
    else:  # row by row
        for inner, at in _along(builder, target, 0):
            product(inner, _part(inner, target, 0, at), first, _part(inner, moving, 0, at))
    return True


def _along(builder: Builder, array: Var, axis: int) -> Iterator[tuple[Builder, Var]]:
    """A loop along an axis: the builder of its body, and its index."""
    index, inner = Var("i", INT64), builder.nested()
    length = builder.dim(array, axis)
    yield inner, index
    builder.add(counted_loop(index, (_ZERO, length, _ONE), inner.block))


def _transposed(builder: Builder, array: Var) -> Var:
    type_ = array_type(array)
    if type_.ndim == 1:
        return array
    axes = [ViewAxis(builder.dim(array, axis), axis, _ONE) for axis in (1, 0)]
    return builder.view(array, (_ZERO, _ZERO), axes, {"C": "F", "F": "C"}.get(type_.layout, "A"))


def _flattened(builder: Builder, array: Var) -> Var:
    """A C-contiguous array with its last two axes (the columns and their lanes) as one."""
    lengths = [builder.dim(array, axis) for axis in range(array_type(array).ndim)]
    return builder.reshape(array, [*lengths[:-2], builder.times(lengths[-2], lengths[-1])])


def _part(builder: Builder, array: Var, axis: int, at: Operand) -> Var:
    """The array at one place of an axis."""
    type_ = array_type(array)
    starts: Sequence[Operand] = [at if k == axis else _ZERO for k in range(type_.ndim)]
    axes = [ViewAxis(builder.dim(array, k), k, _ONE) for k in range(type_.ndim) if k != axis]
    return builder.view(array, starts, axes, "C" if type_.layout == "C" and axis == 0 else "A")
