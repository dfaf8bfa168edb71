"""Which function reads a call of which NumPy function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.primitives import core, kinds
from jitad.primitives.sorting import order
from jitad.reading.arrays import creation, joining, methods, products, reductions, shapes, sorting, splitting
from jitad.reading.arrays import kinds as reading_kinds
from jitad.reading.arrays.broadcasting import where
from jitad.reading.arrays.maps import require_array
from jitad.reading.arrays.masks import nonzero
from jitad.reading.arrays.refusals import REFUSALS
from jitad.reading.context import Context
from jitad.reading.random import RANDOM
from jitad.reading.values import SequenceValue, Value


def where_(ctx: Context, condition: Value, x: Value | None = None, y: Value | None = None) -> Value:
    """``np.where`` with three arguments, or the places where one holds."""
    if x is None or y is None:
        return nonzero_(ctx, condition)
    return where(ctx, condition, x, y)


def nonzero_(ctx: Context, a: Value) -> Value:
    """The places of the elements that aren't zero, one index array per axis."""
    array = require_array(ctx, a, "the argument of nonzero")
    truth = array if array.dtype == "bool" else ctx.apply(core.casts["bool"], (array,))
    return SequenceValue(tuple(nonzero(ctx, require_array(ctx, truth, "the argument of nonzero"))))


def flatnonzero(ctx: Context, a: Value) -> Value:
    found = nonzero_(ctx, shapes.ravel(ctx, a))
    assert isinstance(found, SequenceValue)
    return found.items[0]


def transpose(ctx: Context, a: Value, axes: Value | None = None) -> Value:
    """The axes in the order of a tuple, or reversed."""
    return shapes.transposed(ctx, a) if axes is None else shapes.transposed(ctx, a, axes)


HANDLERS: dict[Any, Callable[..., Value]] = {
    np.where: where_,
    np.nonzero: nonzero_,
    np.flatnonzero: flatnonzero,
    np.sum: reductions.sum_,
    np.prod: reductions.prod,
    np.mean: reductions.mean,
    np.var: reductions.var,
    np.std: reductions.std,
    np.min: reductions.min_,
    np.max: reductions.max_,
    np.amin: reductions.min_,
    np.amax: reductions.max_,
    np.any: reductions.any_,
    np.all: reductions.all_,
    np.argmin: reductions.argmin,
    np.argmax: reductions.argmax,
    np.count_nonzero: reductions.count_nonzero,
    np.cumsum: reductions.cumsum,
    np.cumprod: reductions.cumprod,
    np.dot: products.dot,
    np.matmul: products.matmul,
    np.vdot: products.vdot,
    np.inner: products.inner,
    np.outer: products.outer,
    np.linalg.norm: products.norm,
    np.zeros: creation.zeros,
    np.ones: creation.ones,
    np.empty: creation.empty,
    np.full: creation.full,
    np.zeros_like: creation.zeros_like,
    np.ones_like: creation.ones_like,
    np.empty_like: creation.empty_like,
    np.full_like: creation.full_like,
    np.arange: creation.arange,
    np.linspace: creation.linspace,
    np.eye: creation.eye,
    np.identity: creation.identity,
    np.diag: creation.diag,
    np.array: creation.array,
    np.asarray: creation.asarray,
    np.ascontiguousarray: creation.ascontiguousarray,
    np.copy: creation.copy,
    np.reshape: shapes.reshape,
    np.ravel: shapes.ravel,
    np.transpose: transpose,
    np.swapaxes: shapes.swapaxes,
    np.moveaxis: shapes.moveaxis,
    np.expand_dims: shapes.expand_dims,
    np.squeeze: shapes.squeeze,
    np.atleast_1d: shapes.atleast_1d,
    np.atleast_2d: shapes.atleast_2d,
    np.broadcast_to: shapes.broadcast_to,
    np.flip: shapes.flip,
    np.fliplr: shapes.fliplr,
    np.flipud: shapes.flipud,
    np.roll: shapes.roll,
    np.tile: shapes.tile,
    np.diff: shapes.diff,
    np.trace: reductions.trace,
    np.concatenate: joining.concatenate,
    np.stack: joining.stack,
    np.vstack: joining.vstack,
    np.hstack: joining.hstack,
    np.column_stack: joining.column_stack,
    np.append: joining.append,
    np.shape: methods.shape_value,
    np.size: methods.size,
    np.ndim: methods.ndim,
    np.split: splitting.split,
    np.array_split: splitting.array_split,
    np.vsplit: splitting.vsplit,
    np.hsplit: splitting.hsplit,
    np.dsplit: splitting.dsplit,
    np.broadcast_arrays: splitting.broadcast_arrays,
    np.broadcast_shapes: splitting.broadcast_shapes,
    np.indices: splitting.indices,
    np.meshgrid: splitting.meshgrid,
    np.ndindex: splitting.ndindex,
    np.ndenumerate: splitting.ndenumerate,
    np.nditer: splitting.nditer,
    np.finfo: reading_kinds.finfo,
    np.iinfo: reading_kinds.iinfo,
    np.dtype: reading_kinds.dtype,
    kinds.common_type: reading_kinds.common_type,
    kinds.float_type: reading_kinds.float_type,
    order: sorting.argsort,
    **REFUSALS,
    **RANDOM,
}
"""The handlers of NumPy's functions: ``handler(ctx, *args, **kwargs) -> Value``."""
