"""``jitad.grad`` and ``jitad.hvp`` in a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitad.program.statements import Const
from jitad.reading.derivatives.detached import detach
from jitad.reading.derivatives.directions import primals_of, tangents_of
from jitad.reading.derivatives.options import argnums_of, positions_of, storage_of
from jitad.reading.derivatives.parts import (
    Args,
    Named,
    call_node,
    label,
    read_part,
    rebuilt,
    returned,
    scalar_result,
    scalar_type,
    value_and_aux,
)
from jitad.reading.values import DerivativeValue, SequenceValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


def gradient(reader: Reader, derivative: DerivativeValue, args: Args, kwargs: Named, text: str) -> Value:
    """The value of a call of ``jitad.grad(f)`` or ``jitad.value_and_grad(f)``."""
    from jitad.transforms.nodes import GradientNode

    form = derivative.form
    positions = positions_of(reader, form.argnums, len(args))
    part, result = read_part(reader, derivative.function, args, kwargs, positions, text)
    loss = value_and_aux(reader, result, text)[0] if form.has_aux else result
    program = detach(reader, part, [scalar_result(reader, loss, text)], f"{label(text)}_part")
    node = GradientNode(
        name=f"{label(text)}_gradient",
        program=program.program,
        wrt=program.wrt,
        dependents=(0,),
        values=(0,) if form.with_value else (),
        storage=form.storage,
    )
    gradients = call_node(reader, node, program, (), [Const(1.0, scalar_type(program.program.results[0]))])
    value = gradients.pop(0) if form.with_value else None
    trees = [rebuilt(args[at], gradients) for at in positions]
    found = SequenceValue(tuple(trees)) if isinstance(form.argnums, tuple) else trees[0]
    if form.has_aux:
        whole = returned(reader, part, result, f"{label(text)}_part")
        return SequenceValue((whole, found) if form.with_value else (found, value_and_aux(reader, whole, text)[1]))
    return found if value is None else SequenceValue((value, found))


def hvp(
    reader: Reader, f: Value, primals: Value, v: Value, argnums: Value | None = None, storage: Value | None = None
) -> Value:
    """``jitad.hvp(f, primals, v, argnums, storage)``."""
    from jitad.transforms.nodes import GradientNode
    from jitad.transforms.tangent import tangent

    args = primals_of(reader, primals)
    asked = argnums_of(reader, argnums, 0)
    positions = positions_of(reader, asked, len(args))
    part, result = read_part(reader, f, args, {}, positions, "hvp")
    inner = detach(reader, part, [scalar_result(reader, result, "hvp")], "hvp_part")
    vectors = v if isinstance(asked, tuple) else SequenceValue((v,))
    directions = tangents_of(reader, inner, args, positions, reader.settle(vectors))
    pushed = tangent(inner.program, inner.wrt).program
    way = storage_of(reader, storage)
    node = GradientNode(name="hvp_gradient", program=pushed, wrt=inner.wrt, dependents=(1,), storage=way)
    found = call_node(reader, node, inner, directions, [Const(1.0, scalar_type(pushed.results[1]))])
    trees = [rebuilt(args[at], found) for at in positions]
    return SequenceValue(tuple(trees)) if isinstance(asked, tuple) else trees[0]
