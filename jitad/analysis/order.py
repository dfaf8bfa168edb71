"""Which statements may run before which, and what a statement may overwrite."""

from __future__ import annotations

from itertools import pairwise

from jitad.analysis.aliasing import Aliases
from jitad.analysis.places import Layouts
from jitad.primitives import core
from jitad.program.distances import never_equal
from jitad.program.queries import definitions, sub_blocks
from jitad.program.statements import (
    Accumulate,
    Block,
    Branch,
    Call,
    Compute,
    Const,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
)

Path = list[tuple[Block, int, Statement]]
"""Where a statement is: from the outermost block inwards, each block, the position in it, the statement there."""

_ELEMENT = (Load, Store, Accumulate)


class Order:
    """Positions of all statements of a program, with the memory that each may write."""

    def __init__(self, program: Program, aliases: Aliases) -> None:
        self._aliases = aliases
        self._paths: dict[Statement, Path] = {}
        self._writes: dict[Statement, frozenset[Var]] = {}
        self._homes: dict[Var, Path] = {}
        self._made_by: dict[Operand, Compute] = {}
        self._layouts = Layouts(program)
        self._visit(program.body, [])

    def writes(self, statement: Statement) -> frozenset[Var]:
        """The alias groups that a statement, or one nested in it, may write."""
        return self._writes[statement]

    def may_precede(self, first: Statement, second: Statement, root: Var, *, itself: bool = True) -> bool:
        """True if ``first`` may run before ``second`` on the same memory of the alias group ``root``.

        A call comes before itself, as it reads before it writes, where ``itself`` is asked for. Iterations of a loop
        follow each other, but an array that is allocated inside a loop is another one in each iteration, and different
        iterations of an order-free loop never meet in memory.
        """
        home = self._aliases.home(root)
        in_life = home is None
        for (block, at, owner), (other_block, other_at, _) in zip(
            self._paths[first], self._paths[second], strict=False
        ):
            assert block is other_block
            in_life = in_life or block is home
            if at != other_at:
                return at < other_at
            if isinstance(owner, Loop) and in_life and not self.stay_apart(first, second, owner):
                return True
            if isinstance(owner, Branch) and self._apart(first, second, owner):
                return False
        return itself and isinstance(first, Call)

    def stay_apart(self, first: Statement, second: Statement, loop: Loop) -> bool:
        """True when two accesses never meet in different iterations of a loop.

        Either the loop is order-free (which doesn't keep its sums into elements apart), or both accesses index one
        axis of one array by the same operand, which takes another value in each iteration.
        """
        if loop.order_free and not (isinstance(first, Accumulate) and isinstance(second, Accumulate)):
            return True
        if not isinstance(first, _ELEMENT) or not isinstance(second, _ELEMENT) or first.array is not second.array:
            return False
        inside = any(owner is loop for _, _, owner in self._homes.get(first.array, []))
        return not inside and any(
            a is b and self._varies(a, loop) for a, b in zip(first.index, second.index, strict=True)
        )

    def never_meet(self, first: Statement, second: Statement) -> bool:
        """True when two accesses, in one iteration of the loops around them, are to elements known to differ."""
        if not isinstance(first, _ELEMENT) or not isinstance(second, _ELEMENT) or first.array is not second.array:
            return False
        pairs = zip(first.index, second.index, strict=True)
        return first.array in self._layouts and any(never_equal(self._made_by.get, a, b) for a, b in pairs)

    def _varies(self, operand: Operand, loop: Loop) -> bool:
        """True for the loop's index, plus or minus what doesn't change in the loop."""
        while operand is not loop.index:
            made = self._made_by.get(operand)
            if made is None or made.primitive not in (core.add, core.sub):
                return False
            first, second = made.args
            if not self._changes(second, loop):
                operand = first
            elif not self._changes(first, loop):
                operand = second
            else:
                return False
        return True

    def _changes(self, operand: Operand, loop: Loop) -> bool:
        """True for what is bound in a loop."""
        if isinstance(operand, Const):
            return False
        return operand is loop.index or any(owner is loop for _, _, owner in self._homes.get(operand, []))

    def _apart(self, first: Statement, second: Statement, branch: Branch) -> bool:
        """True when the statements are in different arms of ``branch``."""
        return self._arm(first, branch) is not self._arm(second, branch)

    def _arm(self, statement: Statement, branch: Branch) -> Block | None:
        path = self._paths[statement]
        for (_, _, owner), (below, _, _) in pairwise(path):
            if owner is branch:
                return below
        return None

    def _visit(self, block: Block, above: Path) -> frozenset[Var]:
        written: set[Var] = set()
        for at, statement in enumerate(block):
            path = [*above, (block, at, statement)]
            self._paths[statement] = path
            for var in definitions(statement):
                self._homes[var] = path[:-1]
            if isinstance(statement, Loop):
                self._homes.update(dict.fromkeys((statement.index, *statement.params), path))
            elif isinstance(statement, Compute):
                self._made_by[statement.out] = statement
            own = {self._aliases.root(array) for array in written_arrays(statement)}
            for inner in sub_blocks(statement):
                own |= self._visit(inner, path)
            self._writes[statement] = frozenset(own)
            written |= own
        return frozenset(written)


def written_arrays(statement: Statement) -> tuple[Var, ...]:
    """The arrays that a statement itself stores into."""
    match statement:
        case Store(array=array) | Accumulate(array=array):
            return (array,)
        case Call(outs=outs):
            return outs
    return ()
