"""Writing ``Z[...] = v``, ``Z[...] op= v`` and ``Z op= v`` for complex arrays, in the order of NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from jitad.errors import KernelTypeError
from jitad.primitives import core
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.builder import Builder
from jitad.program.statements import Branch, Operand
from jitad.program.types import BOOL, REAL_DTYPES, Scalar
from jitad.reading.arrays.agreement import is_repeated, require_equal
from jitad.reading.arrays.broadcasting import broadcast_element
from jitad.reading.arrays.facts import may_alias, note_at_least
from jitad.reading.arrays.indexing import Gather, select
from jitad.reading.arrays.loops import for_each, memory_nesting
from jitad.reading.arrays.maps import ZERO, as_lazy, base_index, same_map
from jitad.reading.arrays.materialize import materialize, settled
from jitad.reading.arrays.sequences import from_sequence
from jitad.reading.arrays.stores import apart, masks_whole, require_fits
from jitad.reading.complexes.creation import from_values
from jitad.reading.complexes.indexing import gathered, number_at
from jitad.reading.complexes.parts import as_complex_lazy, holds_complex, in_memory, lazy_of, number_of, store_pair
from jitad.reading.complexes.typing import typed
from jitad.reading.context import Context
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    Value,
)

Number = ScalarValue | ComplexValue
Source = ScalarValue | ComplexValue | LazyValue | ComplexLazy
Element = Callable[[Builder, Sequence[Operand]], Number]


def setitem(ctx: Context, target: ComplexArrayValue, index: Value, value: Value) -> None:
    """``target[index] = value``."""
    _note_shape(ctx, target)
    if masks_whole(target.re, index) and isinstance(value, Number):

        def stored(builder: Builder, place: Sequence[Operand]) -> Number:
            return value

        _store_masked(ctx, target, index, stored)
        return
    place = select(ctx, target.re, index)
    if isinstance(place, Gather):
        _scatter(ctx, target, place, value)
    else:
        assign(ctx, target.moved(place), value)


def update_item(
    ctx: Context, target: ComplexArrayValue, index: Value, primitive: ScalarPrimitive, value: Value
) -> None:
    """``target[index] op= value``."""
    _note_shape(ctx, target)
    if masks_whole(target.re, index) and isinstance(value, Number):

        def updated(builder: Builder, place: Sequence[Operand]) -> Number:
            return _combined(ctx, builder, primitive, number_at(builder, target, place), value)

        _store_masked(ctx, target, index, updated)
        return
    place = select(ctx, target.re, index)
    if isinstance(place, Gather):
        result = ctx.apply(primitive, (gathered(ctx, target, place), value))
        assert isinstance(result, ComplexLazy)
        _scatter(ctx, target, place, in_memory(ctx, result))
    else:
        update_whole(ctx, target.moved(place), primitive, value)


def update_whole(ctx: Context, target: ComplexArrayValue, primitive: ScalarPrimitive, value: Value) -> Value:
    """``target op= value`` in place; gives the target back."""
    source = _source(ctx, value)
    _require_fits(ctx, target.shape, source)
    element = _elements(ctx, _ready(ctx, source, target), target.shape)
    is_sum = primitive in (core.add, core.sub) and _part(target).dtype == "float64"
    is_sum = is_sum or (primitive in (core.add, core.sub) and typed(source)[0] in ("complex64", "float32"))

    def body(builder: Builder, index: list[Operand]) -> None:
        operand = element(builder, index)
        if is_sum:
            _accumulate(builder, target, index, operand, negated=primitive is core.sub)
        else:
            _store(
                builder, target, index, _combined(ctx, builder, primitive, number_at(builder, target, index), operand)
            )

    for_each(ctx, target.shape, body, nesting=memory_nesting(target.re))
    return target


def assign(ctx: Context, target: ComplexArrayValue, value: Value) -> None:
    """Store a value into every element of a view; axes of literal length 1 are repeated."""
    source = _source(ctx, value)
    _require_fits(ctx, target.shape, source)
    element = _elements(ctx, _ready(ctx, source, target), target.shape)

    def body(builder: Builder, index: list[Operand]) -> None:
        _store(builder, target, index, element(builder, index))

    for_each(ctx, target.shape, body, nesting=memory_nesting(target.re))


def _scatter(ctx: Context, target: ComplexArrayValue, place: Gather, value: Value) -> None:
    """``Z[indices] = value``: every value is computed before the first store; the last of equal indices wins."""
    source = _source(ctx, value)
    _require_fits(ctx, place.shape, source)
    into = target.moved(place.source)
    element = _elements(ctx, _ready(ctx, source, into, in_order=False), place.shape)
    if any(may_alias(ctx, read.base, target.pair.base) for indices in place.indices for read in indices.reads):
        place = replace(place, indices=tuple(as_lazy(materialize(ctx, each, fresh=True)) for each in place.indices))

    def body(builder: Builder, index: list[Operand]) -> None:
        _store(builder, into, place.position(ctx, builder, index), element(builder, index))

    for_each(ctx, place.shape, body, order_free=place.unique)


def _store_masked(ctx: Context, target: ComplexArrayValue, index: Value, element: Element) -> None:
    """Store where a mask holds."""
    assert isinstance(index, ArrayValue | LazyValue)
    mask = as_lazy(settled(ctx, index))
    for own, wanted in zip(mask.shape, target.shape, strict=True):
        require_equal(ctx, own, wanted, "a mask and what it selects from", [mask.shape, target.shape])
    ready = _ready(ctx, mask, target)
    assert isinstance(ready, LazyValue)

    def body(builder: Builder, at: list[Operand]) -> None:
        holds = builder.cast(ready.element(builder, at), BOOL)
        then = builder.nested()
        _store(then, target, at, element(then, at))
        builder.add(Branch(holds, then.block, [], builder.nested().block, [], []))

    for_each(ctx, target.shape, body, nesting=memory_nesting(target.re))


def _source(ctx: Context, value: Value) -> Source:
    """A value to store: a number, or an array as an expression; arrays without axes count as numbers."""
    if isinstance(value, SequenceValue):
        value = from_values(ctx, value) if holds_complex(value) else from_sequence(ctx, value)
    if isinstance(value, ArrayValue | LazyValue | ComplexArrayValue | ComplexLazy):
        lazy = lazy_of(ctx, value)
        if lazy.ndim:
            _note_shape(ctx, lazy)
            return lazy
        found = lazy.element(ctx.builder, ())
        return ComplexValue(*found) if isinstance(found, tuple) else ScalarValue(found)
    if not isinstance(value, Number):
        ctx.refuse(KernelTypeError, "only numbers and arrays can be stored into an array", "store a number")
    return value


def _elements(ctx: Context, source: Source, shape: Sequence[Operand]) -> Element:
    """The number to store at an index of the shape."""
    if isinstance(source, Number):

        def number(builder: Builder, index: Sequence[Operand]) -> Number:
            return source

        return number
    part: Callable[..., object] = broadcast_element(source, shape)  # type: ignore[arg-type]

    def element(builder: Builder, index: Sequence[Operand]) -> Number:
        found = part(builder, index)
        return ComplexValue(*found) if isinstance(found, tuple) else ScalarValue(found)  # type: ignore[arg-type]

    return element


def _ready(ctx: Context, source: Source, target: ComplexArrayValue, *, in_order: bool = True) -> Source:
    """The source as it may be read while ``target`` is written, without its leading unit axes.

    ``in_order`` says that each element is read where it is stored.
    """
    if isinstance(source, Number):
        return source
    shape = _without_lead(source, target.ndim)
    real = shape.re if isinstance(shape, ComplexLazy) else shape
    repeated = source.cost > 0 and is_repeated(real, target.shape)
    if repeated or any(_disturbed(ctx, read, target, in_order) for read in source.reads):
        if isinstance(source, ComplexLazy):
            source = as_complex_lazy(in_memory(ctx, source, fresh=True))
        else:
            source = as_lazy(materialize(ctx, source, fresh=True))
    return _without_lead(source, target.ndim)


def _without_lead(source: LazyValue | ComplexLazy, ndim: int) -> LazyValue | ComplexLazy:
    lead = source.ndim - ndim
    if lead <= 0:
        return source
    inner = source.element

    def element(builder: Builder, index: Sequence[Operand]) -> object:
        return inner(builder, [ZERO] * lead + list(index))

    return replace(source, shape=source.shape[lead:], element=element)  # type: ignore[arg-type]


def _disturbed(ctx: Context, read: ArrayValue, target: ComplexArrayValue, in_order: bool) -> bool:
    """True when storing into ``target`` element by element could change what ``read`` still has to give."""
    if not may_alias(ctx, read.base, target.pair.base):
        return False
    parts = (target.re, target.im)
    if in_order and any(same_map(read, part) for part in parts):
        return False
    return not all(apart(ctx, read, part) for part in parts)


def _require_fits(ctx: Context, shape: Sequence[Operand], source: Source) -> None:
    require_fits(ctx, shape, source.re if isinstance(source, ComplexLazy) else source)


def _combined(ctx: Context, builder: Builder, primitive: ScalarPrimitive, old: ComplexValue, operand: Number) -> Number:
    with ctx.block(builder):
        found = ctx.apply(primitive, (old, operand))
    assert isinstance(found, Number)
    return found


def _store(builder: Builder, target: ComplexArrayValue, index: Sequence[Operand], value: Number) -> None:
    number = number_of(builder, value, _part(target))
    store_pair(builder, target, index, (number.re, number.im))


def _accumulate(
    builder: Builder, target: ComplexArrayValue, index: Sequence[Operand], value: Number, *, negated: bool
) -> None:
    number = number_of(builder, value, _part(target))
    rows = [(target.re, number.re)]
    if isinstance(value, ComplexValue):
        rows.append((target.im, number.im))
    for part, operand in rows:
        term = builder.negative(operand) if negated else operand
        builder.accumulate(part.base, base_index(builder, part, index), term)


def _part(target: ComplexArrayValue) -> Scalar:
    return Scalar(REAL_DTYPES[target.dtype])


def _note_shape(ctx: Context, value: ComplexArrayValue | LazyValue | ComplexLazy) -> None:
    for length in value.shape:
        note_at_least(ctx, length)
