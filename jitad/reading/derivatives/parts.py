"""What is differentiated in a kernel: read as a program of its own, called, and its results put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jitad.errors import ArgumentError, KernelTypeError, NonScalarResultError
from jitad.program.rewrite import inline
from jitad.program.statements import Call, Const, Operand, Program, Var
from jitad.program.types import Array, Scalar
from jitad.reading import arrays
from jitad.reading.arrays.maps import allocate
from jitad.reading.derivatives.detached import Detached, Leaf, Mirror, detach
from jitad.reading.merging import describe
from jitad.reading.structures import mapped
from jitad.reading.values import ArrayValue, LazyValue, ScalarValue, SequenceValue, StaticValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader
    from jitad.transforms.nodes import GradientNode

Args = Sequence[Value]
Named = Mapping[str, Value]


def settled(reader: Reader, args: Args, kwargs: Named) -> tuple[list[Value], dict[str, Value]]:
    """The arguments of a call with array expressions computed."""
    return [reader.settle(arg) for arg in args], {name: reader.settle(arg) for name, arg in kwargs.items()}


def read_part(
    reader: Reader, f: Value, args: Args, kwargs: Named, positions: Sequence[int], text: str
) -> tuple[Mirror, Value]:
    """Read a call of ``f`` into a block of its own, with parameters for the arguments at ``positions``."""
    from jitad.reading.calls import call
    from jitad.reading.reader import Unreachable

    mirror = Mirror(reader, reader.builder.nested())
    given = list(args)
    for at in positions:
        given[at] = mirror(args[at], f"argument {at} of {text!r}")
    if not mirror.params:
        reader.refuse(ArgumentError, f"{text!r} gets nothing to differentiate by", "choose another with argnums")
    try:
        with reader.block(mirror.builder):
            result = reader.settle(call(reader, f, given, kwargs, text))
    except Unreachable:  # every path raises
        reader.builder.absorb(mirror.builder)
        raise
    return mirror, result


def returned(reader: Reader, part: Mirror, result: Value, name: str) -> Value:
    """What a function that was read returns, computed on copies of the arrays that it writes."""
    from jitad.transforms.localize import localize

    operands: list[Operand] = []
    with reader.block(part.builder):
        tree = flat(reader, result, operands)
    inner = detach(reader, part, operands, name)
    return built(tree, dict(enumerate(inlined(reader, localize(inner.program), inner.args))))


def value_and_aux(reader: Reader, result: Value, text: str) -> tuple[Value, Value]:
    """The value and the aux in a result."""
    if isinstance(result, SequenceValue) and len(result.items) == 2:
        return result.items[0], result.items[1]
    reader.refuse(
        NonScalarResultError,
        f"what {text!r} differentiates returns {describe(result)}, and has_aux=True asks for a pair (value, aux)",
        "return a pair",
    )


def scalar_result(reader: Reader, value: Value, text: str) -> Operand:
    """The operand of a floating-point number; refuses anything else."""
    if not isinstance(value, ScalarValue) or not value.type.is_float:
        reader.refuse(
            NonScalarResultError,
            f"what {text!r} differentiates returns {describe(value)}; a gradient is of one real floating-point number",
            "return a float (np.sum(...) of an array, say; z.real or abs(z) of a complex number)",
        )
    return value.operand


def scalar_type(operand: Operand) -> Scalar:
    """The type of a number."""
    assert isinstance(operand.type, Scalar)
    return operand.type


def label(text: str) -> str:
    """A name for a program, from how the user writes its function."""
    return text if text.isidentifier() else "inner"


def call_node(
    reader: Reader, node: GradientNode, part: Detached, directions: Sequence[Operand], seeds: Sequence[Operand]
) -> list[Value]:
    """Call a gradient; its values and gradients, numbers as numbers."""
    outs: list[ArrayValue] = []
    for at in node.values:
        outs.append(allocate(reader, "value", scalar_type(node.program.results[at]).dtype, ()))
    outs += [allocate(reader, "gradient", dtype_of(leaf), shape_of(leaf)) for leaf in part.leaves]
    args = [boxed(reader, arg) for arg in (*part.args, *directions)]
    reader.builder.add(Call(node, tuple(out.base for out in outs), (*args, *seeds), origin=reader.origin))
    are_numbers = [True] * len(node.values) + [isinstance(leaf, ScalarValue) for leaf in part.leaves]
    return [
        ScalarValue(reader.builder.load(out.base, ())) if is_number else out
        for out, is_number in zip(outs, are_numbers, strict=True)
    ]


def boxed(reader: Reader, arg: Operand) -> Operand:
    """A floating-point number in a 0-d array, which has a shadow; anything else as it is."""
    if isinstance(arg, Const) or isinstance(arg.type, Array) or not arg.type.is_float:
        return arg
    box = allocate(reader, arg.name, arg.type.dtype, ())
    reader.builder.store(box.base, (), arg)
    return box.base


def inlined(reader: Reader, program: Program, args: Sequence[Operand]) -> list[Value]:
    """The results of a program that is written out here, as values; arrays are memory of their own."""
    from jitad.transforms.localize import in_layout

    given: dict[Var, Operand] = {}
    for param, arg in zip(program.params, args, strict=True):
        if isinstance(param.type, Array):
            assert isinstance(arg, Var)
            given[param] = in_layout(reader.builder, arg, param.type)
        else:
            given[param] = reader.builder.cast(arg, param.type)
    outs: list[Value] = []
    for result in inline(program, given, reader.builder):
        if isinstance(result, Var) and isinstance(result.type, Array):
            arrays.note_distinct(reader, result)
            outs.append(arrays.from_variable(reader.builder, result))
        else:
            outs.append(ScalarValue(result))
    return outs


def dtype_of(leaf: Leaf) -> str:
    """The dtype of a number or an array."""
    return leaf.dtype if isinstance(leaf, ArrayValue) else leaf.type.dtype


def shape_of(leaf: Leaf) -> tuple[Operand, ...]:
    """The shape of a number or an array."""
    return leaf.shape if isinstance(leaf, ArrayValue) else ()


def rebuilt(value: Value, leaves: list[Value]) -> Value:
    """The structure of an argument with its numbers and arrays replaced by the next ``leaves``, which are taken."""
    return mapped(value, lambda leaf: StaticValue(None) if isinstance(leaf, StaticValue) else leaves.pop(0))


class Place(Value):
    """Where a leaf of a result is among the operands."""

    def __init__(self, at: int) -> None:
        self.at = at


def flat(reader: Reader, value: Value, operands: list[Operand]) -> Value:
    """Append the operands of a result; the structure with their places."""

    def take(leaf: Value) -> Value:
        match leaf:
            case ScalarValue(operand):
                operands.append(operand)
            case ArrayValue() | LazyValue():
                operands.append(arrays.as_variable(reader, arrays.materialize(reader, leaf, "result", fresh=True)))
            case StaticValue():
                return leaf
            case _:
                reader.refuse(
                    KernelTypeError,
                    f"a function that is differentiated returns {describe(leaf)}",
                    "return numbers, arrays, or tuples or dicts of them",
                )
        return Place(len(operands) - 1)

    return mapped(value, take)


def built(tree: Value, leaves: Mapping[int, Value]) -> Value:
    """The structure with the leaves at its places (None where there is none)."""
    return mapped(tree, lambda leaf: leaves.get(leaf.at, StaticValue(None)) if isinstance(leaf, Place) else leaf)
