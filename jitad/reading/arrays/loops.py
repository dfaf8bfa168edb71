"""Order-free loops over the elements of a shape, and the loops of reductions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jitad.program.builder import Builder, is_const
from jitad.program.statements import Loop, Operand, Var
from jitad.program.types import INT64
from jitad.reading.arrays.facts import note_at_least
from jitad.reading.arrays.maps import ONE, ZERO
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue

NAMES = "ijklmn"

Body = Callable[[Builder, list[Operand]], None]
Step = Callable[[Builder, list[Operand], list[Operand]], Sequence[Operand]]


def for_each(
    ctx: Context,
    shape: Sequence[Operand],
    body: Body,
    *,
    order_free: bool = True,
    nesting: Sequence[int] | None = None,
    builder: Builder | None = None,
) -> None:
    """Loops over all indices of ``shape``; ``body(builder, index)`` fills the innermost one.

    ``nesting`` gives the axes from the outermost loop to the innermost (by default in order).
    """

    def step(inner: Builder, index: list[Operand], carried: list[Operand]) -> Sequence[Operand]:
        body(inner, index)
        return ()

    fold(ctx, shape, (), step, order_free=order_free, nesting=nesting, builder=builder)


def fold(
    ctx: Context,
    shape: Sequence[Operand],
    inits: Sequence[Operand],
    step: Step,
    *,
    order_free: bool = True,
    nesting: Sequence[int] | None = None,
    builder: Builder | None = None,
) -> list[Operand]:
    """Loops over all indices of ``shape`` that carry values; gives their final values.

    ``step(builder, index, carried)`` fills the innermost body and gives the values carried on, of the types
    of ``inits``.
    """
    axes = list(range(len(shape))) if nesting is None else list(nesting)
    index: list[Operand] = [ZERO] * len(shape)

    def level(outer: Builder, depth: int, carried: list[Operand]) -> list[Operand]:
        while depth < len(axes) and is_const(shape[axes[depth]], 1):
            depth += 1
        if depth == len(axes):
            with ctx.block(outer):
                return list(step(outer, index, carried))
        axis = axes[depth]
        at = Var(NAMES[axis % len(NAMES)], INT64)
        note_at_least(ctx, at)
        index[axis] = at
        params = [Var("carried", value.type) for value in carried]
        results = [Var("folded", value.type) for value in carried]
        inner = outer.nested()
        yields = level(inner, depth + 1, list(params))
        outer.add(
            Loop(at, ZERO, shape[axis], ONE, params, carried, inner.block, yields, results, order_free=order_free)
        )
        return list(results)

    return level(ctx.builder if builder is None else builder, 0, list(inits))


def memory_nesting(array: ArrayValue) -> list[int]:
    """The axes of a value in the order in which they move through memory, slowest first."""
    from jitad.program.statements import array_type

    backwards = array_type(array.base).layout == "F"

    def speed(axis: int) -> int:
        base_axis = array.axes[axis].base_axis
        return -1 if base_axis is None else -base_axis if backwards else base_axis

    return sorted(range(array.ndim), key=speed)
