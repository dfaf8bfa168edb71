"""Integers as sums of multiples of others, as far as a loop's body makes them by additions."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from jitad.primitives import core
from jitad.program.builder import is_const
from jitad.program.statements import Compute, Const, Loop, Operand, Var
from jitad.program.types import INT64


@dataclass(frozen=True)
class Affine:
    """``constant`` plus the sum of each integer times its factor; no factor is 0."""

    factors: Mapping[Var, int]
    constant: int

    def plus(self, other: Affine, times: int = 1) -> Affine:
        """The sum with a multiple of another one."""
        factors = dict(self.factors)
        for var, factor in other.factors.items():
            factors[var] = factors.get(var, 0) + times * factor
        kept = {var: factor for var, factor in factors.items() if factor}
        return Affine(kept, self.constant + times * other.constant)

    def without(self, var: Var) -> Affine:
        """The same without one of its integers."""
        return Affine({v: factor for v, factor in self.factors.items() if v is not var}, self.constant)


class Integers:
    """Takes integers of a loop's body apart; ``made`` are all operations, ``inside`` the names that the loop binds."""

    def __init__(self, loop: Loop, made: Mapping[Var, Compute], inside: Container[Operand]) -> None:
        self._loop = loop
        self._made = made
        self._inside = inside

    def affine(self, operand: Operand) -> Affine | None:
        """An integer as a sum of the loop's index, of what it carries, and of what comes from outside; or None.

        The length ``y - x if x < y else 0`` of a range is ``y - x`` where no iteration makes that negative.
        """
        return self._affine(operand, {self._loop.index, *self._loop.params}, self._inside)

    def _affine(self, operand: Operand, ends: Container[Operand], inside: Container[Operand] | None) -> Affine | None:
        if isinstance(operand, Const):
            return Affine({}, int(operand.value)) if operand.type == INT64 else None
        if operand.type != INT64:
            return None
        made = None if operand in ends else self._made.get(operand)
        if inside is not None and operand not in inside:
            made = None
        found = None if made is None else self._parts(made, ends, inside)
        is_end = operand in ends or inside is None or operand not in inside
        return Affine({operand: 1}, 0) if found is None and is_end else found

    def _parts(self, made: Compute, ends: Container[Operand], inside: Container[Operand] | None) -> Affine | None:
        if made.primitive is core.select:
            return self._length(made, ends, inside)
        parts = [self._affine(arg, ends, inside) for arg in made.args]
        match made.primitive, parts:
            case core.pos, [Affine() as only]:
                return only
            case core.add | core.sub, [Affine() as one, Affine() as other]:
                return one.plus(other, 1 if made.primitive is core.add else -1)
            case core.mul, [Affine() as one, Affine() as other]:
                literal, rest = (one, other) if not one.factors else (other, one)
                return None if literal.factors else Affine({}, 0).plus(rest, literal.constant)
        return None

    def _length(self, made: Compute, ends: Container[Operand], inside: Container[Operand] | None) -> Affine | None:
        condition, then, otherwise = made.args
        test = self._made.get(condition) if isinstance(condition, Var) else None
        if test is None or test.primitive is not core.lt or not is_const(otherwise, 0):
            return None
        low, high, length = (self._affine(operand, ends, inside) for operand in (*test.args, then))
        if low is None or high is None or length is None or high.plus(low, -1) != length:
            return None
        return length if self._is_never_negative(length) else None

    def _is_never_negative(self, form: Affine) -> bool:
        """True when a sum is at least 0 at both ends of the loop's range, and so in between."""
        loop = self._loop
        factor = form.factors.get(loop.index, 0)
        if loop.start is None or loop.stop is None or not is_const(loop.step, 1):
            return False
        end = Affine({}, 0)
        if factor:
            found = self._outside(loop.start if factor > 0 else loop.stop)
            if found is None:
                return False
            end = found if factor > 0 else Affine(found.factors, found.constant - 1)
        least = Affine({}, form.constant).plus(end, factor)
        for var, times in form.without(loop.index).factors.items():
            part = self._outside(var)
            least = least.plus(Affine({var: 1}, 0) if part is None else part, times)
        return not least.factors and least.constant >= 0

    def _outside(self, operand: Operand) -> Affine | None:
        """What comes from outside the loop, taken apart as far as possible."""
        return self._affine(operand, (), None)
