"""The adjoints of numbers that the rest of a program uses linearly, before that rest has run."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from jitad.analysis.activity import Activity
from jitad.analysis.guards import Guards
from jitad.analysis.rules import active_partials
from jitad.analysis.sums import carried_sums
from jitad.primitives.spec import ZERO
from jitad.program.builder import Builder
from jitad.program.queries import definitions, free_variables, operands, sub_blocks
from jitad.program.rewrite import Copier, inline
from jitad.program.statements import Block, Compute, Dim, Loop, Operand, Program, Statement, Var
from jitad.program.types import Scalar
from jitad.transforms.flowing import Flowing
from jitad.transforms.product import add_term, partials_of, product


class _NotLinear(Exception):
    """An adjoint depends on what isn't known yet."""


class LinearTail:
    """What follows the statement at a position of a program's outermost block.

    ``before`` holds what computes the adjoints, from values that are known before that statement.
    """

    def __init__(self, program: Program, at: int, activity: Activity, guards: Guards) -> None:
        self._active = activity
        self._guards = guards
        statements = program.body.statements
        self._tail = statements[at + 1 :]
        known = {v for s in statements[:at] for v in definitions(s)}
        self._known = {*known, *program.params}
        self._made_by = {v: s for s in self._tail for v in definitions(s)}
        self._builder = Builder()
        self._copier = Copier(self._early)

    @property
    def before(self) -> Block:
        return self._builder.block

    def adjoints(self, values: Sequence[Var], seeds: Mapping[Var, Operand]) -> list[Operand | None] | None:
        """The adjoints of numbers that are bound at the position (None is zero), given those of the results.

        None when the rest of the program doesn't use them linearly.
        """
        dependent = self._dependent(values)
        bars: dict[Operand, Operand] = {v: seed for v, seed in seeds.items() if v in dependent}
        self._known.update(v for v in seeds.values() if isinstance(v, Var))
        try:
            for statement in reversed(self._tail):
                self._reverse(statement, dependent, bars)
        except _NotLinear:
            return None
        return [bars.get(v) for v in values]

    def flows(self, adjoint: Operand, sure: Container[Operand]) -> bool:
        """True when nothing leaves out an adjoint, given those of the results for which this is known."""
        return Flowing(self._builder, None).flows(adjoint, {}, sure)

    def _dependent(self, values: Sequence[Var]) -> set[Var]:
        """The active numbers that depend on ``values``."""
        found = set(values)
        for statement in self._tail:
            if any(o in found for o in _smooth_operands(statement)):
                found.update(v for v in definitions(statement) if v in self._active)
        return found

    def _reverse(self, statement: Statement, dependent: set[Var], bars: dict[Operand, Operand]) -> None:
        if not any(o in dependent for o in _smooth_operands(statement)):
            return
        match statement:
            case Compute(out=out):
                bar = bars.pop(out, None)
                if bar is not None:
                    self._compute(statement, bar, dependent, bars)
            case Loop():
                self._sums(statement, dependent, bars)
            case _ if any(v in self._active for v in definitions(statement)) or sub_blocks(statement):
                raise _NotLinear
            case _ if not all(self._is_harmless(statement, o) for o in operands(statement) if o in dependent):
                raise _NotLinear

    def _is_harmless(self, statement: Statement, operand: Operand) -> bool:
        """True when a statement that binds nothing active makes no derivative of an operand either."""
        target = getattr(statement, "array", None)
        outs = getattr(statement, "outs", ())
        return not any(v in self._active for v in (target, *outs))

    def _compute(self, statement: Compute, bar: Operand, dependent: set[Var], bars: dict[Operand, Operand]) -> None:
        values = (*statement.args, statement.out)
        partials: list[Operand | None] = []
        for arg, rule in zip(statement.args, active_partials(statement, self._active), strict=True):
            if rule is None or arg not in dependent:
                partials.append(None)
                continue
            given = {
                p: self._copier(values[at]) for at, p in enumerate(rule.params) if p is not None and at in rule.used
            }
            partials += inline(rule.program, given, self._builder)
        for arg, partial in partials_of(self._builder, statement.args, partials):
            term = product(self._builder, bar, partial, is_guarded=self._guards.guards(statement))
            if term is not None and isinstance(arg.type, Scalar):
                bars[arg] = add_term(self._builder, bars.get(arg), self._builder.cast(term, arg.type))

    def _sums(self, loop: Loop, dependent: set[Var], bars: dict[Operand, Operand]) -> None:
        """A later loop may go on adding to a number; it may not read it otherwise."""
        blocks = [(loop.body, loop.yields), *([] if loop.condition_block is None else [(loop.condition_block, [])])]
        if any(v in dependent for block, yields in blocks for v in free_variables(block, yields)):
            raise _NotLinear
        sums = carried_sums(loop)
        for at, (init, result) in enumerate(zip(loop.inits, loop.results, strict=True)):
            if init in dependent:
                if at not in sums:
                    raise _NotLinear
                bar = bars.pop(result, None)
                if bar is not None:
                    bars[init] = add_term(self._builder, bars.get(init), bar)

    def _early(self, var: Var) -> Operand:
        """A value of the tail as it can be had before it; refuses what depends on more than arithmetic."""
        if var in self._known:
            return var
        statement = self._made_by.get(var)
        if not isinstance(statement, Compute | Dim):
            raise _NotLinear
        self._copier.statement(statement, self._builder)
        return self._copier(var)


def _smooth_operands(statement: Statement) -> list[Operand]:
    """What a statement, or one nested in it, reads, but for arguments whose derivative is declared zero."""
    if isinstance(statement, Compute):
        return [a for a, p in zip(statement.args, statement.primitive.partials, strict=True) if p is not ZERO]
    found: list[Operand] = list(operands(statement))
    for block in sub_blocks(statement):
        found += free_variables(block, ())
    for name in ("yields", "then_yields", "otherwise_yields"):
        found += getattr(statement, name, ())
    return found
