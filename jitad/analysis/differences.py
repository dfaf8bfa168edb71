"""Inequalities between integers of a program, and whether they can hold together.

The method is that of difference constraints: ``x - y <= c`` is an edge of length ``c`` from ``y`` to ``x``, and the
inequalities contradict each other if and only if a cycle is shorter than 0 (Cormen et al., *Introduction to
Algorithms*, section 24.4).
"""

from __future__ import annotations

from collections.abc import Mapping

from jitad.program.distances import shifted
from jitad.program.statements import Compute, Const, Operand, Var


class Differences:
    """Inequalities between integers that are a name plus a literal; ``made`` says what names are."""

    def __init__(self, made: Mapping[Var, Compute], renamed: Mapping[Var, object] | None = None) -> None:
        """``renamed`` are the names that stand for other integers on the right of ``equal``."""
        self._made = made
        self._renamed = renamed or {}
        self._most: dict[tuple[object, object], int] = {}

    def below(self, low: object, high: object, by: int = 1) -> None:
        """Note that ``low + by <= high``; both are operands, or other names of integers."""
        (a, shift_a), (b, shift_b) = self._parts(low), self._parts(high)
        self._note(a, b, shift_b - shift_a - by)

    def equal(self, one: Operand, other: Operand) -> None:
        """Note that two integers are equal, the second of them with its names changed."""
        (a, shift_a), (b, shift_b) = self._parts(one), self._parts(other)
        b = self._renamed.get(b, b) if isinstance(b, Var) else b
        self._note(a, b, shift_b - shift_a)
        self._note(b, a, shift_a - shift_b)

    @property
    def contradict(self) -> bool:
        """True when no integers satisfy all of them."""
        nodes = {node for edge in self._most for node in edge}
        distance: dict[object, int] = dict.fromkeys(nodes, 0)
        for _ in range(len(nodes) + 1):
            changed = False
            for (x, y), most in self._most.items():
                if distance[y] + most < distance[x]:
                    distance[x] = distance[y] + most
                    changed = True
            if not changed:
                return False
        return True

    def _parts(self, operand: object) -> tuple[object, int]:
        if isinstance(operand, Var | Const):
            return shifted(self._made.get, operand)
        return operand, 0

    def _note(self, x: object, y: object, most: int) -> None:
        """Note ``x - y <= most``."""
        self._most[x, y] = min(most, self._most.get((x, y), most))
