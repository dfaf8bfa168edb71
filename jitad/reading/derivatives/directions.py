"""``jitad.jvp`` in a kernel: tangents, and how they fit the arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jitad.errors import ArgumentError, ShapeMismatchError
from jitad.primitives import core
from jitad.program.statements import Operand, Var
from jitad.program.types import BOOL
from jitad.reading import arrays, complexes
from jitad.reading.derivatives.detached import Detached, detach
from jitad.reading.derivatives.options import argnums_of, positions_of
from jitad.reading.derivatives.parts import Args, built, flat, inlined, read_part
from jitad.reading.merging import describe
from jitad.reading.structures import is_active, leaves_of
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexValue,
    DictValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


def jvp(reader: Reader, f: Value, primals: Value, tangents: Value, argnums: Value | None = None) -> Value:
    """``jitad.jvp(f, primals, tangents, argnums)``."""
    from jitad.transforms.tangent import tangent

    args = primals_of(reader, primals)
    positions = _directions(reader, args, argnums)
    part, result = read_part(reader, f, args, {}, positions, "jvp")
    operands: list[Operand] = []
    with reader.block(part.builder):
        tree = flat(reader, result, operands)
    inner = detach(reader, part, operands, "jvp_part")
    directions = tangents_of(reader, inner, args, positions, reader.settle(tangents))
    pushed = tangent(inner.program, inner.wrt).program
    outs = inlined(reader, pushed, [*inner.args, *directions])
    dots: dict[int, Value] = {}
    floating = [at for at, operand in enumerate(operands) if operand.type.is_float]
    dots.update(zip(floating, outs[len(operands) :], strict=True))
    return SequenceValue((built(tree, dict(enumerate(outs))), built(tree, dots)))


def primals_of(reader: Reader, primals: Value) -> list[Value]:
    """The arguments in a tuple of them."""
    if not isinstance(primals, SequenceValue):
        reader.refuse(ArgumentError, f"the primals are {describe(primals)}", "put the arguments in a tuple: (x,)")
    return [reader.settle(item) for item in primals.items]


def _directions(reader: Reader, args: Args, argnums: Value | None) -> list[int]:
    """The arguments that a ``jvp`` has tangents for: the floating-point ones unless ``argnums`` says otherwise."""
    asked = argnums_of(reader, argnums, None)
    if asked is None:
        return [at for at, arg in enumerate(args) if _is_floating(arg)]
    return positions_of(reader, asked, len(args))


def _is_floating(value: Value) -> bool:
    leaves = leaves_of(value)
    return bool(leaves) and all(map(is_active, leaves))


def tangents_of(reader: Reader, part: Detached, args: Args, positions: Sequence[int], tangents: Value) -> list[Operand]:
    """The leaves of tangents of the arguments at ``positions``, checked against these arguments."""
    if not isinstance(tangents, SequenceValue) or len(tangents.items) != len(positions):
        reader.refuse(
            ArgumentError,
            f"the derivative is by the arguments {list(positions)}, and got {describe(tangents)} for tangents",
            "give a tuple with one tangent for each of these; argnums chooses them (an integer argument has none)",
        )
    operands: list[Operand] = []
    leaves = iter(part.leaves)
    for at, tangent in zip(positions, tangents.items, strict=True):
        path = f"the tangent of argument {at}"
        for what, value in _pairs(reader, args[at], tangent, path):
            leaf = next(leaves)
            if isinstance(leaf, ScalarValue):
                operands.append(reader.builder.cast(reader.scalar(value, what), leaf.type))
            else:
                operands.append(_direction(reader, leaf, value, what))
    return operands


def _pairs(reader: Reader, primal: Value, tangent: Value, what: str) -> Iterator[tuple[str, Value]]:
    """The leaves of a tangent, each with its name, checked against the structure of the argument it belongs to."""
    match primal, tangent:
        case SequenceValue(items=owns), SequenceValue(items=parts) if len(owns) == len(parts):
            for at, (own, item) in enumerate(zip(owns, parts, strict=True)):
                yield from _pairs(reader, own, item, f"{what}[{at}]")
        case DictValue(items=owns), DictValue(items=parts) if set(owns) == set(parts):
            for key, own in owns.items():
                yield from _pairs(reader, own, parts[key], f"{what}[{key!r}]")
        case ComplexValue(), ScalarValue() | ComplexValue():
            number = complexes.number_of(reader.builder, tangent, primal.type)
            yield what, ScalarValue(number.re)
            yield what, ScalarValue(number.im)
        case ComplexArrayValue(), ComplexArrayValue():
            yield what, tangent.pair
        case (ScalarValue(), ScalarValue()) | (ArrayValue() | LazyValue(), ArrayValue() | LazyValue()):
            yield what, tangent
        case StaticValue(None), StaticValue(None):
            pass
        case _:
            reader.refuse(
                ArgumentError,
                f"{what} is {describe(tangent)}, and the argument that it belongs to is {describe(primal)}",
                "give it the argument's structure, shape and dtype",
            )


def _direction(reader: Reader, leaf: ArrayValue, value: Value, what: str) -> Var:
    assert isinstance(value, ArrayValue | LazyValue)
    if value.dtype != leaf.dtype or value.ndim != leaf.ndim:
        reader.refuse(
            ArgumentError,
            f"{what} is {describe(value)}, and the argument that it belongs to is {describe(leaf)}",
            "give it the argument's shape and dtype",
        )
    for own, length in zip(leaf.shape, value.shape, strict=True):
        differs = reader.builder.compute_typed(core.not_, (reader.builder.equal(own, length),), BOOL)
        reader.fail_if(
            differs, ShapeMismatchError, f"{what} has another shape than its argument", "give it the same shape"
        )
    return arrays.as_variable(reader, arrays.materialize(reader, value, "direction"))
