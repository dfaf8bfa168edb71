"""Which function reads a call of which NumPy function on complex numbers and arrays."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.primitives import core
from jitad.primitives.complexes import arithmetic
from jitad.primitives.core import stop_gradient
from jitad.primitives.views import view_as_complex, view_as_real
from jitad.program.builder import const_int
from jitad.program.statements import Const
from jitad.program.types import BOOL
from jitad.reading.arrays import joining, methods, shapes, splitting
from jitad.reading.arrays.creation import diag
from jitad.reading.arrays.handlers import transpose
from jitad.reading.arrays.reductions import trace as real_trace
from jitad.reading.complexes import choices, creation, functions, operations, parts, products, reductions
from jitad.reading.context import Context
from jitad.reading.values import (
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    GridValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

Handler = Callable[..., Value]


def _part(which: int) -> Handler:
    def part(ctx: Context, val: Value) -> Value:
        return parts.part_of(ctx, val, which)

    return part


def _answer(answer: bool) -> Handler:
    """What asks for the kind of a value."""

    def test(ctx: Context, x: Value) -> Value:
        found = any(isinstance(leaf, ComplexValue | ComplexArrayValue | ComplexLazy) for leaf in parts.numbers_in(x))
        return ScalarValue(Const(found is answer, BOOL))

    return test


def _shape(handler: Handler) -> Handler:
    """What asks for the shape of an array."""

    def ask(ctx: Context, a: Value, *args: Value) -> Value:
        return handler(ctx, parts.part_of(ctx, functions.array_in(ctx, a), 0), *args)

    return ask


def _ndim(ctx: Context, a: Value) -> Value:
    return ScalarValue(const_int(functions.array_in(ctx, a).ndim))


def _isscalar(ctx: Context, element: Value) -> Value:
    return ScalarValue(Const(isinstance(element, ComplexValue), BOOL))


def _ndenumerate(ctx: Context, arr: Value) -> Value:
    array = parts.in_memory(ctx, functions.array_in(ctx, arr))
    return GridValue(array.shape, array)


def fill(ctx: Context, a: Value, value: Value) -> Value:
    """Store one number everywhere."""
    from jitad.reading.complexes.stores import assign

    if not isinstance(a, ComplexArrayValue):
        operations.refuse_complex(ctx, "fill with a complex number of an array of real ones", "make a complex array")
    assign(ctx, a, value)
    return StaticValue(None)


def trace(ctx: Context, a: Value) -> Value:
    return functions.by_parts(real_trace)(ctx, a)


def _sum(ctx: Context, iterable: Value, start: Value | None = None) -> Value:
    """Python's ``sum`` of a vector or of the items of a tuple or list."""
    total: Value = ScalarValue(const_int(0)) if start is None else start
    if isinstance(iterable, SequenceValue):
        for item in iterable.items:
            total = ctx.apply(core.add, [total, item])
        return total
    array = functions.array_in(ctx, iterable)
    if array.ndim != 1:
        operations.refuse_complex(ctx, "sum() of an array of more than one axis", "use np.sum")
    return ctx.apply(core.add, [total, reductions.sum_(ctx, array)])


HANDLERS: dict[Any, Handler] = {
    np.real: _part(0),
    np.imag: _part(1),
    np.angle: operations.angle,
    np.iscomplex: operations.tested(arithmetic.has_imaginary),
    np.isreal: operations.tested(arithmetic.has_none_imaginary),
    np.iscomplexobj: _answer(True),
    np.isrealobj: _answer(False),
    np.isscalar: _isscalar,
    np.shape: _shape(methods.shape_value),
    np.size: _shape(methods.size),
    np.ndim: _ndim,
    stop_gradient: operations.stop,
    builtins.sum: _sum,
    np.where: choices.where,
    np.sum: reductions.sum_,
    np.prod: reductions.prod,
    np.mean: reductions.mean,
    np.var: reductions.var,
    np.std: reductions.std,
    np.any: reductions.any_,
    np.all: reductions.all_,
    np.count_nonzero: reductions.count_nonzero,
    np.nonzero: reductions.nonzero,
    np.flatnonzero: reductions.flatnonzero,
    np.cumsum: reductions.cumsum,
    np.cumprod: reductions.cumprod,
    np.linalg.norm: reductions.norm,
    np.dot: products.dot,
    np.matmul: products.matmul,
    np.vdot: products.vdot,
    np.inner: products.inner,
    np.outer: products.outer,
    np.kron: products.kron,
    np.zeros: creation.zeros,
    np.ones: creation.ones,
    np.empty: creation.empty,
    np.full: creation.full,
    np.zeros_like: creation.zeros_like,
    np.ones_like: creation.ones_like,
    np.empty_like: creation.empty_like,
    np.full_like: creation.full_like,
    np.eye: creation.eye,
    np.identity: creation.identity,
    np.array: creation.array,
    np.asarray: creation.asarray,
    np.ascontiguousarray: creation.ascontiguousarray,
    np.copy: creation.copy,
    np.reshape: functions.reshape,
    np.ravel: functions.ravel,
    np.transpose: functions.as_view(transpose),
    np.swapaxes: functions.as_view(shapes.swapaxes),
    np.moveaxis: functions.as_view(shapes.moveaxis),
    np.expand_dims: functions.as_view(shapes.expand_dims),
    np.squeeze: functions.as_view(shapes.squeeze),
    np.atleast_1d: functions.as_view(shapes.atleast_1d),
    np.atleast_2d: functions.as_view(shapes.atleast_2d),
    np.broadcast_to: functions.as_view(shapes.broadcast_to),
    np.flip: functions.as_view(shapes.flip),
    np.fliplr: functions.as_view(shapes.fliplr),
    np.flipud: functions.as_view(shapes.flipud),
    np.split: functions.as_view(splitting.split),
    np.array_split: functions.as_view(splitting.array_split),
    np.vsplit: functions.as_view(splitting.vsplit),
    np.hsplit: functions.as_view(splitting.hsplit),
    np.dsplit: functions.as_view(splitting.dsplit),
    np.roll: functions.roll,
    np.tile: functions.by_parts(shapes.tile),
    np.diff: functions.by_parts(shapes.diff),
    np.trace: trace,
    np.diag: functions.by_parts(diag),
    np.concatenate: functions.of_several(joining.concatenate),
    np.stack: functions.of_several(joining.stack),
    np.vstack: functions.of_several(joining.vstack),
    np.hstack: functions.of_several(joining.hstack),
    np.column_stack: functions.of_several(joining.column_stack),
    np.append: functions.of_several(joining.append),
    np.ndenumerate: _ndenumerate,
}
"""What reads a call with a complex argument: ``handler(ctx, *args, **kwargs) -> Value``."""

ALWAYS: dict[Any, Handler] = {
    **operations.CMATH,
    builtins.complex: creation.number("complex128"),
    np.complex128: creation.number("complex128"),
    np.complex64: creation.number("complex64"),
    view_as_real: parts.view_as_real,
    view_as_complex: parts.view_as_complex,
}
"""What reads a call whatever its arguments are."""
