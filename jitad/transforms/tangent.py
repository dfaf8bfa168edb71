"""Forward mode: a program into one that also computes the derivative of its results along a direction.

Every active number gets a tangent (``x_dot``), every active array a shadow that holds its elements' tangents.
The method is that of Griewank and Walther, *Evaluating Derivatives* (2008), chapter 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jitad.analysis.activity import Activity
from jitad.analysis.aliasing import Aliases
from jitad.analysis.randomness import refuse_active_parameters
from jitad.analysis.rules import RuleArgument, active_partials, jvp_rule
from jitad.errors import MissingRuleError
from jitad.primitives.guarded import is_steep
from jitad.primitives.spec import ArrayPrimitive, ProgramPrimitive
from jitad.primitives.sums import add_to_sum
from jitad.program.builder import Builder
from jitad.program.rewrite import inline
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
from jitad.program.types import Array, Scalar
from jitad.transforms.deadcode import remove_dead_code
from jitad.transforms.localize import clear, localize
from jitad.transforms.product import add_term, partials_of, product
from jitad.transforms.shadows import add_shadows


@dataclass(frozen=True)
class Tangent:
    """A tangent program and how to call it.

    ``program.params`` are the primal's parameters, then one tangent per parameter in ``wrt``: a number, or an array of
    the parameter's shape, in the layout that its type states. ``program.results`` are the primal's results in
    order, then one tangent per dependent, in order.
    """

    program: Program
    wrt: tuple[int, ...]


def tangent(program: Program, wrt: Sequence[int], dependents: Sequence[int] | None = None) -> Tangent:
    """The tangent program of ``program`` along directions of the parameters at the positions ``wrt``.

    It has tangents of the results at the positions ``dependents``: all floating-point ones by default.

    Raises ``MissingRuleError`` when a derivative would flow through a function without a rule.
    """
    primal = localize(program)
    inputs = [primal.params[i] for i in wrt]
    results = [r for r in primal.results if r.type.is_float]
    if dependents is not None:
        results = [primal.results[at] for at in dependents]
    activity = Activity(primal, Aliases(primal), inputs, results)
    refuse_active_parameters(primal, activity)
    shadowed = add_shadows(primal, activity, inputs, "dot")
    pass_ = _Pusher(activity, shadowed.shadows)
    directions = []
    for var in inputs:
        if isinstance(var.type, Array):
            directions.append(shadowed.shadows[var])
        else:
            directions.append(Var(f"{var.name}_dot", var.type))
            if var in activity:
                pass_.dots[var] = directions[-1]
    builder = Builder()
    pass_.block(shadowed.program.body, builder)
    tangents = [pass_.of_result(result, builder) for result in results]
    whole = Program(
        f"{program.name}_tangent",
        [*primal.params, *directions],
        builder.block,
        [*primal.results, *tangents],
        program.origin,
    )
    return Tangent(remove_dead_code(whole), tuple(wrt))


class _Pusher:
    """Writes each statement with what it does to tangents; ``dots`` are the tangents of numbers."""

    def __init__(self, activity: Activity, shadows: dict[Var, Var]) -> None:
        self._active = activity
        self._shadows = shadows
        self.dots: dict[Operand, Operand] = {}

    def block(self, block: Block, builder: Builder) -> None:
        """Append a block and its tangents to ``builder``."""
        for statement in block:
            with builder.at(statement.origin):
                self._statement(statement, builder)

    def of_result(self, result: Operand, builder: Builder) -> Operand:
        """The tangent of a result; zeros when it doesn't depend on the inputs."""
        if isinstance(result.type, Scalar):
            return self._dot(result)
        assert isinstance(result, Var)
        if result in self._shadows:
            return self._shadows[result]
        shape = [builder.dim(result, axis) for axis in range(result.type.ndim)]
        return builder.alloc(f"{result.name}_dot", result.type.dtype, shape, 0)

    def _dot(self, operand: Operand) -> Operand:
        """The tangent of a number, a literal zero where there is none."""
        assert isinstance(operand.type, Scalar)
        return self.dots.get(operand, Const(0.0, operand.type))

    def _statement(self, statement: Statement, builder: Builder) -> None:
        match statement:
            case Loop():
                self._loop(statement, builder)
                return
            case Branch():
                self._branch(statement, builder)
                return
            case Call(primitive=ProgramPrimitive() as primitive) if any(out in self._active for out in statement.outs):
                primitive.push(statement, self._shadow, builder)
                return
        builder.add(statement)
        match statement:
            case Compute(out=out) if out in self._active:
                self._compute(statement, builder)
            case Load(out=out, array=array, index=index) if out in self._active:
                self.dots[out] = builder.load(self._shadows[array], index)
            case Store(array=array, index=index, value=value) if array in self._active:
                builder.store(self._shadows[array], index, self._dot(value))
            case Accumulate(array=array, index=index, value=value) if array in self._active and value in self.dots:
                builder.accumulate(self._shadows[array], index, self._dot(value))
            case Call(outs=outs) if any(out in self._active for out in outs):
                self._call(statement, builder)

    def _compute(self, statement: Compute, builder: Builder) -> None:
        """The chain rule: the sum of each argument's tangent times its partial derivative."""
        total: Operand | None = None
        values = (*statement.args, statement.out)
        partials: list[Operand | None] = []
        for arg, rule in zip(statement.args, active_partials(statement, self._active), strict=True):
            if rule is None or arg not in self.dots:
                partials.append(None)
                continue
            given = {p: v for p, v in zip(rule.params, values, strict=True) if p is not None}
            partials += inline(rule.program, given, builder)
        for arg, partial in partials_of(builder, statement.args, partials):
            assert isinstance(statement.out.type, Scalar)
            dot = builder.cast(self._dot(arg), statement.out.type)
            term = product(builder, dot, partial, is_guarded=is_steep(statement))
            if term is not None:
                total = add_term(builder, total, term, free=statement.primitive is add_to_sum)
        if total is not None:
            self.dots[statement.out] = total

    def _shadow(self, operand: object) -> Var | None:
        """The tangents of an active array; None for anything else."""
        return self._shadows.get(operand) if isinstance(operand, Var) and operand in self._active else None

    def _call(self, statement: Call, builder: Builder) -> None:
        assert isinstance(statement.primitive, ArrayPrimitive)
        if statement.primitive.jvp is None:
            raise MissingRuleError(
                f"{statement.primitive.name} has no forward rule, and the derivative flows through it.",
                "give its primitive a jvp rule.",
                statement.origin,
            )
        values: list[object] = []
        for value in (*statement.outs, *statement.args):
            values += [value, self._shadow(value)]
        if not statement.accumulate:
            for out in statement.outs:
                if out in self._active:
                    clear(builder, self._shadows[out])
        arguments: list[RuleArgument] = [v.type if isinstance(v, Var) else v for v in values]  # type: ignore[misc]
        rule = jvp_rule(statement.primitive, tuple(arguments))
        given = {p: v for p, v in zip(rule.params, values, strict=True) if p is not None}
        inline(rule.program, given, builder)  # type: ignore[arg-type]

    def _loop(self, loop: Loop, builder: Builder) -> None:
        moving = [at for at, p in enumerate(loop.params) if isinstance(p.type, Scalar) and p in self._active]
        params = [Var(f"{loop.params[at].name}_dot", loop.params[at].type) for at in moving]
        results = [Var(f"{loop.results[at].name}_dot", loop.results[at].type) for at in moving]
        inits = [self._dot(loop.inits[at]) for at in moving]
        self.dots.update(zip((loop.params[at] for at in moving), params, strict=True))
        body = builder.nested()
        self.block(loop.body, body)
        yields = [self._dot(loop.yields[at]) for at in moving]
        builder.add(
            replace(
                loop,
                params=[*loop.params, *params],
                inits=[*loop.inits, *inits],
                body=body.block,
                yields=[*loop.yields, *yields],
                results=[*loop.results, *results],
            )
        )
        self.dots.update(zip((loop.results[at] for at in moving), results, strict=True))

    def _branch(self, branch: Branch, builder: Builder) -> None:
        moving = [at for at, r in enumerate(branch.results) if isinstance(r.type, Scalar) and r in self._active]
        arms, yields = [], []
        for block, values in ((branch.then, branch.then_yields), (branch.otherwise, branch.otherwise_yields)):
            arm = builder.nested()
            self.block(block, arm)
            arms.append(arm.block)
            yields.append([*values, *(self._dot(values[at]) for at in moving)])
        results = [Var(f"{branch.results[at].name}_dot", branch.results[at].type) for at in moving]
        builder.add(
            replace(
                branch,
                then=arms[0],
                then_yields=yields[0],
                otherwise=arms[1],
                otherwise_yields=yields[1],
                results=[*branch.results, *results],
            )
        )
        self.dots.update(zip((branch.results[at] for at in moving), results, strict=True))
