"""Derivatives asked for inside a kernel: ``jitad.grad(f)(x)``, ``jitad.jvp(f, (x,), (v,))`` and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jitad.errors import ArgumentError, KernelTypeError, NonScalarResultError, ShapeMismatchError
from jitad.primitives import core
from jitad.program.builder import Builder
from jitad.program.rewrite import inline
from jitad.program.statements import Call, Const, Operand, Program, Var, array_type
from jitad.program.types import BOOL, Array, Scalar
from jitad.reading import arrays
from jitad.reading.arrays.loops import for_each
from jitad.reading.arrays.maps import allocate
from jitad.reading.detached import Detached, Leaf, Mirror, detach
from jitad.reading.merging import describe
from jitad.reading.values import (
    ArrayValue,
    DerivativeForm,
    DerivativeValue,
    DictValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

Args = Sequence[Value]
Named = Mapping[str, Value]


def _settled(reader: Reader, args: Args, kwargs: Named) -> tuple[list[Value], dict[str, Value]]:
    return [reader.settle(arg) for arg in args], {name: reader.settle(arg) for name, arg in kwargs.items()}


# Making derivative functions


def make(kind: str, *, with_value: bool = False) -> Callable[..., Value]:
    """What reads a call of ``jitad.grad``, ``jitad.hessian`` or the like, giving the derivative function."""

    def read(reader: Reader, f: Value, argnums: Value | None = None, has_aux: Value | None = None) -> Value:
        form = DerivativeForm(kind, None, _argnums(reader, argnums, 0), _flag(reader, has_aux), with_value)
        return DerivativeValue(form, f)

    return read


def hessian(reader: Reader, f: Value, argnums: Value | None = None) -> Value:
    """``jitad.hessian(f, argnums)``: the Jacobian of the gradient."""
    form = DerivativeForm("gradient", None, _argnums(reader, argnums, 0))
    return DerivativeValue(DerivativeForm("jacobian", None, form.argnums), DerivativeValue(form, f))


def _argnums(reader: Reader, value: Value | None, default: Any) -> Any:
    if value is None or (isinstance(value, StaticValue) and value.obj is None):
        return default
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const) and not value.type.is_float:
        return int(value.operand.value)
    if isinstance(value, SequenceValue):
        return tuple(_argnums(reader, item, default) for item in value.items)
    reader.refuse(ArgumentError, "argnums must be known while reading", "write it as a literal: 0, or (0, 1)")


def _flag(reader: Reader, value: Value | None) -> bool:
    if value is None:
        return False
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const):
        return bool(value.operand.value)
    reader.refuse(ArgumentError, "has_aux must be known while reading", "write True or False")


def _positions(reader: Reader, argnums: int | tuple[int, ...], count: int) -> list[int]:
    asked = argnums if isinstance(argnums, tuple) else (argnums,)
    for argnum in asked:
        if not -count <= argnum < count:
            reader.refuse(
                ArgumentError,
                f"argnums={argnums!r} asks for argument {argnum}, but this call gives {count} positional "
                f"{'argument' if count == 1 else 'arguments'}",
                "count from 0, and pass that argument by position",
            )
    found = [argnum % count for argnum in asked]
    if len(set(found)) < len(found):
        reader.refuse(ArgumentError, f"argnums={argnums!r} names an argument twice", "name each one once")
    return found


# Calling them


def call_derivative(reader: Reader, derivative: DerivativeValue, args: Args, kwargs: Named, text: str) -> Value:
    """The value of a derivative function's call."""
    args, kwargs = _settled(reader, args, kwargs)
    if derivative.form.kind == "jacobian":
        return _jacobian(reader, derivative, args, kwargs, text)
    return _gradient(reader, derivative, args, kwargs, text)


def _gradient(reader: Reader, derivative: DerivativeValue, args: Args, kwargs: Named, text: str) -> Value:
    from jitad.transforms.nodes import GradientNode

    form = derivative.form
    positions = _positions(reader, form.argnums, len(args))
    part, result = _read(reader, derivative.function, args, kwargs, positions, text)
    loss = _pair(reader, result, text)[0] if form.has_aux else result
    program = detach(reader, part, [_scalar_result(reader, loss, text)], f"{_label(text)}_part")
    node = GradientNode(
        name=f"{_label(text)}_gradient",
        program=program.program,
        wrt=program.wrt,
        dependents=(0,),
        values=(0,) if form.with_value else (),
    )
    gradients = _call_node(reader, node, program, (), [Const(1.0, _scalar_type(program.program.results[0]))])
    value = gradients.pop(0) if form.with_value else None
    trees = [_rebuilt(args[at], gradients) for at in positions]
    gradient = SequenceValue(tuple(trees)) if isinstance(form.argnums, tuple) else trees[0]
    if form.has_aux:
        whole = _returned(reader, part, result, f"{_label(text)}_part")
        return SequenceValue((whole, gradient) if form.with_value else (gradient, _pair(reader, whole, text)[1]))
    return gradient if value is None else SequenceValue((value, gradient))


