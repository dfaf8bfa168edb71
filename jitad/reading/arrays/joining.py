"""Functions that put arrays together."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.errors import KernelTypeError
from jitad.inference import unify
from jitad.program.builder import Builder, is_const
from jitad.program.statements import Operand
from jitad.program.types import Scalar
from jitad.reading.arrays.agreement import require_equal
from jitad.reading.arrays.arguments import is_absent, one_axis
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.loops import for_each
from jitad.reading.arrays.maps import ONE, ZERO, allocate, as_lazy
from jitad.reading.arrays.materialize import materialize, settled
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.arrays.shapes import atleast_1d, atleast_2d, expand_dims, ravel
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, LazyValue, ScalarValue, SequenceValue, Value


def _parts(ctx: Context, value: Value, what: str) -> list[Value]:
    if not isinstance(value, SequenceValue) or not value.items:
        ctx.refuse(KernelTypeError, f"{what} takes a tuple of arrays", "write the arrays as a tuple")
    return [from_sequence(ctx, item) if isinstance(item, SequenceValue) else item for item in value.items]


def _joined(ctx: Context, parts: Sequence[Value], axis: Value | None, what: str) -> ArrayValue:
    """The parts one after the other along an axis."""
    sources: list[LazyValue] = []
    for part in parts:
        if not isinstance(part, ArrayValue | LazyValue) or part.ndim == 0:
            ctx.refuse(KernelTypeError, f"{what} of something that isn't an array of at least one axis", "use np.stack")
        sources.append(as_lazy(settled(ctx, part)))
    ndim = sources[0].ndim
    if any(source.ndim != ndim for source in sources):
        ctx.refuse(KernelTypeError, f"{what} of arrays with different numbers of axes", "give arrays of equal ndim")
    along = 0 if axis is None else one_axis(ctx, axis, ndim)
    type_ = unify(tuple(Scalar(source.dtype) for source in sources))
    if type_ is None:
        ctx.refuse(KernelTypeError, f"{what}: no type fits all the arrays", "convert them with astype")
    offsets: list[Operand] = [ZERO]
    for source in sources:
        length = source.shape[along]
        end = length if is_const(offsets[-1], 0) else ctx.builder.plus(length, offsets[-1])
        offsets.append(note_at_least(ctx, end))
    shape = list(sources[0].shape)
    shape[along] = offsets[-1]
    for source in sources[1:]:
        for k in range(ndim):
            if k != along:
                require_equal(ctx, source.shape[k], shape[k], what, [sources[0].shape, source.shape])
    out = allocate(ctx, what, type_.dtype, shape)
    for source, offset in zip(sources, offsets, strict=False):
        _copy(ctx, source, out, along, offset)
    return out


def _copy(ctx: Context, source: LazyValue, out: ArrayValue, along: int, offset: Operand) -> None:
    def body(builder: Builder, index: list[Operand]) -> None:
        at = list(index)
        at[along] = builder.plus(at[along], offset)
        builder.store(out.base, at, source.element(builder, index))

    for_each(ctx, source.shape, body)


def concatenate(ctx: Context, arrays: Value, axis: Value | None = None) -> Value:
    parts = _parts(ctx, arrays, "concatenate")
    if axis is not None and is_absent(axis):
        parts, axis = [ravel(ctx, part) for part in parts], None
    return _joined(ctx, parts, axis, "concatenate")


def stack(ctx: Context, arrays: Value, axis: Value | None = None) -> Value:
    """The arrays along a new axis."""
    at = ScalarValue(ZERO) if axis is None else axis
    parts = [expand_dims(ctx, part, at) for part in _parts(ctx, arrays, "stack")]
    return _joined(ctx, parts, at, "stack")


def vstack(ctx: Context, tup: Value) -> Value:
    return _joined(ctx, [atleast_2d(ctx, part) for part in _parts(ctx, tup, "vstack")], None, "vstack")


def hstack(ctx: Context, tup: Value) -> Value:
    """The arrays along the second axis (the first, for vectors)."""
    parts = [materialize(ctx, atleast_1d(ctx, part)) for part in _parts(ctx, tup, "hstack")]
    return _joined(ctx, parts, None if parts[0].ndim == 1 else ScalarValue(ONE), "hstack")


def column_stack(ctx: Context, tup: Value) -> Value:
    """Vectors as the columns of a matrix."""
    parts = [materialize(ctx, part) for part in _parts(ctx, tup, "column_stack")]
    columns = [expand_dims(ctx, part, ScalarValue(ONE)) if part.ndim == 1 else part for part in parts]
    return _joined(ctx, columns, ScalarValue(ONE), "column_stack")


def append(ctx: Context, arr: Value, values: Value, axis: Value | None = None) -> Value:
    """The elements of both along an axis, or in row order."""
    if not is_absent(axis):
        return concatenate(ctx, SequenceValue((arr, values)), axis)
    parts = [ravel(ctx, atleast_1d(ctx, part)) for part in (arr, values)]
    return _joined(ctx, parts, None, "append")
