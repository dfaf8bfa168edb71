"""Reverse mode: a program into the program of its forward sweep followed by its reverse sweep.

The method is that of Griewank and Walther, *Evaluating Derivatives* (2008), chapters 3, 4 and 5: the reverse
sweep visits the statements backwards, un-executing what overwrites memory that it reads again, and adds each
statement's contribution to the adjoints of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from jitad.analysis.activity import Activity
from jitad.analysis.aliasing import Aliases
from jitad.analysis.guards import Guards, tests_numbers
from jitad.analysis.leanest import leanest_plan
from jitad.analysis.needs import Needs
from jitad.analysis.order import Order
from jitad.analysis.plan import AUTO, Plan
from jitad.analysis.randomness import refuse_active_parameters
from jitad.analysis.scratch import held_in_vain, staying
from jitad.program.builder import Builder
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Block, Const, Loop, Operand, Program, Statement, Var, View
from jitad.program.types import Array, Scalar
from jitad.transforms.carried_products import start_products
from jitad.transforms.choose import differentiate_choices, use_known_values
from jitad.transforms.column_sums import add_along_rows
from jitad.transforms.deadcode import remove_dead_code
from jitad.transforms.first_terms import store_first_terms
from jitad.transforms.fuse import fuse_array_statements, fuse_rows
from jitad.transforms.gather import gather_scattered_sums
from jitad.transforms.hoist import hoist_sums
from jitad.transforms.induction import remove_counters
from jitad.transforms.interchange import interchange_loops
from jitad.transforms.invariant import move_invariants_out
from jitad.transforms.jam import jam_loops
from jitad.transforms.localize import add_array, copy_array, localize
from jitad.transforms.lockstep import run_in_lockstep
from jitad.transforms.nonnegative import fold_signs
from jitad.transforms.one_pass import OnePass, Within, find_one_pass
from jitad.transforms.order_free import mark_order_free
from jitad.transforms.privatize import moved_buffers, privatize
from jitad.transforms.reverse import Reversal
from jitad.transforms.rotate import rotate_sums
from jitad.transforms.scope import Scope
from jitad.transforms.selections import write_out_selections
from jitad.transforms.separate import separate_rows
from jitad.transforms.shadows import Shadowed, add_shadows
from jitad.transforms.stacked import stack_arrays
from jitad.transforms.unzeroed import leave_zeros_out


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


@dataclass(frozen=True)
class Arrangement:
    """Brings sums into the order that suits what runs them: ``primal`` before a program is reversed, ``whole`` after.

    ``whole`` is told the arrays whose sums may be added in any order.
    """

    primal: Callable[[Program], Program]
    whole: Callable[[Program, Collection[Var]], Program]


def _for_caches(program: Program, adjoints: Collection[Var]) -> Program:
    """The same program with its sums as a core of the CPU, which runs a loop in order, adds them fastest."""
    gathered = interchange_loops(gather_scattered_sums(program), adjoints)
    tidied = separate_rows(rotate_sums(hoist_sums(gathered)), adjoints)
    started = fuse_rows(leave_zeros_out(store_first_terms(remove_dead_code(tidied), adjoints), adjoints))
    products = start_products(use_known_values(remove_dead_code(started)))  # arrays may get other names here
    return run_in_lockstep(jam_loops(products))


FOR_CACHES = Arrangement(add_along_rows, _for_caches)


def adjoint(
    program: Program,
    wrt: Sequence[int],
    *,
    dependents: Sequence[int] | None = None,
    seeded: bool = False,
    within: Within | None = None,
    storage: str = AUTO,
    arranged: Arrangement = FOR_CACHES,
) -> Adjoint:
    """The adjoint of ``program`` with respect to the parameters at the positions ``wrt``.

    ``dependents`` are the positions of the results that are differentiated (all floating-point ones by default).
    With ``seeded`` their cotangents are parameters; without, there is one scalar dependent with cotangent 1.
    ``within`` says what an iteration of a loop takes over from the program that the loop is in. ``storage`` (one of
    ``STORAGES``) says whether values for the reverse sweep are recorded or computed again. ``arranged`` is a pass that
    brings the sums of both sweeps into the order that suits what runs them.
    Raises ``MissingRuleError`` when a derivative would flow through a function without a rule.
    """
    own = arranged.primal(_prepared(program))
    if dependents is None:
        dependents = [i for i, r in enumerate(own.results) if r.type.is_float]
    inputs = [own.params[i] for i in wrt]
    results = [own.results[i] for i in dependents]
    own = differentiate_choices(own, Activity(own, Aliases(own), inputs, results))
    expects_any = tests_numbers(own)
    own = write_out_selections(own, Activity(own, Aliases(own), inputs, results))
    seeds = _seeds(results, within, seeded=seeded)
    kept: set[Var] = set()
    analysed = partial(_analysed, inputs, results, seeds, within, seeded=seeded, expects_any=expects_any)
    while True:
        primal = mark_order_free(privatize(own, kept))
        sweeps = analysed(primal, storage=storage)
        held = sweeps.held(moved_buffers(own, primal))
        if not held:
            break
        kept |= held
    while stays := sweeps.staying():
        primal = stack_arrays(primal, stays)
        sweeps = analysed(primal, storage=storage)
    activity, plan, shadowed = sweeps.activity, sweeps.plan, sweeps.shadowed
    plan.stacked |= {s for s in walk(primal.body) if isinstance(s, View) and s.own}

    bound = [*primal.params, *(shadowed.shadows[v] for v in inputs if v in shadowed.shadows)]
    scope = Scope(shadowed.program.body, plan, None, bound, sure=_sure(seeds, within))
    _start(scope, activity, results, shadowed.shadows, seeds)
    adjoint_within = partial(_adjoint_within, storage, arranged)
    reversal = Reversal(sweeps.needs, plan, activity, sweeps.guards, sweeps.at_once, adjoint_within)
    forward = reversal.reverse(shadowed.program.body, scope)
    outputs = _keep_array_results(forward, primal.results)
    gradients: list[Var] = []
    for var in inputs:
        if isinstance(var.type, Array):
            gradients.append(shadowed.shadows[var])
        elif isinstance(var.type, Scalar):
            outputs.append(scope.adjoints.get(var, Const(0.0, var.type)))
    whole = Program(
        f"{program.name}_adjoint",
        [*primal.params, *(seed for seed in seeds if isinstance(seed, Var)), *gradients],
        Block([*forward.statements, *scope.builder.block.statements]),
        outputs,
        program.origin,
    )
    adjoints = (*shadowed.shadows.values(), *scope.taken, *gradients)
    tidied = arranged.whole(remove_dead_code(whole), adjoints)
    return Adjoint(remove_dead_code(use_known_values(tidied)), tuple(wrt), plan)


@dataclass(frozen=True)
class _Sweeps:
    """What is known of a program before its sweeps are written."""

    activity: Activity
    guards: Guards
    at_once: Mapping[Statement, OnePass]
    shadowed: Shadowed
    needs: Needs
    plan: Plan

    def held(self, buffers: set[Var]) -> set[Var]:
        """The buffers that had better be allocated once: see ``held_in_vain``."""
        inside = {s.out for loop in self.at_once for s in walk(Block([loop])) if isinstance(s, Alloc)}
        program = self.shadowed.program
        return held_in_vain(program, Aliases(program), self.plan, buffers - inside) if buffers - inside else set()

    def staying(self) -> set[Var]:
        """The arrays of iterations that had better be rows of one: see ``staying``."""
        program = self.shadowed.program
        return staying(program, Aliases(program), self.plan, self.at_once)


def _analysed(
    inputs: list[Var],
    results: list[Operand],
    seeds: Sequence[Operand],
    within: Within | None,
    primal: Program,
    *,
    seeded: bool,
    expects_any: bool,
    storage: str,
) -> _Sweeps:
    activity = Activity(primal, Aliases(primal), inputs, results)
    refuse_active_parameters(primal, activity)
    if within is None:
        guards = Guards(primal, activity, seeded=seeded, expects_any=expects_any)
    else:
        guards = within.guards
        guards.include(primal, activity, (v for v, is_left in zip(results, within.left_out, strict=True) if is_left))
    one_pass = find_one_pass(primal, activity, Aliases(primal), guards, _numbers(results, seeds), _sure(seeds, within))
    shadowed = add_shadows(primal, activity, inputs, types=None if within is None else within.types)
    at_once = _by_statement(one_pass, shadowed.program)
    aliases = Aliases(shadowed.program)
    order = Order(shadowed.program, aliases)
    needs = Needs(shadowed.program, activity, aliases, order, shadowed.shadows, at_once)
    plan = leanest_plan(shadowed.program, aliases, order, needs, storage, on_threads=within is None)
    return _Sweeps(activity, guards, at_once, shadowed, needs, plan)


def _prepared(program: Program) -> Program:
    """A program that never changes its arguments, in the form in which least must be recorded."""
    signed = fold_signs(fuse_array_statements(move_invariants_out(localize(program))))
    return fold_signs(remove_counters(signed))


def _seeds(results: Sequence[Operand], within: Within | None, *, seeded: bool) -> list[Operand]:
    """The adjoints of the results: parameters, or literals (1 when nothing is said of them)."""
    if not seeded:
        (result,) = results
        assert isinstance(result.type, Scalar)
        return [Const(1.0, result.type)]
    types = [r.type if isinstance(r.type, Scalar) else Array(r.type.dtype, r.type.ndim, "C") for r in results]
    literals = [None] * len(types) if within is None else within.seeds
    return [Var("seed", type_) if known is None else known for type_, known in zip(types, literals, strict=True)]


def _sure(seeds: Sequence[Operand], within: Within | None) -> set[Operand]:
    """The seeds of which it is known that nothing has left them out."""
    return set() if within is None else {seed for at, seed in enumerate(seeds) if at in within.sure}


def _numbers(results: Sequence[Operand], seeds: Sequence[Operand]) -> dict[Var, Operand]:
    """The adjoints of the results that are numbers, unless one stands for several results."""
    found = {r: s for r, s in zip(results, seeds, strict=True) if isinstance(r, Var) and isinstance(r.type, Scalar)}
    return found if all(list(results).count(result) == 1 for result in found) else {}


def _by_statement(one_pass: Sequence[OnePass], program: Program) -> dict[Statement, OnePass]:
    """Loops that are reversed as they run, by the statements that they have become in ``program``."""
    by_index = {one.loop.index: one for one in one_pass}
    return {s: by_index[s.index] for s in program.body if isinstance(s, Loop) and s.index in by_index}


def _start(
    scope: Scope, activity: Activity, results: list[Operand], shadows: dict[Var, Var], seeds: Sequence[Operand]
) -> None:
    """Start the adjoints of the results from their seeds."""
    for result, seed in zip(results, seeds, strict=True):
        if result not in activity:
            continue
        if isinstance(result.type, Scalar):
            scope.add(result, seed)
        else:
            assert isinstance(result, Var) and isinstance(seed, Var)
            add_array(scope.builder, shadows[result], seed)


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


def _adjoint_within(
    storage: str,
    arranged: Arrangement,
    program: Program,
    wrt: Sequence[int],
    dependents: Sequence[int],
    within: Within,
) -> Adjoint:
    """The adjoint of an iteration of a loop that is reversed as it runs."""
    return adjoint(program, wrt, dependents=dependents, seeded=True, within=within, storage=storage, arranged=arranged)
