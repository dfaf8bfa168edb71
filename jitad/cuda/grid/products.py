"""Write products of matrices out as loops: a sum for each element of the result, all of them independent.

Postcondition: no statement calls ``matmul``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jitad.primitives.linear import matmul
from jitad.primitives.sums import addition
from jitad.program.builder import Builder, const_int
from jitad.program.queries import walk
from jitad.program.statements import (
    Block,
    Branch,
    Call,
    Const,
    Loop,
    Operand,
    Program,
    Statement,
    Var,
    array_type,
    counted_loop,
)
from jitad.program.types import INT64


def write_out_products(program: Program) -> Program:
    """The same program with loops for matrix products."""
    if not any(_is_product(statement) for statement in walk(program.body)):
        return program
    return replace(program, body=_block(program.body))


def _is_product(statement: Statement) -> bool:
    return isinstance(statement, Call) and statement.primitive is matmul


def _block(block: Block) -> Block:
    builder = Builder()
    for statement in block:
        match statement:
            case Call(primitive=primitive) if primitive is matmul:
                with builder.at(statement.origin):
                    _write(statement, builder)
            case Loop(body=body, condition_block=head):
                head = None if head is None else _block(head)
                builder.add(replace(statement, body=_block(body), condition_block=head))
            case Branch(then=then, otherwise=otherwise):
                builder.add(replace(statement, then=_block(then), otherwise=_block(otherwise)))
            case _:
                builder.add(statement)
    return builder.block


def _write(call: Call, builder: Builder) -> None:
    """Append ``out = a @ b`` (or ``out += a @ b``) as loops; one of ``a`` and ``b`` may be 1-d, or both."""
    (out,), (a, b) = call.outs, call.args
    assert isinstance(a, Var) and isinstance(b, Var)
    rows = [Var("i", INT64)] if array_type(a).ndim == 2 else []
    columns = [Var("j", INT64)] if array_type(b).ndim == 2 else []
    lengths = [builder.dim(a, 0)] * len(rows) + [builder.dim(b, 1)] * len(columns)
    terms = builder.dim(a, len(rows))
    nested = [builder]
    for _ in lengths:
        nested.append(nested[-1].nested())
    inner = nested[-1]
    total = _sum(inner, (a, b, out), rows, columns, terms)
    index = [*rows, *columns]
    if call.accumulate:
        inner.accumulate(out, index, total)
    else:
        inner.store(out, index, total)
    for level in reversed(range(len(lengths))):
        bounds = (const_int(0), lengths[level], const_int(1))
        loop = counted_loop(index[level], bounds, nested[level + 1].block)
        nested[level].add(replace(loop, order_free=True, parallel=True))


def _sum(
    builder: Builder, arrays: tuple[Var, Var, Var], rows: Sequence[Var], columns: Sequence[Var], terms: Operand
) -> Operand:
    """The sum of the products for one element."""
    a, b, out = arrays
    element = array_type(out).element
    at, total, result = Var("k", INT64), Var("total", element), Var("total", element)
    body = builder.nested()
    product = body.times(body.load(a, [*rows, at]), body.load(b, [at, *columns]))
    new = body.compute(addition(element), total, body.cast(product, element))
    zero = Const(0.0 if element.is_float else 0, element)
    loop = counted_loop(at, (const_int(0), terms, const_int(1)), body.block)
    builder.add(
        replace(loop, params=[total], inits=[zero], yields=[new], results=[result], order_free=True, parallel=True)
    )
    return result
