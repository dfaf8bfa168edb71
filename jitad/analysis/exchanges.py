"""Which arrays are different memory although a loop hands them on to each other.

In ``a, b = b, a`` two arrays change names from iteration to iteration. Any iteration may find either memory under
either name, but never one memory under both. In ``a = f(a)`` an iteration finds the array of the one before, and makes
another one. The reverse sweep finds both again on the tape.
"""

from __future__ import annotations

from jitad.program.queries import permuted_arrays, sub_blocks
from jitad.program.statements import Alloc, AtOffset, Block, Loop, Program, Reshape, Var, View
from jitad.program.types import Array


class Exchanges:
    """Tells arrays apart that alias analysis takes for one."""

    def __init__(self, program: Program) -> None:
        self._bases: dict[Var, Var] = {}
        self._older: dict[Var, set[Var]] = {param: set() for param in program.params if isinstance(param.type, Array)}
        self._group: dict[Var, object] = {}
        self._visit(program.body, set())

    def apart(self, a: Var, b: Var) -> bool:
        """True when two arrays never share memory while both names are bound."""
        a, b = self._base(a), self._base(b)
        if a is b:
            return False
        if a in self._older and b in self._older:
            return True
        if b in self._older.get(a, ()) or a in self._older.get(b, ()):
            return True
        return a in self._group and self._group[a] is self._group.get(b)

    def _base(self, array: Var) -> Var:
        while array in self._bases:
            array = self._bases[array]
        return array

    def _visit(self, block: Block, carried: set[Var]) -> None:
        """Look at a block; ``carried`` are the arrays of the loops around it."""
        for statement in block:
            inside = carried
            match statement:
                case Alloc(out=out):
                    self._older[out] = carried
                case View(out=out, base=base) | Reshape(out=out, base=base):
                    self._bases[out] = base
                case AtOffset(out=out, again=again) if again is not out:
                    self._bases[out] = again
                case Loop(params=params):
                    self._exchanged(statement)
                    inside = carried | {param for param in params if isinstance(param.type, Array)}
            for inner in sub_blocks(statement):
                self._visit(inner, inside)

    def _exchanged(self, loop: Loop) -> None:
        """Note the arrays that a loop exchanges, if they are different memory before it."""
        rows = permuted_arrays(loop).values()
        params = [param for param, _ in rows]
        inits = [init for param, init in zip(loop.params, loop.inits, strict=True) if param in params]
        arrays = [init for init in inits if isinstance(init, Var)]
        distinct = all(self.apart(one, other) for at, one in enumerate(arrays) for other in arrays[:at])
        if len(arrays) == len(params) > 1 and distinct:
            before, after = object(), object()
            self._group.update((param, before) for param, _ in rows)
            self._group.update((result, after) for _, result in rows)
