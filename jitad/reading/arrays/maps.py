"""Index maps: whole arrays, their elements, and views as variables of the program."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.statements import Const, Operand, Var, ViewAxis, array_type
from jitad.reading.arrays.facts import facts, note_allocated, note_at_least
from jitad.reading.context import Context
from jitad.reading.values import ArrayLike, ArrayValue, LazyValue, Value

ZERO = const_int(0)
ONE = const_int(1)


def from_variable(builder: Builder, var: Var) -> ArrayValue:
    """All of an array variable."""
    ndim = array_type(var).ndim
    axes = tuple(ViewAxis(builder.dim(var, axis), axis, ONE) for axis in range(ndim))
    return ArrayValue(var, (ZERO,) * ndim, axes)


def allocate(ctx: Context, name: str, dtype: str, shape: Sequence[Operand], fill: float | None = None) -> ArrayValue:
    """A fresh array, known to be memory of its own."""
    var = ctx.builder.alloc(name or "temporary", dtype, shape, fill)
    note_allocated(ctx, var)
    return from_variable(ctx.builder, var)


def base_index(builder: Builder, array: ArrayValue, index: Sequence[Operand]) -> tuple[Operand, ...]:
    """The index into the base of the element of ``array`` at ``index``."""
    full = list(array.starts)
    for axis, at in zip(array.axes, index, strict=True):
        if axis.base_axis is not None and not is_const(axis.step, 0):
            full[axis.base_axis] = shifted(builder, full[axis.base_axis], at, axis.step)
    return tuple(full)


def shifted(builder: Builder, start: Operand, at: Operand, step: Operand) -> Operand:
    """``start + at * step``."""
    if is_const(step, -1):
        return start if is_const(at, 0) else builder.minus(start, at)
    moved = builder.times(at, step)
    if isinstance(moved, Const):
        return start if moved.value == 0 else builder.plus(start, moved)
    return builder.plus(moved, start)


def load_element(builder: Builder, array: ArrayValue, index: Sequence[Operand]) -> Operand:
    """The element of ``array`` at ``index``."""
    return builder.load(array.base, base_index(builder, array, index))


def as_lazy(value: ArrayLike) -> LazyValue:
    """An array seen as an expression."""
    if isinstance(value, LazyValue):
        return value
    array = value

    def element(builder: Builder, index: Sequence[Operand]) -> Operand:
        return load_element(builder, array, index)

    return LazyValue(array.dtype, array.shape, element, (array,))


def same_operand(a: Operand, b: Operand) -> bool:
    """True when two operands are known to be the same number."""
    return a is b or (isinstance(a, Const) and isinstance(b, Const) and a.value == b.value)


def same_map(a: ArrayValue, b: ArrayValue) -> bool:
    """True when two values are the same elements of the same array in the same places."""
    return (
        a.base is b.base
        and len(a.axes) == len(b.axes)
        and len(a.starts) == len(b.starts)
        and all(same_operand(x, y) for x, y in zip(a.starts, b.starts, strict=True))
        and all(_same_axis(x, y) for x, y in zip(a.axes, b.axes, strict=True))
    )


def _same_axis(a: ViewAxis, b: ViewAxis) -> bool:
    return a.base_axis == b.base_axis and same_operand(a.step, b.step) and same_operand(a.length, b.length)


def anywhere(reads: Sequence[ArrayValue]) -> tuple[ArrayValue, ...]:
    """Marks of reads whose place isn't the index of the element that is computed from them."""
    return tuple(ArrayValue(read.base, (), ()) for read in reads)


def covers(builder: Builder, array: ArrayValue, axis: int, base_axis: int) -> bool:
    """True when an axis runs over all of an axis of the base, forwards."""
    own = array.axes[axis]
    return (
        own.base_axis == base_axis
        and is_const(own.step, 1)
        and is_const(array.starts[base_axis], 0)
        and same_operand(own.length, builder.dim(array.base, base_axis))
    )


def is_whole(builder: Builder, array: ArrayValue) -> bool:
    """True when the value is all of its base, axis by axis."""
    return array.ndim == array_type(array.base).ndim and all(covers(builder, array, k, k) for k in range(array.ndim))


def layout_of(builder: Builder, array: ArrayValue) -> str:
    """The memory layout of a value: ``"C"``, ``"F"`` or ``"A"``."""
    base = array_type(array.base)
    if array.ndim == 0:
        return "C"
    if any(axis.base_axis is None for axis in array.axes):
        return "A"
    if base.ndim == array.ndim == 1:
        return "C" if base.layout in "CF" and is_const(array.axes[0].step, 1) else "A"
    if base.layout == "C":
        order = list(range(base.ndim))
    elif base.layout == "F":
        order = list(range(base.ndim))[::-1]
    else:
        return "A"
    if _is_tail(builder, array, order, list(range(array.ndim))):
        return "C"
    if _is_tail(builder, array, order, list(range(array.ndim))[::-1]):
        return "F"
    return "A"


def _is_tail(builder: Builder, array: ArrayValue, memory: list[int], axes: list[int]) -> bool:
    """True when ``axes`` are the fastest-moving base axes of ``memory``, all but the first of them whole."""
    tail = memory[len(memory) - len(axes) :]
    if [array.axes[k].base_axis for k in axes] != tail or not is_const(array.axes[axes[0]].step, 1):
        return False
    return all(covers(builder, array, axis, base) for axis, base in zip(axes[1:], tail[1:], strict=True))


def as_variable(ctx: Context, array: ArrayValue) -> Var:
    """The value as an array variable: its base, or a view of it."""
    builder = ctx.builder
    if is_whole(builder, array):
        return array.base
    view = builder.view(array.base, array.starts, array.axes, layout_of(builder, array))
    facts(ctx).bases[view] = array.base
    return view


def size_of(ctx: Context, shape: Sequence[Operand]) -> Operand:
    """The number of elements of a shape."""
    size: Operand = ONE
    for length in shape:
        size = ctx.builder.compute(core.mul, size, length)
    return note_at_least(ctx, size)


def require_array(ctx: Context, value: Value, what: str) -> ArrayLike:
    """``value`` if it is an array (or an array expression); refuses anything else."""
    from jitad.errors import KernelTypeError

    if not isinstance(value, ArrayValue | LazyValue):
        ctx.refuse(KernelTypeError, f"{what} must be an array", "pass an array here")
    for length in value.shape:
        note_at_least(ctx, length)
    return value


def show(value: Value) -> str:
    """A value's name and shape, for messages."""
    if isinstance(value, ArrayValue):
        return f"{value.base.name} with shape {show_shape(value.shape)}"
    if isinstance(value, LazyValue):
        return f"an expression with shape {show_shape(value.shape)}"
    return "a number"


def _named(length: Var) -> str:
    """``x.shape[0]`` for the length of an array's axis, ``…`` for a length that was computed."""
    array, found, axis = length.name.rpartition("_dim")
    return f"{array}.shape[{axis}]" if found else "…"


def show_shape(shape: Sequence[Operand]) -> str:
    """A shape, for messages."""
    parts = [str(length.value) if isinstance(length, Const) else _named(length) for length in shape]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
