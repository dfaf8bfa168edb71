"""Integers as sums of multiples of others, as far as a loop's body makes them by additions."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from jitad.primitives import core
from jitad.program.builder import is_const
from jitad.program.statements import Compute, Const, Loop, Operand, Var
from jitad.program.types import INT64

_LARGE = 2**31


@dataclass(frozen=True)
class Affine:
    """``constant`` plus the sum of each integer times its factor; no factor is 0."""

    factors: Mapping[Var, int]
    constant: int

    @property
    def is_small(self) -> bool:
        """True when the literals are far from overflowing, whatever is done with a few of them."""
        return all(abs(literal) < _LARGE for literal in (self.constant, *self.factors.values()))

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
        self._known: dict[tuple[Operand, bool], Affine | None] = {}

    def affine(self, operand: Operand) -> Affine | None:
        """An integer as a sum of the loop's index, of what it carries, and of what comes from outside; or None.

        The length ``y - x if x < y else 0`` of a range is ``y - x`` where no iteration makes that negative.
        """
        return self._affine(operand, deep=False)

    def _affine(self, operand: Operand, *, deep: bool) -> Affine | None:
        """The same; with ``deep``, what comes from outside is taken apart as well."""
        if operand.type != INT64:
            return None
        if isinstance(operand, Const):
            return Affine({}, int(operand.value))
        if (operand, deep) not in self._known:
            is_outside = operand not in self._inside
            made = self._made.get(operand) if deep or not is_outside else None
            found = None if made is None else self._parts(made, deep)
            found = found if found is not None and found.is_small else None
            is_end = is_outside or operand is self._loop.index or operand in self._loop.params
            self._known[operand, deep] = Affine({operand: 1}, 0) if found is None and is_end else found
        return self._known[operand, deep]

    def _parts(self, made: Compute, deep: bool) -> Affine | None:
        if made.primitive is core.select:
            return self._length(made, deep)
        parts = [self._affine(arg, deep=deep) for arg in made.args]
        match made.primitive, parts:
            case core.pos, [Affine() as only]:
                return only
            case core.add | core.sub, [Affine() as one, Affine() as other]:
                return one.plus(other, 1 if made.primitive is core.add else -1)
            case core.mul, [Affine() as one, Affine() as other]:
                literal, rest = (one, other) if not one.factors else (other, one)
                return None if literal.factors else Affine({}, 0).plus(rest, literal.constant)
        return None

    def _length(self, made: Compute, deep: bool) -> Affine | None:
        condition, then, otherwise = made.args
        test = self._made.get(condition) if isinstance(condition, Var) else None
        if test is None or test.primitive is not core.lt or not is_const(otherwise, 0):
            return None
        low, high, length = (self._affine(operand, deep=deep) for operand in (*test.args, then))
        if low is None or high is None or length is None or high.plus(low, -1) != length:
            return None
        return length if self._is_never_negative(length) else None

    def _is_never_negative(self, form: Affine) -> bool:
        """True when a sum is at least 0 at both ends of the loop's range, and so in between."""
        loop = self._loop
        if loop.start is None or loop.stop is None or not is_const(loop.step, 1):
            return False
        least = Affine({}, form.constant)
        for var, factor in form.factors.items():
            if var is not loop.index:
                part = self._affine(var, deep=True)
            elif factor > 0:
                part = self._affine(loop.start, deep=True)
            else:
                part = self._affine(loop.stop, deep=True)
                part = None if part is None else part.plus(Affine({}, 1), -1)
            if part is None:
                return False
            least = least.plus(part, factor)
        return not least.factors and least.constant >= 0
