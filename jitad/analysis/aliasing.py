"""Which array variables may share memory.

Postcondition: two array variables of a program share memory only if ``Aliases.root`` gives the same for both.
Distinct allocations and distinct parameters are distinct memory; views share with their base, unless they are memory
of their own, and so does an array that is found again on the tape; arrays that a loop carries or a branch yields share
with everything that may flow into them.
"""

from __future__ import annotations

from jitad.program.queries import definitions, own_reads, sub_blocks, walk
from jitad.program.statements import (
    Alloc,
    AtOffset,
    Block,
    Branch,
    Dim,
    Loop,
    Program,
    Reshape,
    Statement,
    Var,
    View,
)
from jitad.program.types import Array


class Aliases:
    """Groups of array variables that may share memory (union-find over a whole program)."""

    def __init__(self, program: Program) -> None:
        self._parent: dict[Var, Var] = {}
        self._home: dict[Var, Block | None] = {}
        self.flowing: set[Var] = set()
        for param in program.params:
            if isinstance(param.type, Array):
                self._home[param] = None
        self._visit(program.body)
        self.flowing = {self.root(var) for var in self.flowing}
        self._homes: dict[Var, Block | None] = {}
        for var, home in self._home.items():
            root = self.root(var)
            self._homes[root] = home if root not in self._homes else None

    def root(self, var: Var) -> Var:
        """The representative of the group that ``var`` belongs to."""
        path = []
        while (above := self._parent.get(var, var)) is not var:
            path.append(var)
            var = above
        for passed in path:
            self._parent[passed] = var
        return var

    def home(self, root: Var) -> Block | None:
        """The block that allocates the group's only array; None when it lives as long as the program."""
        return None if root in self.flowing else self._homes.get(root)

    def flows(self, var: Var) -> bool:
        """True when a loop carries or a branch yields an array of this group."""
        return self.root(var) in self.flowing

    def mentions(self, statement: Statement, array: Var) -> int:
        """How often a statement itself names an array that may be in the memory of ``array``, but for its shape."""
        if isinstance(statement, Dim):
            return 0
        named = (*definitions(statement), *own_reads(statement))
        root = self.root(array)
        return sum(isinstance(v, Var) and isinstance(v.type, Array) and self.root(v) is root for v in named)

    def touches(self, statement: Statement, array: Var) -> bool:
        """True when a statement, or one in it, names an array that may be in the memory of ``array``."""
        return any(self.mentions(inner, array) for inner in walk(Block([statement])))

    def _join(self, a: object, b: object) -> None:
        if isinstance(a, Var) and isinstance(b, Var) and isinstance(a.type, Array):
            self._parent[self.root(a)] = self.root(b)

    def _visit(self, block: Block) -> None:
        for statement in block:
            match statement:
                case Alloc(out=out) | View(out=out, own=True):
                    self._home[out] = block
                case View(out=out, base=base) | Reshape(out=out, base=base):
                    self._join(out, base)
                case AtOffset(out=out, again=again):
                    self._join(out, again)
                    self.flowing.add(out)
                case Loop(params=params, inits=inits, yields=yields, results=results):
                    for param, init, new, result in zip(params, inits, yields, results, strict=True):
                        self._flow(param, init, new, result)
                case Branch(then_yields=thens, otherwise_yields=elses, results=results):
                    for then, otherwise, result in zip(thens, elses, results, strict=True):
                        self._flow(result, then, otherwise)
            for inner in sub_blocks(statement):
                self._visit(inner)

    def _flow(self, first: Var, *others: object) -> None:
        if isinstance(first.type, Array):
            self.flowing.add(first)
            for other in others:
                self._join(other, first)


def passes_on_arrays(block: Block) -> bool:
    """True when a loop in a block carries an array, or a branch in it yields one."""
    passed = [v for s in walk(block) if isinstance(s, Loop | Branch) for v in s.results]
    return any(isinstance(v.type, Array) for v in passed)
