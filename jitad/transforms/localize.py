"""Give a program its own copy of every parameter array that it writes.

Postcondition: no statement stores into a parameter, and no loop carries or branch yields one, so that inputs
are never changed and a sweep can be run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.order import written_arrays
from jitad.program.builder import Builder, const_int
from jitad.program.queries import walk
from jitad.program.statements import (
    Alloc,
    Block,
    Const,
    Operand,
    Program,
    Var,
    View,
    ViewAxis,
    array_type,
    counted_loop,
)
from jitad.program.types import INT64, Array


def localize(program: Program) -> Program:
    """The same program, whose first statements copy the parameters that it would have changed."""
    aliases = Aliases(program)
    written = {aliases.root(array) for statement in walk(program.body) for array in written_arrays(statement)}
    builder = Builder()
    params = []
    for param in program.params:
        if isinstance(param.type, Array) and (aliases.root(param) in written or aliases.flows(param)):
            source = Var(param.name, param.type)
            with builder.at(program.origin):
                copy_array(builder, source, param)
            params.append(source)
        else:
            params.append(param)
    if params == program.params:
        return program
    body = Block([*builder.block.statements, *program.body.statements])
    return Program(program.name, params, body, program.results, program.origin)


def copy_array(builder: Builder, source: Var, copy: Var, *, at_end: bool = False) -> None:
    """Bind ``copy`` to a fresh array with the contents of ``source``, in the layout of its type."""
    type_ = array_type(copy)
    shape = [builder.dim(source, axis) for axis in range(type_.ndim)]
    if type_.layout == "C":
        builder.add(Alloc(copy, Var(f"{copy.name}_at", INT64), tuple(shape), None, at_end))
    else:
        order = range(type_.ndim)[:: -1 if type_.layout == "F" else 1]
        memory = Var(copy.name, Array(type_.dtype, type_.ndim, "C"))
        builder.add(Alloc(memory, Var(f"{copy.name}_at", INT64), tuple(shape[k] for k in order), None, at_end))
        axes = [ViewAxis(length, order[k], const_int(1)) for k, length in enumerate(shape)]
        builder.add(View(copy, memory, (const_int(0),) * type_.ndim, tuple(axes)))
    builder.know_shape(copy, shape)

    def element(inner: Builder, index: list[Operand]) -> None:
        inner.store(copy, index, inner.load(source, index))

    for_each(builder, source, element)


def in_layout(builder: Builder, array: Var, type_: Array) -> Var:
    """``array``, or a copy of it, in the layout of ``type_``."""
    if type_.layout in ("A", array_type(array).layout):
        return array
    copy = Var(array.name, type_)
    copy_array(builder, array, copy)
    return copy


def for_each(
    builder: Builder,
    array: Var,
    element: Callable[[Builder, list[Operand]], object],
    *,
    descending: bool = False,
) -> None:
    """Loops over all indices of ``array``; ``element(builder, index)`` fills the innermost body.

    They are order-free unless they are ``descending``.
    """
    shape = [builder.dim(array, axis) for axis in range(array_type(array).ndim)]
    for_shape(builder, shape, element, descending=descending)


def for_shape(
    builder: Builder,
    shape: Sequence[Operand],
    element: Callable[[Builder, list[Operand]], object],
    *,
    descending: bool = False,
) -> None:
    """The same over all indices of arrays of this shape."""
    inner, index = builder, list[Operand]()
    levels = []
    for length in shape:
        var = Var("i", INT64)
        index.append(var)
        levels.append((inner, inner := inner.nested(), var, length))
    element(inner, index)
    for outer, body, var, length in reversed(levels):
        loop = counted_loop(var, (const_int(0), length, const_int(1)), body.block)
        outer.add(replace(loop, order_free=not descending, descending=descending))


def add_array(builder: Builder, target: Var, source: Var) -> None:
    """Add the elements of ``source`` to those of ``target``, which has its shape."""

    def element(inner: Builder, index: list[Operand]) -> None:
        inner.accumulate(target, index, inner.load(source, index))

    for_each(builder, target, element)


def clear(builder: Builder, array: Var) -> None:
    """Fill an array with zeros."""
    zero = Const(0.0, array_type(array).element)
    for_each(builder, array, lambda inner, index: inner.store(array, index, zero))
