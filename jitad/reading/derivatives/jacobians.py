"""``jitad.jacobian`` and its kin in a kernel: one column after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jitad.errors import ArgumentError
from jitad.program.builder import Builder
from jitad.program.statements import Const, Operand, Program, Var, array_type
from jitad.reading import complexes
from jitad.reading.arrays.loops import for_each
from jitad.reading.arrays.maps import allocate
from jitad.reading.derivatives.detached import Detached, Leaf, detach
from jitad.reading.derivatives.options import positions_of
from jitad.reading.derivatives.parts import (
    Args,
    Named,
    built,
    dtype_of,
    flat,
    inlined,
    label,
    read_part,
    rebuilt,
    returned,
    shape_of,
    value_and_aux,
)
from jitad.reading.structures import leaves_of
from jitad.reading.values import ArrayValue, DerivativeValue, ScalarValue, SequenceValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


def jacobian(reader: Reader, derivative: DerivativeValue, args: Args, kwargs: Named, text: str) -> Value:
    """One column after another: the tangents along the unit vectors of each argument."""
    from jitad.transforms.tangent import tangent

    form = derivative.form
    positions = positions_of(reader, form.argnums, len(args))
    _refuse_complex([args[at] for at in positions], reader, text)
    part, result = read_part(reader, derivative.function, args, kwargs, positions, text)
    operands: list[Operand] = []
    _refuse_complex([value_and_aux(reader, result, text)[0] if form.has_aux else result], reader, text)
    with reader.block(part.builder):
        tree = flat(reader, value_and_aux(reader, result, text)[0] if form.has_aux else result, operands)
    inner = detach(reader, part, operands, f"{label(text)}_part")
    whole = returned(reader, part, result, f"{label(text)}_part")
    pushed = tangent(inner.program, inner.wrt).program
    value, aux = value_and_aux(reader, whole, text) if form.has_aux else (whole, None)
    values = [leaf for leaf in leaves_of(value) if isinstance(leaf, ScalarValue | ArrayValue)]
    rows = [at for at, operand in enumerate(operands) if operand.type.is_float]
    if not rows:
        reader.refuse(
            ArgumentError,
            f"what {text!r} differentiates returns no floating-point number and no floating-point array",
            "return floating-point numbers (1.0 * n, a.astype(float))",
        )
    blocks = [_columns(reader, pushed, inner, at, [values[row] for row in rows]) for at in range(len(inner.leaves))]
    found: dict[int, Value] = {}
    for place, row in enumerate(rows):
        parts = [block[place] for block in blocks]
        trees = [rebuilt(args[at], parts) for at in positions]
        found[row] = SequenceValue(tuple(trees)) if isinstance(form.argnums, tuple) else trees[0]
    blocks_built = built(tree, found)
    if form.with_value:
        return SequenceValue((whole, blocks_built))
    return blocks_built if aux is None else SequenceValue((blocks_built, aux))


def _refuse_complex(values: Sequence[Value], reader: Reader, text: str) -> None:
    if any(map(complexes.holds_complex, values)):
        reader.refuse(
            ArgumentError,
            f"{text!r} is a Jacobian by or of complex numbers, which is more than one complex matrix",
            "use jitad.jvp or jitad.vjp, or real arrays: jitad.view_as_real",
        )


def _columns(reader: Reader, pushed: Program, inner: Detached, at: int, rows: Sequence[Leaf]) -> list[Value]:
    """The derivatives of each of ``rows`` by leaf ``at``: arrays of the row's shape and then the leaf's."""
    leaf = inner.leaves[at]
    shape = shape_of(leaf)
    directions: list[Operand] = [
        Const(1.0 if i == at else 0.0, other.type)
        if isinstance(other, ScalarValue)
        else allocate(reader, "direction", other.dtype, other.shape, 0).base
        for i, other in enumerate(inner.leaves)
    ]
    if not shape and isinstance(leaf, ScalarValue):
        return inlined(reader, pushed, [*inner.args, *directions])[-len(rows) :]
    direction = directions[at]
    assert isinstance(direction, Var)
    outs = [allocate(reader, "jacobian", dtype_of(row), (*shape_of(row), *shape)) for row in rows]

    def column(builder: Builder, index: list[Operand]) -> None:
        builder.store(direction, index, Const(1.0, array_type(direction).element))
        for out, dot in zip(outs, inlined(reader, pushed, [*inner.args, *directions])[-len(rows) :], strict=True):
            if isinstance(dot, ArrayValue):
                _copy_column(reader, out, dot, list(index))
            elif isinstance(dot, ScalarValue):
                builder.store(out.base, index, dot.operand)
        builder.store(direction, index, Const(0.0, array_type(direction).element))

    for_each(reader, shape, column, order_free=False)
    return list(outs)


def _copy_column(reader: Reader, out: ArrayValue, dot: ArrayValue, column: list[Operand]) -> None:
    def element(builder: Builder, index: list[Operand]) -> None:
        builder.store(out.base, (*index, *column), builder.load(dot.base, index))

    for_each(reader, dot.shape, element)
