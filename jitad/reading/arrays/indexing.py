"""Reading ``A[...]``: views, gathers with integer arrays, and boolean masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jitad.errors import IndexOutOfRangeError, KernelTypeError
from jitad.program.builder import Builder
from jitad.program.statements import Operand, ViewAxis
from jitad.program.types import INT64
from jitad.reading.arrays.agreement import broadcast_shape
from jitad.reading.arrays.broadcasting import broadcast_element
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.maps import ONE, ZERO, anywhere, as_lazy, load_element, require_array, shifted
from jitad.reading.arrays.masks import nonzero
from jitad.reading.arrays.materialize import materialize, settled
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.arrays.slicing import integer, resolved_index, resolved_slice
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayLike,
    ArrayValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    SliceValue,
    StaticValue,
    Value,
)

FULL = SliceValue(None, None, None)


@dataclass(frozen=True, eq=False)
class Gather:
    """An index with integer arrays: axis ``advanced[k]`` of ``source`` is indexed by ``indices[k]``.

    The arrays' broadcast shape takes the place ``at`` among the other axes of the result.
    """

    source: ArrayValue
    advanced: tuple[int, ...]
    indices: tuple[LazyValue, ...]
    index_shape: tuple[Operand, ...]
    at: int
    unique: bool

    @property
    def shape(self) -> tuple[Operand, ...]:
        rest = [axis.length for k, axis in enumerate(self.source.axes) if k not in self.advanced]
        return (*rest[: self.at], *self.index_shape, *rest[self.at :])

    def position(self, ctx: Context, builder: Builder, index: Sequence[Operand]) -> list[Operand]:
        """The index into ``source`` of the result's element at ``index``."""
        inside = index[self.at : self.at + len(self.index_shape)]
        rest = iter([*index[: self.at], *index[self.at + len(self.index_shape) :]])
        full = []
        with ctx.block(builder):
            for k, axis in enumerate(self.source.axes):
                if k not in self.advanced:
                    full.append(next(rest))
                    continue
                indices = self.indices[self.advanced.index(k)]
                at = builder.cast(broadcast_element(indices, self.index_shape)(builder, inside), INT64)
                if self.unique:
                    note_at_least(ctx, at)
                full.append(resolved_index(ctx, at, axis.length))
        return full


def select(ctx: Context, target: ArrayValue, index: Value) -> ArrayValue | Gather:
    """What ``target[index]`` is: a view (of no axes for one element), or a gather."""
    items = _expanded(ctx, target, index)
    starts, axes = list(target.starts), list[ViewAxis]()
    advanced: list[tuple[int, LazyValue]] = []
    unique, axis = True, 0
    has_arrays = any(isinstance(item, ArrayValue | LazyValue) for item in items)
    order: list[str] = []
    for item in items:
        if isinstance(item, StaticValue):
            axes.append(ViewAxis(ONE, None, ZERO))
            order.append("new")
            continue
        own = target.axes[axis]
        axis += 1
        if isinstance(item, SliceValue):
            axes.append(_sliced(ctx, item, own, starts))
            order.append("slice")
        elif isinstance(item, ArrayValue | LazyValue):
            _require_integers(ctx, item)
            lazy = as_lazy(settled(ctx, item))
            advanced.append((len(axes), lazy))
            axes.append(own)
            order.append("array")
            unique = unique and isinstance(item, ArrayValue) and item.base in _unique_indices(ctx)
        else:
            at = resolved_index(ctx, integer(ctx, item, "an index"), own.length)
            if own.base_axis is not None:
                starts[own.base_axis] = shifted(ctx.builder, starts[own.base_axis], at, own.step)
            order.append("array" if has_arrays else "integer")
    view = ArrayValue(target.base, tuple(starts), tuple(axes))
    if not advanced:
        return view
    indices = tuple(lazy for _, lazy in advanced)
    shape = broadcast_shape(ctx, indices, "the index arrays")
    first = order.index("array")
    last = len(order) - 1 - order[::-1].index("array")
    together = all(kind == "array" for kind in order[first : last + 1])
    before = sum(kind in ("slice", "new") for kind in order[:first]) if together else 0
    return Gather(view, tuple(k for k, _ in advanced), indices, shape, before, unique)


def _unique_indices(ctx: Context) -> set[object]:
    """The index arrays made from masks: no index twice, and none negative."""
    found: set[object] = vars(ctx).setdefault("unique_indices", set())
    return found


def _sliced(ctx: Context, item: SliceValue, own: ViewAxis, starts: list[Operand]) -> ViewAxis:
    if item is FULL or (item.start is None and item.stop is None and item.step is None):
        return own
    span = resolved_slice(ctx, item, own.length)
    if own.base_axis is None:
        return ViewAxis(span.length, None, ZERO)
    starts[own.base_axis] = shifted(ctx.builder, starts[own.base_axis], span.start, own.step)
    return ViewAxis(span.length, own.base_axis, ctx.builder.times(own.step, span.step))