def jvp(reader: Reader, f: Value, primals: Value, tangents: Value, argnums: Value | None = None) -> Value:
    """``jitad.jvp(f, primals, tangents, argnums)``."""
    from jitad.transforms.tangent import tangent

    args = _primals(reader, primals)
    positions = _directions(reader, args, argnums, tangents)
    part, result = _read(reader, f, args, {}, positions, "jvp")
    operands: list[Operand] = []
    with reader.block(part.builder):
        tree = _flat(reader, result, operands)
    inner = detach(reader, part, operands, "jvp_part")
    directions = _tangents(reader, inner, args, positions, reader.settle(tangents))
    pushed = tangent(inner.program, inner.wrt).program
    outs = _inline(reader, pushed, [*inner.args, *directions])
    dots: dict[int, Value] = {}
    floating = [at for at, operand in enumerate(operands) if operand.type.is_float]
    dots.update(zip(floating, outs[len(operands) :], strict=True))
    return SequenceValue((_built(tree, dict(enumerate(outs))), _built(tree, dots)))


def hvp(reader: Reader, f: Value, primals: Value, v: Value, argnums: Value | None = None) -> Value:
    """``jitad.hvp(f, primals, v, argnums)``."""
    from jitad.transforms.nodes import GradientNode
    from jitad.transforms.tangent import tangent

    args = _primals(reader, primals)
    asked = _argnums(reader, argnums, 0)
    positions = _positions(reader, asked, len(args))
    part, result = _read(reader, f, args, {}, positions, "hvp")
    inner = detach(reader, part, [_scalar_result(reader, result, "hvp")], "hvp_part")
    vectors = v if isinstance(asked, tuple) else SequenceValue((v,))
    directions = _tangents(reader, inner, args, positions, reader.settle(vectors))
    pushed = tangent(inner.program, inner.wrt).program
    node = GradientNode(name="hvp_gradient", program=pushed, wrt=inner.wrt, dependents=(1,))
    found = _call_node(reader, node, inner, directions, [Const(1.0, _scalar_type(pushed.results[1]))])
    trees = [_rebuilt(args[at], found) for at in positions]
    return SequenceValue(tuple(trees)) if isinstance(asked, tuple) else trees[0]


def _jacobian(reader: Reader, derivative: DerivativeValue, args: Args, kwargs: Named, text: str) -> Value:
    """One column after another: the tangents along the unit vectors of each argument."""
    from jitad.transforms.tangent import tangent

    form = derivative.form
    positions = _positions(reader, form.argnums, len(args))
    part, result = _read(reader, derivative.function, args, kwargs, positions, text)
    operands: list[Operand] = []
    with reader.block(part.builder):
        tree = _flat(reader, _pair(reader, result, text)[0] if form.has_aux else result, operands)
    inner = detach(reader, part, operands, f"{_label(text)}_part")
    whole = _returned(reader, part, result, f"{_label(text)}_part")
    pushed = tangent(inner.program, inner.wrt).program
    value, aux = _pair(reader, whole, text) if form.has_aux else (whole, None)
    values = _leaves(value)
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
        trees = [_rebuilt(args[at], parts) for at in positions]
        found[row] = SequenceValue(tuple(trees)) if isinstance(form.argnums, tuple) else trees[0]
    jacobian = _built(tree, found)
    if form.with_value:
        return SequenceValue((whole, jacobian))
    return jacobian if aux is None else SequenceValue((jacobian, aux))


