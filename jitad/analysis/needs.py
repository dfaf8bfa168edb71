"""Which primal values reversing a statement reads, before any decision on how it gets them."""

from __future__ import annotations

from collections.abc import Container, Iterator

from jitad.analysis.activity import Activity
from jitad.analysis.aliasing import Aliases
from jitad.analysis.order import Order, written_arrays
from jitad.analysis.rules import Rule, RuleArgument, active_partials, contents_read, vjp_rule
from jitad.program.queries import sub_blocks, walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Call,
    Compute,
    Load,
    Loop,
    Program,
    Statement,
    Store,
    Var,
)
from jitad.program.types import Array


class Needs:
    """Answers for one program with its shadows bound."""

    def __init__(
        self,
        program: Program,
        activity: Activity,
        aliases: Aliases,
        order: Order,
        shadows: dict[Var, Var],
        settled: Container[Statement] = (),
    ):
        self._program = program
        self.activity = activity
        self.aliases = aliases
        self._order = order
        self.shadows = shadows
        self.settled = settled
        """The statements that the reverse sweep has nothing to do for, although derivatives flow through them."""
        self._touching: dict[Var, list[Statement]] = {}
        for statement in walk(program.body):
            for array in _active_accesses(statement):
                if array in activity:
                    self._touching.setdefault(aliases.root(array), []).append(statement)

    def has_work(self, block: Block, undone: set[Statement]) -> bool:
        """True when the reverse sweep has anything to do for a block."""
        return any(self.works(statement, undone) for statement in block)

    def works(self, statement: Statement, undone: set[Statement]) -> bool:
        """True when the reverse sweep has anything to do for a statement."""
        if statement in self.settled:
            return False
        if statement in undone or isinstance(statement, Alloc) or self.is_active(statement):
            return True
        blocks = sub_blocks(statement)
        if isinstance(statement, Loop):
            blocks = (statement.body,)
        return any(self.has_work(block, undone) for block in blocks)

    def is_active(self, statement: Statement) -> bool:
        """True when derivatives flow through the statement itself."""
        match statement:
            case Compute(out=out) | Load(out=out):
                return out in self.activity
            case Store(array=array) | Accumulate(array=array):
                return array in self.activity
            case Call(outs=outs):
                return any(out in self.activity for out in outs)
            case Loop(params=values) | Branch(results=values):
                return any(value in self.activity for value in values)
        return False

    def clears(self, store: Statement, array: Var) -> bool:
        """True when the adjoint of the place stored to is read again in the reverse sweep, so must become zero."""
        root = self.aliases.root(array)
        reads = isinstance(store, Call) and any(
            self.aliases.root(arg) is root for arg in store.args if isinstance(arg, Var) and isinstance(arg.type, Array)
        )
        touching = self._touching.get(root, [])
        return any(self._order.may_precede(other, store, root, itself=reads) for other in touching)

    def undoes_in_any_order(self, loop: Loop, undone: set[Statement]) -> bool:
        """True when no two iterations of an order-free loop undo sums into one element."""
        sums = [s for s in walk(loop.body) if isinstance(s, Accumulate) and s in undone]
        return all(
            self._order.stay_apart(one, other, loop)
            for one in sums
            for other in sums
            if self.aliases.root(one.array) is self.aliases.root(other.array)
        )

    def of(self, statement: Statement, undone: set[Statement]) -> Iterator[Var]:
        """The values of the statement's block, or of enclosing ones, that its reversal reads."""
        for operand in self._operands(statement, undone):
            if isinstance(operand, Var):
                yield operand

    def _operands(self, statement: Statement, undone: set[Statement]) -> Iterator[object]:
        if statement in undone and isinstance(statement, Store | Accumulate):
            yield statement.array
            yield from statement.index
        elif statement in undone and isinstance(statement, Call):
            yield from statement.outs
        match statement:
            case Compute() if self.is_active(statement):
                yield from self._compute(statement)
            case Load(array=array, index=index) if self.is_active(statement):
                yield from (self.shadows[array], *index)
            case Store(array=array, index=index) | Accumulate(array=array, index=index) if self.is_active(statement):
                yield from (self.shadows[array], *index)
            case Call() if self.is_active(statement):
                yield from self._call(statement)
            case Alloc(offset=offset):
                yield offset
            case Loop(start=start, stop=stop, step=step, count=count) if self.works(statement, undone):
                yield from (start, stop, step, count)
            case Branch(condition=condition) if self.works(statement, undone):
                yield condition

    def _compute(self, statement: Compute) -> Iterator[object]:
        for rule in self.partials(statement):
            if rule is not None:
                values = (*statement.args, statement.out)
                yield from (values[i] for i in rule.used)

    def partials(self, statement: Compute) -> list[Rule | None]:
        """One rule per argument; None where the argument isn't active or the derivative is declared zero."""
        return active_partials(statement, self.activity)

    def _call(self, statement: Call) -> Iterator[object]:
        rule, values = self.vjp(statement)
        yield from (values[i] for i in rule.used)

    def vjp(self, statement: Call) -> tuple[Rule, list[object]]:
        """The reverse rule of a call, and the operands for its parameters (None where there is no adjoint)."""
        values: list[object] = []
        for value in (*statement.outs, *statement.args):
            values.append(value)
            values.append(self.shadows.get(value) if isinstance(value, Var) and value in self.activity else None)
        arguments: list[RuleArgument] = [v.type if isinstance(v, Var) else v for v in values]  # type: ignore[misc]
        return vjp_rule(statement.primitive, tuple(arguments), statement.origin), values

    def contents(self, statement: Statement) -> list[tuple[Var, bool]]:
        """The arrays whose elements the reversal of a call reads: arguments as they were before it ran (True), and
        results as they were after it (False).
        """
        if not isinstance(statement, Call) or not self.is_active(statement):
            return []
        rule, values = self.vjp(statement)
        shadows = set(self.shadows.values())
        first = 2 * len(statement.outs)
        found = [(values[i], i >= first) for i in contents_read(rule)]
        return [(v, before) for v, before in found if isinstance(v, Var) and v not in shadows]


def _active_accesses(statement: Statement) -> tuple[Var, ...]:
    match statement:
        case Load(array=array):
            return (array,)
        case Call(args=args):
            return (*written_arrays(statement), *(a for a in args if isinstance(a, Var) and isinstance(a.type, Array)))
    return written_arrays(statement)
