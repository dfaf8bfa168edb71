"""One array as several, and several arrays brought to one shape: tuples of views."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from jitad.errors import KernelTypeError, KernelValueError, UnsupportedCallError
from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.statements import Operand, ViewAxis
from jitad.reading.arrays.agreement import broadcast_shape
from jitad.reading.arrays.arguments import known_integer, one_axis, shape_of
from jitad.reading.arrays.facts import smaller
from jitad.reading.arrays.indexing import getitem
from jitad.reading.arrays.joining import stack
from jitad.reading.arrays.maps import ZERO, as_variable, from_variable, require_array
from jitad.reading.arrays.materialize import materialize
from jitad.reading.arrays.shapes import EVERY, atleast_1d, broadcast_to
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayLike,
    ArrayValue,
    GridValue,
    LazyValue,
    PlacesValue,
    ScalarValue,
    SequenceValue,
    SliceValue,
    StaticValue,
    Value,
)


def split(ctx: Context, ary: Value, indices_or_sections: Value, axis: Value | None = None) -> Value:
    """Parts of equal length, or the parts between the given places."""
    return _parts(ctx, ary, indices_or_sections, axis, "split", uneven=False)


def array_split(ctx: Context, ary: Value, indices_or_sections: Value, axis: Value | None = None) -> Value:
    """Like ``split``; the first parts are one longer where the length can't be divided."""
    return _parts(ctx, ary, indices_or_sections, axis, "array_split", uneven=True)


def vsplit(ctx: Context, ary: Value, indices_or_sections: Value) -> Value:
    return split(ctx, ary, indices_or_sections, ScalarValue(ZERO))


def hsplit(ctx: Context, ary: Value, indices_or_sections: Value) -> Value:
    """Parts along the second axis (the first, for vectors)."""
    array = require_array(ctx, ary, "the argument of hsplit")
    return split(ctx, array, indices_or_sections, ScalarValue(const_int(0 if array.ndim == 1 else 1)))


def dsplit(ctx: Context, ary: Value, indices_or_sections: Value) -> Value:
    return split(ctx, ary, indices_or_sections, ScalarValue(const_int(2)))


def _parts(ctx: Context, ary: Value, places: Value, axis: Value | None, what: str, *, uneven: bool) -> Value:
    array = materialize(ctx, require_array(ctx, ary, f"the argument of {what}"))
    along = 0 if axis is None else one_axis(ctx, axis, array.ndim)
    length = array.shape[along]
    if isinstance(places, ArrayValue | LazyValue):
        ctx.refuse(
            KernelTypeError,
            f"{what} at places in an array, so that the number of parts isn't known while reading",
            "write the places as a tuple",
        )
    if isinstance(places, SequenceValue):
        ends = [ctx.scalar(item, f"a place of {what}") for item in places.items]
        cuts: list[Operand | None] = [None, *ends, None]
    else:
        cuts = list(_equal_cuts(ctx, length, known_integer(ctx, places, "the number of parts"), what, uneven=uneven))
    rows = []
    for start, stop in pairwise(cuts):
        own = SliceValue(_bound(start), _bound(stop), None)
        index = SequenceValue(tuple(own if k == along else EVERY for k in range(array.ndim)))
        rows.append(getitem(ctx, array, index))
    return SequenceValue(tuple(rows), list)


def _bound(end: Operand | None) -> ScalarValue | None:
    return None if end is None else ScalarValue(end)


def _equal_cuts(ctx: Context, length: Operand, count: int, what: str, *, uneven: bool) -> Sequence[Operand]:
    if count < 1:
        ctx.refuse(KernelValueError, f"{what} into {count} parts", "ask for at least one part")
    builder, sections = ctx.builder, const_int(count)
    each = builder.compute(core.floordiv, length, sections)
    rest = builder.minus(length, builder.times(each, sections))
    if not uneven:
        differ = builder.compute(core.ne, rest, ZERO)
        reason = f"{what}: the length isn't a multiple of {count}"
        ctx.fail_if(differ, KernelValueError, reason, "use np.array_split for parts of different lengths")
        return [builder.times(const_int(k), each) for k in range(count + 1)]
    return [
        builder.plus(builder.times(const_int(k), each), smaller(builder, const_int(k), rest)) for k in range(count + 1)
    ]


