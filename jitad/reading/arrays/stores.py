"""Writing ``A[...] = v``, ``A[...] op= v`` and ``A op= v``, with NumPy's order of reading and writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jitad.errors import KernelTypeError, ShapeMismatchError
from jitad.primitives import core
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.distances import never_equal
from jitad.program.statements import Branch, Operand, Var, array_type
from jitad.program.types import BOOL, FLOAT32, Scalar
from jitad.reading.arrays.agreement import SHAPE_REMEDY, is_repeated, require_equal
from jitad.reading.arrays.broadcasting import broadcast_element
from jitad.reading.arrays.facts import may_alias, note_at_least
from jitad.reading.arrays.in_place import with_copies
from jitad.reading.arrays.indexing import Gather, gathered, select
from jitad.reading.arrays.loops import for_each, memory_nesting
from jitad.reading.arrays.maps import (
    ZERO,
    as_lazy,
    as_variable,
    base_index,
    is_whole,
    layout_of,
    load_element,
    same_map,
    show_shape,
)
from jitad.reading.arrays.materialize import ProductValue, materialize, settled
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.context import Context
from jitad.reading.values import ArrayLike, ArrayValue, LazyValue, ScalarValue, SequenceValue, Value


def setitem(ctx: Context, target: Value, index: Value, value: Value) -> None:
    """``target[index] = value``."""
    array = _require_target(ctx, target)
    if masks_whole(array, index) and isinstance(value, ScalarValue):
        number = value.operand

        def stored(builder: Builder, place: Sequence[Operand]) -> Operand:
            return number

        _store_masked(ctx, array, index, stored)  # type: ignore[arg-type]
        return
    place = select(ctx, array, index)
    if isinstance(place, Gather):
        scatter(ctx, place, value)
    else:
        assign(ctx, place, value)


def update_item(ctx: Context, target: Value, index: Value, primitive: ScalarPrimitive, value: Value) -> None:
    """``target[index] op= value``."""
    array = _require_target(ctx, target)
    if masks_whole(array, index) and isinstance(value, ScalarValue):
        _require_kept(ctx, array, primitive, value)

        def updated(builder: Builder, place: Sequence[Operand]) -> Operand:
            return builder.compute(primitive, load_element(builder, array, place), value.operand)

        _store_masked(ctx, array, index, updated)  # type: ignore[arg-type]
        return
    place = select(ctx, array, index)
    if isinstance(place, Gather):
        scatter(ctx, place, materialize(ctx, ctx.apply(primitive, (gathered(ctx, place), _settled(ctx, value)))))
    else:
        update_whole(ctx, place, primitive, value)


def update_whole(ctx: Context, target: ArrayValue, primitive: ScalarPrimitive, value: Value) -> Value:
    """``target op= value`` in place; gives the target back."""
    value = _as_source(ctx, value)
    _require_kept(ctx, target, primitive, value)
    if isinstance(value, ProductValue):
        if primitive is core.add and _written_by(ctx, target, value, accumulate=True):
            return target
        value = materialize(ctx, value)
    require_fits(ctx, target.shape, value)

    def write(builder: Builder, index: Sequence[Operand], operand: Operand) -> None:
        update_element(builder, target, index, primitive, operand)

    _write_each(ctx, target, value, write)
    return target


def update_element(
    builder: Builder, target: ArrayValue, index: Sequence[Operand], primitive: ScalarPrimitive, operand: Operand
) -> None:
    """``target[index] op= operand`` for one element; sums and differences accumulate."""
    at = base_index(builder, target, index)
    element = array_type(target.base).element
    if primitive in (core.add, core.sub) and (element.dtype == "float64" or operand.type == element == FLOAT32):
        operand = builder.cast(operand, element)
        builder.accumulate(target.base, at, builder.negative(operand) if primitive is core.sub else operand)
        return
    old = builder.load(target.base, at)
    builder.store(target.base, at, builder.compute(primitive, old, operand))


def assign(ctx: Context, target: ArrayValue, value: Value) -> None:
    """Store a value into every element of a view; axes of literal length 1 are repeated."""
    if isinstance(value, SequenceValue) and _assign_items(ctx, target, value):
        return
    value = _as_source(ctx, value)
    if isinstance(value, ProductValue):
        if _written_by(ctx, target, value, accumulate=False):
            return
        value = materialize(ctx, value)
    require_fits(ctx, target.shape, value)

    def write(builder: Builder, index: Sequence[Operand], operand: Operand) -> None:
        builder.store(target.base, base_index(builder, target, index), operand)

    _write_each(ctx, target, value, write)


def _write_each(
    ctx: Context, target: ArrayValue, value: Value, write: Callable[[Builder, Sequence[Operand], Operand], None]
) -> None:
    """``write(builder, index, element)`` for all elements of a value, each as it was before the first was written."""
    if not isinstance(value, ArrayValue | LazyValue):
        number = ctx.scalar(value, "the value stored")
        _loops(ctx, target, ctx.builder, lambda builder, index: write(builder, index, number))
        return

    def written(source: LazyValue) -> Callable[[Builder, list[Operand]], None]:
        part = broadcast_element(source, target.shape)
        return lambda builder, index: write(builder, index, part(builder, index))

    source = _without_lead(as_lazy(value), target.ndim)
    if not _is_evaluated_again(source, target) and _is_disturbed(ctx, source, target):
        nested = ctx.builder.nested()
        _loops(ctx, target, nested, written(source))
        in_place = with_copies(ctx, nested)
        if in_place is not None:
            ctx.builder.absorb(in_place)
            return
    _loops(ctx, target, ctx.builder, written(_ready(ctx, value, target)))


def _loops(ctx: Context, target: ArrayValue, builder: Builder, body: Callable[[Builder, list[Operand]], None]) -> None:
    for_each(ctx, target.shape, body, nesting=memory_nesting(target), builder=builder)


def scatter(ctx: Context, place: Gather, value: Value) -> None:
    """``A[indices] = value``: every value is computed before the first store; the last of equal indices wins."""
    value = _as_source(ctx, value)
    shape = place.shape
    require_fits(ctx, shape, value)
    if isinstance(value, ArrayValue | LazyValue):
        part = broadcast_element(_ready(ctx, value, place.source, in_order=False), shape)
    else:
        number = ctx.scalar(value, "the value stored")

        def part(builder: Builder, index: Sequence[Operand]) -> Operand:
            return number

    if any(may_alias(ctx, read.base, place.source.base) for indices in place.indices for read in indices.reads):
        copies = tuple(as_lazy(materialize(ctx, indices, fresh=True)) for indices in place.indices)
        place = Gather(place.source, place.advanced, copies, place.index_shape, place.at, place.unique)

    def body(builder: Builder, index: list[Operand]) -> None:
        at = base_index(builder, place.source, place.position(ctx, builder, index))
        builder.store(place.source.base, at, part(builder, index))

    for_each(ctx, shape, body, order_free=place.unique)


def _require_target(ctx: Context, target: Value) -> ArrayValue:
    if not isinstance(target, ArrayValue):
        ctx.refuse(KernelTypeError, "only an array's elements can be stored into", "assign the array to a name first")
    for length in target.shape:
        note_at_least(ctx, length)
    return target


def _as_source(ctx: Context, value: Value) -> Value:
    """A value to store: a number, an array or an expression."""
    if isinstance(value, SequenceValue):
        return from_sequence(ctx, value)
    if isinstance(value, ArrayValue | LazyValue):
        for length in value.shape:
            note_at_least(ctx, length)
        if value.ndim == 0 and not isinstance(value, ProductValue):
            return ScalarValue(as_lazy(value).element(ctx.builder, ()))
    return value


def _settled(ctx: Context, value: Value) -> Value:
    return settled(ctx, value) if isinstance(value, ArrayValue | LazyValue) else value


def require_fits(ctx: Context, shape: Sequence[Operand], value: Value) -> None:
    """Check that a value broadcasts to the shape that it is stored into."""
    if not isinstance(value, ArrayValue | LazyValue):
        return
    lead = value.ndim - len(shape)
    shapes = [shape, value.shape]
    if lead > 0 and not all(is_const(length, 1) for length in value.shape[:lead]):
        listed = f"an array of shape {show_shape(value.shape)} doesn't fit into one of shape {show_shape(shape)}"
        ctx.refuse(ShapeMismatchError, listed, SHAPE_REMEDY)
    own = value.shape[max(lead, 0) :]
    for wanted, length in zip(shape[len(shape) - len(own) :], own, strict=True):
        if not is_const(length, 1):
            require_equal(ctx, length, wanted, "assignment", shapes)


def _ready(ctx: Context, value: ArrayLike, target: ArrayValue, *, in_order: bool = True) -> LazyValue:
    """The value as an expression that may be read while ``target`` is written, without its leading unit axes.

    ``in_order`` says that each element is read where it is stored.
    """
    source = _without_lead(as_lazy(value), target.ndim)
    if _is_evaluated_again(source, target) or _is_disturbed(ctx, source, target, in_order):
        source = _without_lead(as_lazy(materialize(ctx, value, fresh=True)), target.ndim)
    return source


def _is_evaluated_again(source: LazyValue, target: ArrayValue) -> bool:
    """True when storing would compute some elements of an expression more than once."""
    return source.cost > 0 and is_repeated(source, target.shape)


def _is_disturbed(ctx: Context, source: LazyValue, target: ArrayValue, in_order: bool = True) -> bool:
    return any(_disturbed(ctx, read, target, in_order) for read in source.reads)


def _without_lead(source: LazyValue, ndim: int) -> LazyValue:
    lead = source.ndim - ndim
    if lead <= 0:
        return source
    inner = source.element

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        return inner(builder, [ZERO] * lead + list(index))

    return LazyValue(source.dtype, source.shape[lead:], element, source.reads, source.cost)


def _disturbed(ctx: Context, read: ArrayValue, target: ArrayValue, in_order: bool) -> bool:
    """True when storing into ``target`` element by element could change what ``read`` still has to give."""
    if not may_alias(ctx, read.base, target.base):
        return False
    if in_order and same_map(read, target):
        return False
    return not apart(ctx, read, target)


def apart(ctx: Context, a: ArrayValue, b: ArrayValue) -> bool:
    """True when two views of one array fix an axis at places that are known to differ, so that they never meet."""
    if a.base is not b.base or len(a.starts) != len(b.starts):
        return False
    for axis, (one, other) in enumerate(zip(a.starts, b.starts, strict=True)):
        moving = [x for x in (*a.axes, *b.axes) if x.base_axis == axis and not is_const(x.length, 1)]
        if not moving and never_equal(ctx.builder.made_by, one, other):
            return True
    return False


def _written_by(ctx: Context, target: ArrayValue, value: ProductValue, *, accumulate: bool) -> bool:
    """Let a library call write straight into ``target``, where that is possible."""
    fits = target.dtype == value.dtype and target.ndim == value.ndim and layout_of(ctx.builder, target) == "C"
    if not fits or (accumulate and not value.can_accumulate):
        return False
    if any(may_alias(ctx, read.base, target.base) for read in value.reads):
        return False
    require_fits(ctx, target.shape, value)
    if any(is_const(own, 1) and not is_const(to, 1) for own, to in zip(value.shape, target.shape, strict=True)):
        return False
    assert value.write is not None
    value.write(ctx, target.base if is_whole(ctx.builder, target) else as_variable(ctx, target), accumulate)
    return True


def _require_kept(ctx: Context, target: ArrayValue, primitive: ScalarPrimitive, value: Value) -> None:
    """Refuse to put a float result into an integer array in place, as NumPy does."""
    if array_type(target.base).is_float:
        return
    dtype = _result_dtype(ctx, primitive, target, value)
    if dtype.startswith("float"):
        ctx.refuse(
            KernelTypeError,
            f"{primitive.name} gives {dtype}, which can't be kept in an array of {target.dtype}",
            "use an array of floats",
        )


def _result_dtype(ctx: Context, primitive: ScalarPrimitive, target: ArrayValue, value: Value) -> str:
    element = array_type(target.base).element
    operand: Operand
    if isinstance(value, ScalarValue):
        operand = value.operand
    elif isinstance(value, ArrayValue | LazyValue):
        operand = Var("x", Scalar(value.dtype))
    else:
        return target.dtype
    return str(ctx.builder.nested().compute(primitive, Var("x", element), operand).type)


def masks_whole(target: ArrayValue, index: Value) -> bool:
    return isinstance(index, ArrayValue | LazyValue) and index.dtype == "bool" and index.ndim == target.ndim > 0


def _store_masked(ctx: Context, target: ArrayValue, mask: ArrayLike, value: object) -> None:
    """Store ``value(builder, index)`` where the mask holds."""
    assert callable(value)
    lazy = as_lazy(settled(ctx, mask))
    for own, wanted in zip(lazy.shape, target.shape, strict=True):
        require_equal(ctx, own, wanted, "a mask and what it selects from", [lazy.shape, target.shape])
    lazy = _ready(ctx, lazy, target)

    def body(builder: Builder, index: list[Operand]) -> None:
        holds = builder.cast(lazy.element(builder, index), BOOL)
        then = builder.nested()
        then.store(target.base, base_index(then, target, index), value(then, index))
        builder.add(Branch(holds, then.block, [], builder.nested().block, [], []))

    for_each(ctx, target.shape, body, nesting=memory_nesting(target))


def _assign_items(ctx: Context, target: ArrayValue, value: SequenceValue) -> bool:
    """``A[i] = (x, y, z)`` of numbers, stored one by one."""
    numbers = [item for item in value.items if isinstance(item, ScalarValue)]
    if target.ndim != 1 or len(numbers) != len(value.items):
        return False
    count = const_int(len(numbers))
    require_equal(ctx, target.shape[0], count, "assignment", [target.shape, (count,)])
    for k, item in enumerate(numbers):
        at = base_index(ctx.builder, target, (const_int(k),))
        ctx.builder.store(target.base, at, item.operand)
    return True