def _columns(reader: Reader, pushed: Program, inner: Detached, at: int, rows: Sequence[Value]) -> list[Value]:
    """The derivatives of each of ``rows`` by leaf ``at``: arrays of the row's shape and then the leaf's."""
    leaf = inner.leaves[at]
    shape = leaf.shape if isinstance(leaf, ArrayValue) else ()
    directions: list[Operand] = [
        Const(1.0 if i == at else 0.0, other.type)
        if isinstance(other, ScalarValue)
        else allocate(reader, "direction", other.dtype, other.shape, 0).base
        for i, other in enumerate(inner.leaves)
    ]
    if not shape and isinstance(leaf, ScalarValue):
        return _inline(reader, pushed, [*inner.args, *directions])[-len(rows) :]
    direction = directions[at]
    assert isinstance(direction, Var)
    outs = []
    for row in rows:
        own = row.shape if isinstance(row, ArrayValue) else ()
        dtype = row.dtype if isinstance(row, ArrayValue) else _number(row).type.dtype
        outs.append(allocate(reader, "jacobian", dtype, (*own, *shape)))

    def column(builder: Builder, index: list[Operand]) -> None:
        builder.store(direction, index, Const(1.0, array_type(direction).element))
        for out, dot in zip(outs, _inline(reader, pushed, [*inner.args, *directions])[-len(rows) :], strict=True):
            if isinstance(dot, ArrayValue):
                _copy_column(reader, out, dot, list(index))
            else:
                builder.store(out.base, index, _number(dot).operand)
        builder.store(direction, index, Const(0.0, array_type(direction).element))

    for_each(reader, shape, column, order_free=False)
    return list(outs)


def _copy_column(reader: Reader, out: ArrayValue, dot: ArrayValue, column: list[Operand]) -> None:
    def element(builder: Builder, index: list[Operand]) -> None:
        builder.store(out.base, (*index, *column), builder.load(dot.base, index))

    for_each(reader, dot.shape, element)


def _number(value: Value) -> ScalarValue:
    assert isinstance(value, ScalarValue)
    return value


def _leaves(value: Value) -> list[Value]:
    """The numbers and arrays of a result, in the order of ``_flat``."""
    match value:
        case SequenceValue(items=items):
            return [leaf for item in items for leaf in _leaves(item)]
        case DictValue(items=entries):
            return [leaf for item in entries.values() for leaf in _leaves(item)]
        case ScalarValue() | ArrayValue():
            return [value]
    return []


# Reading what is differentiated