def _expanded(ctx: Context, target: ArrayValue, index: Value) -> list[Value]:
    """The items of an index, one for each axis: the ellipsis filled in, masks turned into index arrays."""
    items = list(index.items) if isinstance(index, SequenceValue) and index.kind is tuple else [index]
    taken, ready = 0, list[Value]()
    for item in items:
        if isinstance(item, SequenceValue):
            item = from_sequence(ctx, item)
        if isinstance(item, ArrayValue) and item.ndim == 0:
            item = ScalarValue(ctx.scalar(item, "an index"))
        if isinstance(item, ArrayValue | LazyValue) and item.dtype == "bool":
            found = nonzero(ctx, item, target.shape[taken : taken + item.ndim])
            _unique_indices(ctx).update(part.base for part in found)
            ready.extend(found)
            taken += item.ndim
            continue
        is_new = isinstance(item, StaticValue) and item.obj is None
        if isinstance(item, StaticValue) and not is_new and item.obj is not Ellipsis:
            ctx.refuse(KernelTypeError, f"{item.obj!r} can't be an index", "use integers, slices or index arrays")
        ready.append(item)
        taken += not is_new and not _is_ellipsis(item)
    dots = [k for k, item in enumerate(ready) if _is_ellipsis(item)]
    if len(dots) > 1 or taken > target.ndim:
        ctx.refuse(
            IndexOutOfRangeError,
            f"too many indices: {taken} for an array of {target.ndim} axes" if taken > target.ndim else "two ellipses",
            "give at most one index for each axis",
        )
    missing: list[Value] = [FULL] * (target.ndim - taken)
    if dots:
        return [*ready[: dots[0]], *missing, *ready[dots[0] + 1 :]]
    return [*ready, *missing]


def _is_ellipsis(item: Value) -> bool:
    return isinstance(item, StaticValue) and item.obj is Ellipsis


def _require_integers(ctx: Context, item: ArrayLike) -> None:
    if not item.dtype.startswith(("int", "uint")):
        remedy = "use an array of integers or booleans"
        ctx.refuse(KernelTypeError, f"an array of {item.dtype} can't be an index", remedy)


def getitem(ctx: Context, value: Value, index: Value) -> Value:
    """``value[index]``: a number for a full integer index, else a view or a gather."""
    array = require_array(ctx, value, "the indexed value")
    if isinstance(array, LazyValue):
        direct = _lazy_element(ctx, array, index)
        if direct is not None:
            return direct
        array = materialize(ctx, array)
    selected = select(ctx, array, index)
    if isinstance(selected, ArrayValue):
        if selected.ndim == 0 and not keeps_array(index):
            return ScalarValue(load_element(ctx.builder, selected, ()))
        return selected
    return gathered(ctx, selected)


def gathered(ctx: Context, gather: Gather) -> LazyValue:
    """The elements that a gather reads."""

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        return load_element(builder, gather.source, gather.position(ctx, builder, index))

    reads = anywhere([gather.source, *(read for indices in gather.indices for read in indices.reads)])
    return LazyValue(gather.source.dtype, gather.shape, element, reads, 1)


def keeps_array(index: Value) -> bool:
    """True for an index with an ellipsis, which gives an array even for one element."""
    items = index.items if isinstance(index, SequenceValue) else (index,)
    return any(_is_ellipsis(item) for item in items)


def _lazy_element(ctx: Context, value: LazyValue, index: Value) -> ScalarValue | None:
    """One element of an expression, without computing the others; None when ``index`` isn't all integers."""
    at = places_in(ctx, value.shape, index)
    return None if at is None else ScalarValue(as_lazy(settled(ctx, value)).element(ctx.builder, at))


def places_in(ctx: Context, shape: Sequence[Operand], index: Value) -> list[Operand] | None:
    """The places along the axes of a shape that an index names; None when it isn't all integers."""
    items = index.items if isinstance(index, SequenceValue) else (index,)
    if len(items) != len(shape) or not all(isinstance(item, ScalarValue) for item in items):
        return None
    return [
        resolved_index(ctx, integer(ctx, item, "an index"), length) for item, length in zip(items, shape, strict=True)
    ]


def element(ctx: Context, value: Value, i: Operand) -> Value:
    """``value[i]`` for an ``i`` inside the first axis (as iteration gives it): a number or a view."""
    array = require_array(ctx, value, "the value iterated over")
    if isinstance(array, LazyValue):
        array = materialize(ctx, array)
    first, *rest = array.axes
    starts = list(array.starts)
    if first.base_axis is not None:
        starts[first.base_axis] = shifted(ctx.builder, starts[first.base_axis], i, first.step)
    view = ArrayValue(array.base, tuple(starts), tuple(rest))
    return view if rest else ScalarValue(load_element(ctx.builder, view, ()))


def length(ctx: Context, value: Value) -> Operand:
    """``len(value)`` of an array."""
    array = require_array(ctx, value, "the argument of len")
    if array.ndim == 0:
        ctx.refuse(KernelTypeError, "a 0-d array has no length", "use its size")
    return array.shape[0]
