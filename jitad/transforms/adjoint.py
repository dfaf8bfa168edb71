"""Reverse mode: a program into the program of its forward sweep followed by its reverse sweep.

The method is that of Griewank and Walther, *Evaluating Derivatives* (2008), chapters 3, 4 and 5: the reverse
sweep visits the statements backwards, un-executing what overwrites memory that it reads again, and adds each
statement's contribution to the adjoints of its arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jitad.analysis.activity import Activity
from jitad.analysis.aliasing import Aliases
from jitad.analysis.guards import Guards
from jitad.analysis.needs import Needs
from jitad.analysis.order import Order
from jitad.analysis.plan import Plan
from jitad.analysis.storage import plan_storage
from jitad.program.builder import Builder
from jitad.program.statements import Block, Const, Operand, Program, Var
from jitad.program.types import Array, Scalar
from jitad.transforms.deadcode import remove_dead_code
from jitad.transforms.fuse import fuse_sweeps
from jitad.transforms.gather import gather_scattered_sums
from jitad.transforms.hoist import hoist_sums
from jitad.transforms.invariant import move_invariants_out
from jitad.transforms.localize import add_array, copy_array, localize
from jitad.transforms.order_free import mark_order_free
from jitad.transforms.reverse import Reversal
from jitad.transforms.scope import Scope
from jitad.transforms.shadows import add_shadows


@dataclass(frozen=True)
class Adjoint:
    """An adjoint program and how to call it.

    ``program.params`` are the primal's parameters, then one cotangent per dependent result if they are given
    (a scalar, or a C-contiguous array of the result's shape), then one gradient array per array in ``wrt``, filled
    with zeros by the caller, of the parameter's shape and of the layout that its type states.
    ``program.results`` are the primal's results in order, then one gradient per scalar in ``wrt``, in order.
    """

    program: Program
    wrt: tuple[int, ...]
    plan: Plan


def adjoint(
    program: Program, wrt: Sequence[int], *, dependents: Sequence[int] | None = None, seeded: bool = False
) -> Adjoint:
    """The adjoint of ``program`` with respect to the parameters at the positions ``wrt``.

    ``dependents`` are the positions of the results that are differentiated (all floating-point ones by default).
    With ``seeded`` their cotangents are parameters; without, there is one scalar dependent with cotangent 1.
    Raises ``MissingRuleError`` when a derivative would flow through a function without a rule.
    """
    primal = mark_order_free(move_invariants_out(localize(program)))
    if dependents is None:
        dependents = [i for i, r in enumerate(primal.results) if r.type.is_float]
    inputs = [primal.params[i] for i in wrt]
    results = [primal.results[i] for i in dependents]
    activity = Activity(primal, Aliases(primal), inputs, results)
    shadowed = add_shadows(primal, activity, inputs)
    aliases = Aliases(shadowed.program)
    order = Order(shadowed.program, aliases)
    needs = Needs(shadowed.program, activity, aliases, order, shadowed.shadows)
    plan = plan_storage(shadowed.program, aliases, order, needs)
    guards = Guards(shadowed.program, activity, seeded=seeded)

    bound = [*primal.params, *(shadowed.shadows[v] for v in inputs if v in shadowed.shadows)]
    scope = Scope(shadowed.program.body, plan, None, bound)
    seeds = _seed(scope, activity, results, shadowed.shadows, seeded)
    forward = Reversal(needs, plan, activity, guards).reverse(shadowed.program.body, scope)
    outputs = _keep_array_results(forward, primal.results)
    gradients: list[Var] = []
    for var in inputs:
        if isinstance(var.type, Array):
            gradients.append(shadowed.shadows[var])
        elif isinstance(var.type, Scalar):
            outputs.append(scope.adjoints.get(var, Const(0.0, var.type)))
    whole = Program(
        f"{program.name}_adjoint",
        [*primal.params, *seeds, *gradients],
        Block([*forward.statements, *scope.builder.block.statements]),
        outputs,
        program.origin,
    )
    tidied = hoist_sums(gather_scattered_sums(remove_dead_code(whole)))
    tidied = remove_dead_code(tidied)
    if seeded:
        return Adjoint(tidied, tuple(wrt), plan)
    fused, dropped = fuse_sweeps(tidied)
    records = {block: [var for var in values if var not in dropped] for block, values in plan.records.items()}
    return Adjoint(fused, tuple(wrt), replace(plan, records=records))


def _seed(scope: Scope, activity: Activity, results: list[Operand], shadows: dict[Var, Var], seeded: bool) -> list[Var]:
    """Start the adjoints of the results; the parameters that hold their cotangents."""
    if not seeded:
        (result,) = results
        assert isinstance(result.type, Scalar)
        if result in activity:
            scope.add(result, Const(1.0, result.type))
        return []
    seeds = []
    for result in results:
        type_ = result.type
        seed = Var("seed", type_ if isinstance(type_, Scalar) else Array(type_.dtype, type_.ndim, "C"))
        seeds.append(seed)
        if result not in activity:
            continue
        if isinstance(type_, Scalar):
            scope.add(result, seed)
        else:
            assert isinstance(result, Var)
            add_array(scope.builder, shadows[result], seed)
    return seeds


def _keep_array_results(forward: Block, results: list[Operand]) -> list[Operand]:
    """Copy array results to the far end of the tape: the reverse sweep releases and un-executes the rest."""
    builder = Builder(forward)
    kept: list[Operand] = []
    for result in results:
        if isinstance(result, Var) and isinstance(result.type, Array):
            copy = Var(result.name, Array(result.type.dtype, result.type.ndim, "C"))
            copy_array(builder, result, copy, at_end=True)
            kept.append(copy)
        else:
            kept.append(result)
    return kept
