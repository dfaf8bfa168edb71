"""Which values are finite wherever the numbers that a program gets are, but for products and sums of huge ones."""

from __future__ import annotations

from collections.abc import Iterable

from jitad.primitives import core, guarded
from jitad.program.statements import Block, Branch, Compute, Const, Load, Operand, Program
from jitad.program.types import Array

_EVERYWHERE = guarded.TAME - {"mod", "fmod"} | {"cbrt"}
"""The names of primitives whose values are finite for all finite arguments."""


def finite_values(program: Program) -> set[Operand]:
    """The numbers of a program that are known to be so; all literals are."""
    found: set[Operand] = set(program.params)
    _follow(program.body, found)
    return {value for value in found if not isinstance(value.type, Array)}


def _follow(block: Block, found: set[Operand]) -> None:
    def are_finite(values: Iterable[Operand]) -> bool:
        return all(isinstance(value, Const) or not value.type.is_float or value in found for value in values)

    for statement in block:
        match statement:
            case Compute(out=out, args=args) if _is_finite(statement) and are_finite(args):
                found.add(out)
            case Load(out=out, array=array) if array in found:
                found.add(out)
            case Branch(then=then, then_yields=thens, otherwise=otherwise, otherwise_yields=elses, results=results):
                _follow(then, found)
                _follow(otherwise, found)
                rows = zip(results, thens, elses, strict=True)
                found.update(result for result, *yields in rows if are_finite(yields))


def _is_finite(statement: Compute) -> bool:
    """True when an operation is finite for finite arguments."""
    if statement.primitive is core.pow_:
        exponent = statement.args[1]
        return isinstance(exponent, Const) and isinstance(exponent.value, int) and exponent.value >= 0
    if statement.primitive is core.truediv:
        return guarded.is_tame(statement)
    return statement.primitive.name in _EVERYWHERE
