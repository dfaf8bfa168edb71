"""Arrays written out: ``np.array([...])`` of numbers, tuples and arrays."""

from __future__ import annotations

from jitad.errors import KernelTypeError
from jitad.inference import unify
from jitad.program.builder import const_int
from jitad.program.statements import Operand
from jitad.program.types import Scalar
from jitad.reading.arrays.agreement import require_equal
from jitad.reading.arrays.loops import for_each
from jitad.reading.arrays.maps import allocate, as_lazy
from jitad.reading.arrays.materialize import settled
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, LazyValue, ScalarValue, SequenceValue, Value


def from_sequence(ctx: Context, value: Value, dtype: str | None = None, name: str = "array") -> ArrayValue:
    """The array of a tuple or list of numbers, arrays, or sequences of them (all of one shape)."""
    leaves: list[tuple[tuple[int, ...], Value]] = []
    lead = _collect(ctx, value, (), leaves)
    types = tuple(Scalar(leaf.dtype) if isinstance(leaf, LazyValue) else leaf.type for _, leaf in leaves)  # type: ignore[attr-defined]
    if dtype is None:
        unified = unify(types) if types else Scalar("float64")
        if unified is None:
            ctx.refuse(KernelTypeError, f"no type fits {' and '.join(map(str, types))}", "convert the numbers first")
        dtype = unified.dtype
    inner = leaves[0][1].shape if leaves and isinstance(leaves[0][1], LazyValue) else ()
    out = allocate(ctx, name, dtype, [*map(const_int, lead), *inner])
    for place, leaf in leaves:
        _fill(ctx, out, tuple(map(const_int, place)), leaf, inner)
    return out


def _fill(ctx: Context, out: ArrayValue, lead: tuple[Operand, ...], leaf: Value, shape: tuple[Operand, ...]) -> None:
    if isinstance(leaf, ScalarValue):
        if shape:
            ctx.refuse(KernelTypeError, "numbers and arrays are mixed in one array", "give items of one shape")
        ctx.builder.store(out.base, lead, leaf.operand)
        return
    assert isinstance(leaf, LazyValue)
    if len(leaf.shape) != len(shape):
        ctx.refuse(KernelTypeError, "the items of an array have different numbers of axes", "give items of one shape")
    for own, wanted in zip(leaf.shape, shape, strict=True):
        require_equal(ctx, own, wanted, "the items of an array", [leaf.shape, shape])

    def body(builder, index):  # type: ignore[no-untyped-def]
        builder.store(out.base, (*lead, *index), leaf.element(builder, index))

    for_each(ctx, shape, body)


def _collect(
    ctx: Context, value: Value, place: tuple[int, ...], leaves: list[tuple[tuple[int, ...], Value]]
) -> tuple[int, ...]:
    """List the numbers and arrays in nested sequences; gives the shape of the nesting."""
    if isinstance(value, SequenceValue):
        shapes = [_collect(ctx, item, (*place, k), leaves) for k, item in enumerate(value.items)]
        if any(shape != shapes[0] for shape in shapes):
            ctx.refuse(KernelTypeError, "the rows have different lengths", "give rows of one length")
        return (len(value.items), *(shapes[0] if shapes else ()))
    if isinstance(value, ArrayValue | LazyValue):
        lazy = as_lazy(settled(ctx, value))
        leaves.append((place, lazy if lazy.ndim else ScalarValue(lazy.element(ctx.builder, ()))))
    elif isinstance(value, ScalarValue):
        leaves.append((place, value))
    else:
        ctx.refuse(KernelTypeError, "an array's items must be numbers or arrays", "leave the other items out")
    return ()