def broadcast_arrays(ctx: Context, *args: Value) -> Value:
    """The arrays repeated to their common shape."""
    arrays: list[ArrayLike] = [materialize(ctx, atleast_1d(ctx, arg)) for arg in args]
    shape = SequenceValue(tuple(ScalarValue(n) for n in broadcast_shape(ctx, arrays, "broadcast_arrays")))
    return SequenceValue(tuple(broadcast_to(ctx, array, shape) for array in arrays))


def meshgrid(ctx: Context, *xi: Value, indexing: Value | None = None) -> Value:
    """For vectors of coordinates the arrays of each coordinate on the grid that they span."""
    order = indexing.obj if isinstance(indexing, StaticValue) else "xy" if indexing is None else None
    if order not in ("xy", "ij"):
        ctx.refuse(KernelValueError, f"meshgrid with the indexing {order!r}", 'write "xy" or "ij"')
    vectors = [materialize(ctx, atleast_1d(ctx, x)) for x in xi]
    if any(vector.ndim > 1 for vector in vectors):
        ctx.refuse(KernelTypeError, "meshgrid of an array that isn't a vector", "pass a.ravel()")
    axes = list(range(len(vectors)))
    if order == "xy":
        axes[:2] = axes[1::-1]
    grids = []
    for place, vector in zip(axes, vectors, strict=True):
        lengths = [vectors[k].shape[0] for k in axes]
        shape = tuple(ViewAxis(length, None, ZERO) for length in lengths)
        along = (*shape[:place], vector.axes[0], *shape[place + 1 :])
        grids.append(materialize(ctx, ArrayValue(vector.base, vector.starts, along), "grid", fresh=True))
    return SequenceValue(tuple(grids), list)


def broadcast_shapes(ctx: Context, *args: Value) -> Value:
    """The shape that arrays of these shapes broadcast to."""
    shapes = [shape_of(ctx, arg) for arg in args]
    result: list[Operand] = []
    for axis in range(-max((len(shape) for shape in shapes), default=0), 0):
        chosen: Operand = const_int(1)
        for shape in shapes:
            if len(shape) >= -axis and not is_const(shape[axis], 1):
                chosen = _one_length(ctx, chosen, shape[axis])
        result.append(chosen)
    return SequenceValue(tuple(ScalarValue(length) for length in result))


def _one_length(ctx: Context, first: Operand, second: Operand) -> Operand:
    """What two lengths broadcast to; one may turn out to be 1 at run time."""
    if is_const(first, 1):
        return second
    builder = ctx.builder
    is_one = [builder.compute(core.eq, length, const_int(1)) for length in (first, second)]
    differ = builder.compute(core.ne, first, second)
    for one in is_one:
        differ = builder.compute(core.and_, differ, builder.compute(core.not_, one))
    ctx.fail_if(differ, KernelValueError, "broadcast_shapes: the shapes don't fit together", "make them equal, or 1")
    return builder.select(is_one[0], second, first)


def indices(ctx: Context, dimensions: Value) -> Value:
    """For each axis of a shape, the index along it at each place."""
    shape = shape_of(ctx, dimensions)

    def along(axis: int) -> LazyValue:
        def element(builder: Builder, index: Sequence[Operand]) -> Operand:
            return index[axis]

        return LazyValue("int64", shape, element)

    return stack(ctx, SequenceValue(tuple(along(axis) for axis in range(len(shape)))))


def ndindex(ctx: Context, *shape: Value) -> Value:
    """All indices of a shape, which is a tuple or several integers."""
    whole = shape[0] if len(shape) == 1 else SequenceValue(shape)
    return GridValue(shape_of(ctx, whole))


def nditer(ctx: Context, op: Value) -> Value:
    """The elements of an array in the order of its memory."""
    from jitad.reading.arrays.methods import flat

    if isinstance(op, SequenceValue):
        ctx.refuse(UnsupportedCallError, "np.nditer of several arrays", "loop over zip(a.flat, b.flat)")
    vector = flat(ctx, materialize(ctx, require_array(ctx, op, "the argument of nditer")))
    assert isinstance(vector, ArrayValue)
    return PlacesValue(from_variable(ctx.builder, as_variable(ctx, vector)))


def ndenumerate(ctx: Context, arr: Value) -> Value:
    """All indices of an array, each with the element there."""
    array = materialize(ctx, require_array(ctx, arr, "the argument of ndenumerate"))
    return GridValue(array.shape, array)