def _read(
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


def _returned(reader: Reader, part: Mirror, result: Value, name: str) -> Value:
    """What a function that was read returns, computed on copies of the arrays that it writes."""
    from jitad.transforms.localize import localize

    operands: list[Operand] = []
    with reader.block(part.builder):
        tree = _flat(reader, result, operands)
    inner = detach(reader, part, operands, name)
    return _built(tree, dict(enumerate(_inline(reader, localize(inner.program), inner.args))))


def _pair(reader: Reader, result: Value, text: str) -> tuple[Value, Value]:
    """The value and the aux in a result."""
    if isinstance(result, SequenceValue) and len(result.items) == 2:
        return result.items[0], result.items[1]
    reader.refuse(
        NonScalarResultError,
        f"what {text!r} differentiates returns {describe(result)}, and has_aux=True asks for a pair (value, aux)",
        "return a pair",
    )


def _scalar_result(reader: Reader, value: Value, text: str) -> Operand:
    if not isinstance(value, ScalarValue) or not value.type.is_float:
        reader.refuse(
            NonScalarResultError,
            f"what {text!r} differentiates returns {describe(value)}; a gradient is of one floating-point number",
            "return a float (np.sum(...) of an array, say)",
        )
    return value.operand


def _scalar_type(operand: Operand) -> Scalar:
    assert isinstance(operand.type, Scalar)
    return operand.type


def _label(text: str) -> str:
    return text if text.isidentifier() else "inner"


# Arguments and results of the programs


def _call_node(
    reader: Reader, node: Any, part: Detached, directions: Sequence[Operand], seeds: Sequence[Operand]
) -> list[Value]:
    """Call a gradient; its values and gradients, numbers as numbers."""
    outs: list[ArrayValue] = []
    for at in node.values:
        outs.append(allocate(reader, "value", _scalar_type(node.program.results[at]).dtype, ()))
    for leaf in part.leaves:
        shape = leaf.shape if isinstance(leaf, ArrayValue) else ()
        dtype = leaf.dtype if isinstance(leaf, ArrayValue) else leaf.type.dtype
        outs.append(allocate(reader, "gradient", dtype, shape))
    args = [_boxed(reader, arg) for arg in (*part.args, *directions)]
    reader.builder.add(Call(node, tuple(out.base for out in outs), (*args, *seeds), origin=reader.origin))
    are_numbers = [True] * len(node.values) + [isinstance(leaf, ScalarValue) for leaf in part.leaves]
    return [
        ScalarValue(reader.builder.load(out.base, ())) if is_number else out
        for out, is_number in zip(outs, are_numbers, strict=True)
    ]


def _boxed(reader: Reader, arg: Operand) -> Operand:
    """A floating-point number in a 0-d array, which has a shadow; anything else as it is."""
    if isinstance(arg, Const) or isinstance(arg.type, Array) or not arg.type.is_float:
        return arg
    box = allocate(reader, arg.name, arg.type.dtype, ())
    reader.builder.store(box.base, (), arg)
    return box.base


def _inline(reader: Reader, program: Any, args: Sequence[Operand]) -> list[Value]:
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


def _primals(reader: Reader, primals: Value) -> list[Value]:
    if not isinstance(primals, SequenceValue):
        reader.refuse(ArgumentError, f"the primals are {describe(primals)}", "put the arguments in a tuple: (x,)")
    return [reader.settle(item) for item in primals.items]


def _directions(reader: Reader, args: Args, argnums: Value | None, tangents: Value) -> list[int]:
    """The arguments that a ``jvp`` has tangents for: the floating-point ones unless ``argnums`` says otherwise."""
    asked = _argnums(reader, argnums, None)
    if asked is None:
        return [at for at, arg in enumerate(args) if _is_floating(arg)]
    return _positions(reader, asked, len(args))


def _is_floating(value: Value) -> bool:
    match value:
        case ScalarValue(operand):
            return operand.type.is_float
        case ArrayValue() | LazyValue():
            return value.dtype.startswith("float")
        case SequenceValue(items):
            return bool(items) and all(map(_is_floating, items))
        case DictValue(items):
            return bool(items) and all(map(_is_floating, items.values()))
    return False


def _tangents(reader: Reader, part: Detached, args: Args, positions: Sequence[int], tangents: Value) -> list[Operand]:
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


# Structures


def _rebuilt(value: Value, leaves: list[Value]) -> Value:
    """The structure of an argument with its numbers and arrays replaced by the next ``leaves``, which are taken."""
    match value:
        case SequenceValue(items, kind, fields):
            return SequenceValue(tuple(_rebuilt(item, leaves) for item in items), kind, fields)
        case DictValue(items):
            return DictValue({key: _rebuilt(item, leaves) for key, item in items.items()})
        case StaticValue():
            return StaticValue(None)
    return leaves.pop(0)


def _flat(reader: Reader, value: Value, operands: list[Operand]) -> Value:
    """Append the operands of a result; the structure with their positions (as static values)."""
    match value:
        case ScalarValue(operand):
            operands.append(operand)
        case ArrayValue() | LazyValue():
            operands.append(arrays.as_variable(reader, arrays.materialize(reader, value, "result", fresh=True)))
        case SequenceValue(items, kind, fields):
            return SequenceValue(tuple(_flat(reader, item, operands) for item in items), kind, fields)
        case DictValue(items):
            return DictValue({key: _flat(reader, item, operands) for key, item in items.items()})
        case StaticValue():
            return value
        case _:
            reader.refuse(
                KernelTypeError,
                f"a function that is differentiated returns {describe(value)}",
                "return numbers, arrays, or tuples or dicts of them",
            )
    return _Place(len(operands) - 1)


class _Place(Value):
    """Where a leaf of a result is among the operands."""

    def __init__(self, at: int) -> None:
        self.at = at


def _built(tree: Value, leaves: Mapping[int, Value]) -> Value:
    match tree:
        case _Place():
            return leaves.get(tree.at, StaticValue(None))
        case SequenceValue(items, kind, fields):
            return SequenceValue(tuple(_built(item, leaves) for item in items), kind, fields)
        case DictValue(items):
            return DictValue({key: _built(item, leaves) for key, item in items.items()})
    return tree


READERS: dict[str, Callable[..., Value]] = {
    "grad": make("gradient"),
    "value_and_grad": make("gradient", with_value=True),
    "jacfwd": make("jacobian"),
    "jacrev": make("jacobian"),
    "jacobian": make("jacobian"),
    "value_and_jacobian": make("jacobian", with_value=True),
    "hessian": hessian,
    "jvp": jvp,
    "hvp": hvp,
}
"""What reads a call of a function of jitad's, by its name."""


def of_object(reader: Reader, obj: Any, text: str) -> DerivativeValue | None:
    """The value of a derivative function made outside the kernel; None for anything else."""
    form = getattr(obj, "form", None)
    if not isinstance(form, DerivativeForm):
        return None
    inner = of_object(reader, form.function, text)
    return DerivativeValue(form, inner or reader.captures.lift(reader, form.function, None, text))


__all__ = ["READERS", "Leaf", "call_derivative", "of_object"]
