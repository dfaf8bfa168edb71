"""Functions that change an array's shape or the order of its elements."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.errors import KernelTypeError, KernelValueError, ShapeMismatchError, UnsupportedCallError
from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.statements import Const, Operand, ViewAxis
from jitad.program.types import INT64
from jitad.reading.arrays.agreement import require_equal
from jitad.reading.arrays.arguments import axes_of, is_absent, known_integer, length_of, one_axis
from jitad.reading.arrays.facts import facts, note_at_least
from jitad.reading.arrays.indexing import getitem
from jitad.reading.arrays.maps import (
    ONE,
    ZERO,
    anywhere,
    as_lazy,
    as_variable,
    from_variable,
    layout_of,
    require_array,
    show_shape,
    size_of,
)
from jitad.reading.arrays.materialize import materialize
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.arrays.slicing import integer
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, LazyValue, ScalarValue, SequenceValue, SliceValue, StaticValue, Value

NEW = StaticValue(None)
EVERY = SliceValue(None, None, None)


def _array(ctx: Context, value: Value, what: str) -> ArrayValue:
    if isinstance(value, SequenceValue):
        value = from_sequence(ctx, value)
    return materialize(ctx, require_array(ctx, value, what) if not isinstance(value, ScalarValue) else value)


def reshape(ctx: Context, a: Value, *newshape: Value) -> Value:
    """The same elements in row order under another shape; one length may be -1."""
    array = _array(ctx, a, "the reshaped value")
    items = newshape[0].items if len(newshape) == 1 and isinstance(newshape[0], SequenceValue) else newshape
    lengths: list[Operand] = [_new_length(ctx, item) for item in items]
    open_axes = [k for k, length in enumerate(lengths) if is_const(length, -1)]
    if len(open_axes) > 1:
        ctx.refuse(KernelValueError, "reshape with more than one -1", "give all lengths but one")
    size = size_of(ctx, array.shape)
    builder = ctx.builder
    if open_axes:
        known = size_of(ctx, [length for k, length in enumerate(lengths) if k != open_axes[0]])
        rest = size if is_const(known, 1) else builder.compute(core.floordiv, size, known)
        lengths[open_axes[0]] = note_at_least(ctx, rest)
    for length in lengths:
        if isinstance(length, Const) and length.value < 0:
            remedy = "use -1 once for the length left open"
            ctx.refuse(KernelValueError, f"reshape to a length of {length.value}", remedy)
    _require_size(ctx, array, size, lengths)
    moved = _unit_axes(array, lengths)
    if moved is not None:
        return moved
    if layout_of(builder, array) != "C":
        ctx.refuse(
            UnsupportedCallError,
            "reshape of an array that isn't contiguous",
            "copy it first: np.ascontiguousarray(a).reshape(...)",
        )
    return reshaped(ctx, array, lengths)


def _new_length(ctx: Context, value: Value) -> Operand:
    """A length of a reshape: literals may be -1."""
    length = integer(ctx, value, "a length")
    return length if isinstance(length, Const) else length_of(ctx, ScalarValue(length))


def reshaped(ctx: Context, array: ArrayValue, shape: Sequence[Operand]) -> ArrayValue:
    """A contiguous array under another shape of the same size."""
    base = as_variable(ctx, array)
    var = ctx.builder.reshape(base, shape)
    facts(ctx).bases[var] = base
    return from_variable(ctx.builder, var)


def _require_size(ctx: Context, array: ArrayValue, size: Operand, lengths: Sequence[Operand]) -> None:
    wanted = size_of(ctx, lengths)
    if wanted is size or (isinstance(wanted, Const) and isinstance(size, Const) and wanted.value == size.value):
        return
    differ = ctx.builder.compute(core.ne, wanted, size)
    reason = f"an array of shape {show_shape(array.shape)} can't be reshaped to {show_shape(lengths)}"
    ctx.fail_if(differ, ShapeMismatchError, reason, "give a shape with as many elements")


def _unit_axes(array: ArrayValue, lengths: Sequence[Operand]) -> ArrayValue | None:
    """A reshape that only adds or removes axes of length 1, as an index map; None for any other."""
    own = [axis for axis in array.axes if not is_const(axis.length, 1)]
    wanted = [length for length in lengths if not is_const(length, 1)]
    if len(own) != len(wanted) or len(own) > 1:
        return None
    rest = iter(own)
    axes = []
    for length in lengths:
        if is_const(length, 1):
            axes.append(ViewAxis(ONE, None, ZERO))
        else:
            axes.append(next(rest))
    return ArrayValue(array.base, array.starts, tuple(axes))


def ravel(ctx: Context, a: Value) -> Value:
    """The elements in row order: a view where memory allows it, else a copy."""
    array = _array(ctx, a, "the argument of ravel")
    if array.ndim == 1:
        return array
    if layout_of(ctx.builder, array) != "C":
        array = materialize(ctx, array, fresh=True)
    return reshaped(ctx, array, (size_of(ctx, array.shape),))


def flatten(ctx: Context, a: Value) -> Value:
    """The elements in row order, copied."""
    array = materialize(ctx, require_array(ctx, a, "the flattened value"), fresh=True)
    return array if array.ndim == 1 else reshaped(ctx, array, (size_of(ctx, array.shape),))


def transposed(ctx: Context, a: Value, *axes: Value) -> Value:
    """The axes in another order (reversed by default)."""
    array = _array(ctx, a, "the transposed value")
    if len(axes) == 1 and (isinstance(axes[0], SequenceValue) or is_absent(axes[0])):
        axes = axes[0].items if isinstance(axes[0], SequenceValue) else ()
    order = [one_axis(ctx, axis, array.ndim) for axis in axes] if axes else list(range(array.ndim))[::-1]
    if sorted(order) != list(range(array.ndim)):
        ctx.refuse(KernelValueError, f"{tuple(order)} doesn't name each axis once", "give each axis once")
    return _ordered(array, order)


def _ordered(array: ArrayValue, order: Sequence[int]) -> ArrayValue:
    return ArrayValue(array.base, array.starts, tuple(array.axes[k] for k in order))


def swapaxes(ctx: Context, a: Value, axis1: Value, axis2: Value) -> Value:
    array = _array(ctx, a, "the argument of swapaxes")
    first, second = one_axis(ctx, axis1, array.ndim), one_axis(ctx, axis2, array.ndim)
    order = list(range(array.ndim))
    order[first], order[second] = second, first
    return _ordered(array, order)


def moveaxis(ctx: Context, a: Value, source: Value, destination: Value) -> Value:
    array = _array(ctx, a, "the argument of moveaxis")
    origin, to = one_axis(ctx, source, array.ndim), one_axis(ctx, destination, array.ndim)
    order = [k for k in range(array.ndim) if k != origin]
    order.insert(to, origin)
    return _ordered(array, order)


def expand_dims(ctx: Context, a: Value, axis: Value) -> Value:
    array = _array(ctx, a, "the argument of expand_dims")
    at = one_axis(ctx, axis, array.ndim + 1)
    axes = [*array.axes[:at], ViewAxis(ONE, None, ZERO), *array.axes[at:]]
    return ArrayValue(array.base, array.starts, tuple(axes))


def squeeze(ctx: Context, a: Value, axis: Value | None = None) -> Value:
    """Without the axes of literal length 1."""
    array = _array(ctx, a, "the argument of squeeze")
    units = {k for k, own in enumerate(array.axes) if is_const(own.length, 1)}
    chosen = units if axis is None or is_absent(axis) else set(axes_of(ctx, axis, array.ndim))
    if not chosen <= units:
        ctx.refuse(
            KernelTypeError, "squeeze of an axis whose length isn't a literal 1", "index the axis with 0 instead"
        )
    return ArrayValue(array.base, array.starts, tuple(own for k, own in enumerate(array.axes) if k not in chosen))


def atleast_1d(ctx: Context, a: Value) -> Value:
    array = _array(ctx, a, "the argument of atleast_1d")
    return array if array.ndim else ArrayValue(array.base, array.starts, (ViewAxis(ONE, None, ZERO),))


def atleast_2d(ctx: Context, a: Value) -> Value:
    array = _array(ctx, a, "the argument of atleast_2d")
    new = tuple(ViewAxis(ONE, None, ZERO) for _ in range(2 - array.ndim))
    return ArrayValue(array.base, array.starts, (*new, *array.axes))


def broadcast_to(ctx: Context, a: Value, shape: Value) -> Value:
    """The array repeated along new axes and axes of literal length 1."""
    from jitad.reading.arrays.arguments import shape_of

    array = _array(ctx, a, "the argument of broadcast_to")
    wanted = shape_of(ctx, shape)
    lead = len(wanted) - array.ndim
    if lead < 0:
        ctx.refuse(ShapeMismatchError, "broadcast_to to fewer axes", "give at least as many axes")
    axes = [ViewAxis(length, None, ZERO) for length in wanted[:lead]]
    for own, length in zip(array.axes, wanted[lead:], strict=True):
        if is_const(own.length, 1):
            axes.append(ViewAxis(length, None, ZERO))
        else:
            require_equal(ctx, own.length, length, "broadcast_to", [array.shape, wanted])
            axes.append(own)
    return ArrayValue(array.base, array.starts, tuple(axes))


def flip(ctx: Context, m: Value, axis: Value | None = None) -> Value:
    """The elements in the opposite order along the axes."""
    array = _array(ctx, m, "the argument of flip")
    chosen = axes_of(ctx, axis, array.ndim)
    backwards = SliceValue(None, None, ScalarValue(const_int(-1)))
    return getitem(ctx, array, SequenceValue(tuple(backwards if k in chosen else EVERY for k in range(array.ndim))))


def fliplr(ctx: Context, m: Value) -> Value:
    return flip(ctx, m, ScalarValue(const_int(1)))


def flipud(ctx: Context, m: Value) -> Value:
    return flip(ctx, m, ScalarValue(const_int(0)))


def roll(ctx: Context, a: Value, shift: Value, axis: Value | None = None) -> Value:
    """The elements moved along an axis, those past the end coming back at the start."""
    array = _array(ctx, a, "the argument of roll")
    if array.ndim > 1 and is_absent(axis):
        return reshaped(ctx, materialize(ctx, roll(ctx, ravel(ctx, array), shift)), array.shape)
    along = 0 if axis is None or is_absent(axis) else one_axis(ctx, axis, array.ndim)
    by = integer(ctx, shift, "the shift")

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        at = list(index)
        at[along] = builder.compute(core.mod, builder.minus(at[along], by), array.shape[along])
        return as_lazy(array).element(builder, at)

    return LazyValue(array.dtype, array.shape, element, anywhere((array,)), 6)


def tile(ctx: Context, A: Value, reps: Value) -> Value:  # noqa: N803
    """The elements in row order, all of them several times."""
    array = _array(ctx, A, "the argument of tile")
    if array.ndim != 1 or isinstance(reps, SequenceValue):
        ctx.refuse(UnsupportedCallError, "tile of more than one axis", "use np.concatenate")
    times = length_of(ctx, reps)
    length = note_at_least(ctx, ctx.builder.times(array.shape[0], times))

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        return as_lazy(array).element(builder, (builder.compute(core.mod, index[0], array.shape[0]),))

    return LazyValue(array.dtype, (length,), element, anywhere((array,)), 6)


def diff(ctx: Context, a: Value, n: Value | None = None) -> Value:
    """Differences of neighbours along the last axis, ``n`` times over."""
    array: Value = _array(ctx, a, "the argument of diff")
    for _ in range(1 if n is None else known_integer(ctx, n, "the number of differences")):
        array = materialize(ctx, array)
        later = SliceValue(ScalarValue(ONE), None, None)
        earlier = SliceValue(None, ScalarValue(Const(-1, INT64)), None)
        dots = StaticValue(Ellipsis)
        ends = [getitem(ctx, array, SequenceValue((dots, part))) for part in (later, earlier)]
        array = ctx.apply(core.sub, ends)
    return array
