"""Reverse the statements of a block, one kind at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from jitad.analysis.activity import Activity
from jitad.analysis.guards import Guards
from jitad.analysis.needs import Needs
from jitad.analysis.plan import Plan
from jitad.analysis.replay import outside_stores, without_totals
from jitad.analysis.rules import Rule
from jitad.primitives.guarded import is_steep
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.queries import definitions, free_variables, walk
from jitad.program.rewrite import Copier, inline
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Call,
    Compute,
    Const,
    Load,
    Loop,
    Operand,
    Pop,
    Push,
    Release,
    Statement,
    Store,
    Var,
    View,
    array_type,
    counted_loop,
)
from jitad.program.types import INT64, Array, Scalar
from jitad.transforms.carried import CarriedBack, carried_numbers
from jitad.transforms.flowing import add_where, may_be_long
from jitad.transforms.free_sums import free_sums
from jitad.transforms.give_back import give_back
from jitad.transforms.localize import clear, for_each
from jitad.transforms.one_pass import OnePass, ReverseOf, active_inputs, uses_stack
from jitad.transforms.product import partials_of, product
from jitad.transforms.scope import Scope, releases, zero


class Reversal:
    """Builds the forward sweep (the primal with recording) and the reverse sweep of blocks."""

    def __init__(
        self,
        needs: Needs,
        plan: Plan,
        activity: Activity,
        guards: Guards,
        one_pass: Mapping[Statement, OnePass],
        reverse_of: ReverseOf,
    ) -> None:
        self._needs = needs
        self._one_pass = one_pass
        self._reverse_of = reverse_of
        self._guards = guards
        self._plan = plan
        self._active = activity

    def reverse(self, block: Block, scope: Scope) -> Block:
        """Append the reversal of ``block`` to the scope's builder; the block of its forward sweep."""
        forward_parts: list[list[Statement]] = []
        tail = Block()
        scope.record(tail)
        for statement in reversed(block.statements):
            with scope.builder.at(statement.origin):
                parts = self._statement(statement, scope)
            for part in parts:
                part.origin = part.origin or statement.origin
            forward_parts.append(parts)
        forward = Block([s for parts in reversed(forward_parts) for s in parts])
        forward.statements += releases(s for s in forward if s in self._plan.scratch)
        forward.statements += tail.statements
        scope.builder.block.statements += scope.given_back()
        return forward

    def _statement(self, statement: Statement, scope: Scope) -> list[Statement]:
        """Reverse one statement; what stands for it in the forward sweep."""
        active = self._needs.is_active(statement)
        match statement:
            case Compute() if active:
                self._compute(statement, scope)
            case Load() if active:
                bar = scope.take(statement.out)
                if bar is not None:
                    shadow = scope.array(self._needs.shadows[statement.array])
                    scope.builder.accumulate(shadow, scope.all(statement.index), bar)
            case Store() | Accumulate():
                return self._store(statement, scope, active)
            case Call():
                return self._call(statement, scope, active)
            case Alloc() if statement in self._plan.late:
                return []
            case Alloc() if statement in self._plan.scratch:
                return [] if statement.out in self._needs.shadows.values() else [statement]
            case Alloc(at_end=False):
                scope.builder.add(Release(array_type(statement.out).dtype, scope.value(statement.offset)))
            case View(own=True):  # the reverse sweep names it as well
                return [replace(statement, own=False)]
            case Loop() if statement in self._one_pass:
                return self._at_once(statement, self._one_pass[statement], scope)
            case Loop() if statement in self._plan.replayed:
                self._replay(statement, scope)
                return [self._plan.repeated.get(statement, statement)]
            case Loop() if self._needs.works(statement, self._plan.undone):
                return self._loop(statement, scope)
            case Branch() if self._needs.works(statement, self._plan.undone):
                return [self._branch(statement, scope)]
        return [statement]

    def _compute(self, statement: Compute, scope: Scope) -> None:
        bar = scope.take(statement.out)
        if bar is None:
            return
        values, rules = (*statement.args, statement.out), self._needs.partials(statement)
        partials = [inline(r.program, _Lazy(r, values, scope), scope.builder)[0] if r else None for r in rules]
        is_guarded = self._guards.guards(statement)
        for arg, partial in partials_of(scope.builder, statement.args, partials):
            term = product(scope.builder, bar, partial, is_guarded=is_guarded)
            if is_guarded and is_steep(statement):
                scope.flowing.keep_guards(term, bar)
            scope.add(arg, term)

    def _store(self, statement: Store | Accumulate, scope: Scope, active: bool) -> list[Statement]:
        """``A[i] = v`` gives ``v_bar += A_bar[i]; A_bar[i] = 0``, after its old value is put back."""
        builder = scope.builder
        forward: list[Statement] = [statement]
        old_value = self._plan.first.get(statement)
        if statement in self._plan.undone and old_value is not None:
            builder.add(Store(scope.array(statement.array), scope.all(statement.index), old_value))
        elif statement in self._plan.undone:
            type_ = array_type(statement.array).element
            old, popped = Var("old", type_), Var("old", type_)
            forward = [Load(old, statement.array, statement.index), Push((old,)), statement]
            builder.add(Pop((popped,)))
            builder.add(Store(scope.array(statement.array), scope.all(statement.index), popped))
        if active:
            shadow, index = scope.array(self._needs.shadows[statement.array]), scope.all(statement.index)
            if statement.value in self._active:
                scope.add(statement.value, builder.load(shadow, index))
            if isinstance(statement, Store) and self._needs.clears(statement, statement.array):
                builder.store(shadow, index, Const(0.0, array_type(shadow).element))
        return forward

    def _call(self, statement: Call, scope: Scope, active: bool) -> list[Statement]:
        """The rule of an array primitive, which may read its results; then what it overwrote is put back."""
        forward = Builder()
        if active:
            self._apply_rule(statement, scope)
        if statement in self._plan.undone:
            for out in statement.outs:
                _save(forward, out)
            for out in reversed(statement.outs):
                _restore(scope.builder, scope.array(out))
        return [*forward.block.statements, statement]

    def _apply_rule(self, statement: Call, scope: Scope) -> None:
        rule, values = self._needs.vjp(statement)
        program, sources = give_back(rule.program), _Lazy(rule, values, scope)
        given = {param: sources[param] for param in free_variables(program.body, program.results)}
        start = len(scope.builder.block.statements)  # memory for what is given isn't the rule's to release
        inline(program, given, scope.builder)
        for release in releases(scope.builder.block.statements[start:]):
            scope.builder.add(release)
        if not statement.accumulate:
            for out in statement.outs:
                if out in self._active and self._needs.clears(statement, out):
                    clear(scope.builder, scope.array(self._needs.shadows[out]))

    # Control flow

    def _loop(self, loop: Loop, scope: Scope) -> list[Statement]:
        carried = [row for row in carried_numbers(loop) if row.param in self._active]
        outer = [v for v in self._free_active(loop.body, [row.new for row in carried]) if v not in loop.params]
        finals = {row.param: scope.take(row.result) or zero(row.param) for row in carried}
        bars = {row.param: Var(f"{row.param.name}_bar", row.param.type) for row in carried if not row.is_sum}
        inner = Scope(loop.body, self._plan, scope, loop.params, carried=list(bars.values()))
        index = Var(loop.index.name, loop.index.type)
        inner.values[loop.index] = index
        sums = [Var(f"{v.name}_bar", v.type) for v in outer]
        for var, total in zip(outer, sums, strict=True):
            inner.adjoints[var] = total
        for row in carried:  # each of the terms of a sum has the adjoint of the final sum
            if not row.is_sum:
                inner.add(row.new, bars[row.param])
            elif row.new is not row.param:
                inner.add(row.new, finals[row.param])
        inits = [*(finals[param] for param in bars), *(scope.adjoints.get(v, zero(v)) for v in outer)]
        arrays = CarriedBack(loop, scope, inner, needed=loop.body in self._plan.carried_back)
        forward = self.reverse(loop.body, inner)
        yields: list[Operand] = [inner.adjoints.get(v, zero(v)) for v in (*bars, *outer)]
        results = [Var(v.name, v.type) for v in (*bars.values(), *sums)]
        blocks = (forward, inner.builder.block)
        ordered = any(uses_stack(s) for block in blocks for s in walk(block))
        any_order = loop.order_free and self._needs.undoes_in_any_order(loop, self._plan.undone)
        rows = any_order and is_const(loop.step, 1) and all(_row_wise(block) for block in blocks)
        free = loop.order_free and (rows or not ordered)
        is_left_out = scope.parent is None and self._only_records(loop, blocks) if ordered else True
        gated = is_left_out and not arrays.params and not self._reads_shadows(loop) and may_be_long(loop)
        if gated and self._guards.only_choices:
            rows_of = {bar: (finals[param], new) for (param, bar), new in zip(bars.items(), yields, strict=False)}
            inner.flowing.relax(scope.flowing.facts(scope.flowing.any(finals.values())), rows_of)
        flags = inner.flowing.close([finals[param] for param in bars], yields)
        summed = free_sums(inner.builder.block, zip(sums, yields[len(bars) :], strict=True))
        body, yields = flags.settle(summed, [*yields, *arrays.yields], scope.taken)
        made = replace(
            counted_loop(index, self._bounds(loop, scope), body),
            params=[*bars.values(), *sums, *arrays.params, *flags.params],
            inits=[*inits, *arrays.inits, *flags.inits],
            yields=[*yields, *flags.yields],
            results=[*results, *arrays.results, *(Var(param.name, param.type) for param in flags.params)],
            order_free=free,
            descending=loop.descending if free and not ordered else not loop.descending,
            rows=rows and ordered,
            parallel=loop.parallel,
        )
        marks: list[Alloc] = []
        if not gated:
            scope.builder.add(made)
        else:
            marks = _marks(forward)
            untouched = [*map(zero, bars), *inits[len(bars) :]]
            unread = [Release(array_type(mark.out).dtype, mark.offset, unread=True) for mark in marks]
            chosen = add_where(scope.flowing, finals.values(), made, results, untouched, unread)
            marks, results = ([] if chosen is results else marks), chosen
        for var, result in zip(outer, results[len(bars) :], strict=True):
            scope.adjoints[var] = result
        finals.update(zip(bars, results, strict=False))
        for row in carried:
            if row.init in self._active:
                scope.add(row.init, finals[row.param])
        return [*marks, replace(loop, body=forward, order_free=free, rows=rows and ordered, apart=False)]

    def _only_records(self, loop: Loop, blocks: Iterable[Block]) -> bool:
        """True when what the reversal of a loop finds on the tape is of no use to anything else."""
        uses = (s for block in blocks for s in walk(block) if uses_stack(s))
        return all(isinstance(s, Push | Pop) for s in uses) and self._plan.undone.isdisjoint(walk(loop.body))

    def _reads_shadows(self, loop: Loop) -> bool:
        """True when adjoints flow into the reversal of a loop through memory as well."""
        writes = (s for s in walk(loop.body) if isinstance(s, Store | Accumulate | Call))
        return any(self._needs.is_active(statement) for statement in writes)

    def _at_once(self, loop: Loop, one: OnePass, scope: Scope) -> list[Statement]:
        """A loop that the forward sweep reverses as it runs; only adjoints of numbers remain to be passed on."""
        for result in loop.results:
            scope.take(result)
        forward, bars, plan = one.write(self._needs.shadows, self._guards, self._reverse_of)
        self._plan.absorb(plan)
        self._plan.one_pass.add(loop)
        for var, bar in bars.items():
            scope.add(var, bar)
        for at, final in one.finals.items():
            if loop.inits[at] in self._active:
                scope.add(loop.inits[at], final)
        return forward

    def _replay(self, loop: Loop, scope: Scope) -> None:
        """A loop of terms: the reverse sweep runs it again, each iteration followed by its reversal."""
        finals = {at: scope.take(result) for at, result in enumerate(loop.results)}
        known = {at: final for at, final in finals.items() if final is not None}
        stores = outside_stores(loop, self._needs.aliases) if loop in self._plan.repeated else []
        if not known and not stores:
            return
        again = without_totals(loop, self._active)
        stored = {store.array for store in stores or ()}
        active = tuple(v for v in active_inputs(loop, self._active) if v not in stored)
        one = OnePass(again, Block(), known, active, tuple(stores or ()))
        statements, bars, plan = one.write(self._needs.shadows, self._guards, self._reverse_of)
        self._plan.absorb(plan)
        copier = Copier(lambda var: var if var in known.values() else scope.value(var))
        for statement in statements:
            copier.statement(statement, scope.builder)
        for var, bar in bars.items():
            scope.add(var, copier(bar))
        for at, final in known.items():
            if loop.inits[at] in self._active:
                scope.add(loop.inits[at], final)

    def _bounds(self, loop: Loop, scope: Scope) -> tuple[Operand, Operand, Operand]:
        """The range of the primal loop's index; a conditional loop's counts its iterations."""
        if loop.start is None or loop.stop is None or loop.step is None:
            assert loop.count is not None
            return const_int(0), scope.value(loop.count), const_int(1)
        return scope.value(loop.start), scope.value(loop.stop), scope.value(loop.step)

    def _branch(self, branch: Branch, scope: Scope) -> Branch:
        condition = scope.value(branch.condition)
        active = [i for i, r in enumerate(branch.results) if r in self._active and isinstance(r.type, Scalar)]
        bars = {i: scope.take(branch.results[i]) for i in active}
        arms = (
            (branch.then, [branch.then_yields[i] for i in active]),
            (branch.otherwise, [branch.otherwise_yields[i] for i in active]),
        )
        outer: dict[Var, None] = {}
        for block, yields in arms:
            outer.update(dict.fromkeys(self._free_active(block, yields)))
        forwards, reverses, all_yields, kept = [], [], [], []
        for block, yields in arms:
            inner = Scope(block, self._plan, scope)
            inner.adjoints = {v: scope.adjoints.get(v, zero(v)) for v in outer}
            for i, new in zip(active, yields, strict=True):
                if new in self._active:
                    inner.add(new, bars[i])
            forwards.append(self.reverse(block, inner))
            kept.append(inner.kept)
            reverses.append(inner.builder.block)
            all_yields.append([inner.adjoints.get(v, zero(v)) for v in outer])
        results = [Var(f"{v.name}_bar", v.type) for v in outer]
        for at, result in enumerate(results):
            chosen = (_from_outside(b, y[at]) for b, y in zip(reverses, all_yields, strict=True))
            scope.flowing.choose(result, condition, *chosen)
        scope.builder.add(Branch(condition, reverses[0], all_yields[0], reverses[1], all_yields[1], results))
        for var, result in zip(outer, results, strict=True):
            scope.adjoints[var] = result
        return _passing_on(replace(branch, then=forwards[0], otherwise=forwards[1]), *kept)

    def _free_active(self, block: Block, yields: list[Operand]) -> list[Var]:
        """The active scalars of enclosing blocks that a block adds to the adjoints of."""
        return [v for v in free_variables(block, yields) if isinstance(v.type, Scalar) and v in self._active]


def _passing_on(branch: Branch, then: list[tuple[Var, Var]], otherwise: list[tuple[Var, Var]]) -> Branch:
    """A branch with values of its arms, by their names outside, as further results: zeros where an arm didn't run."""
    then_yields = [*branch.then_yields, *(var for var, _ in then), *(_nothing(var) for var, _ in otherwise)]
    otherwise_yields = [*branch.otherwise_yields, *(_nothing(var) for var, _ in then), *(var for var, _ in otherwise)]
    results = [*branch.results, *(outside for _, outside in (*then, *otherwise))]
    return replace(branch, then_yields=then_yields, otherwise_yields=otherwise_yields, results=results)


def _nothing(var: Var) -> Const:
    assert isinstance(var.type, Scalar)
    return Const(np.dtype(var.type.dtype).type(0).item(), var.type)


def _row_wise(block: Block) -> bool:
    """True when a body uses the tape only by pushes and pops of its own."""
    own = {id(statement) for statement in block if isinstance(statement, Push | Pop)}
    return all(id(statement) in own for statement in walk(block) if uses_stack(statement))


def _marks(block: Block) -> list[Alloc]:
    """Marks of where the tapes are that a block of the forward sweep pushes on."""
    dtypes = sorted({value.type.dtype for s in walk(block) if isinstance(s, Push) for value in s.values})
    return [Alloc(Var("mark", Array(dtype, 1)), Var("mark_at", INT64), (const_int(0),), None) for dtype in dtypes]


def _from_outside(block: Block, operand: Operand) -> Operand:
    """An operand that an arm of a branch yields, or a literal that isn't zero for one that the arm makes."""
    made = any(operand in definitions(statement) for statement in block)
    return Const(1, INT64) if made else operand


class _Lazy(dict[Var, Operand]):
    """A rule's parameters as operands of the reverse sweep, each fetched when the rule first reads it."""

    def __init__(self, rule: Rule, values: object, scope: Scope) -> None:
        super().__init__()
        assert isinstance(values, tuple | list)
        self._sources = {p: v for p, v in zip(rule.params, values, strict=True) if p is not None}
        self._scope = scope

    def __missing__(self, param: Var) -> Operand:
        return self._scope.value(self._sources[param])


def _save(builder: Builder, array: Var) -> None:
    for_each(builder, array, lambda inner, index: inner.add(Push((inner.load(array, index),))))


def _restore(builder: Builder, array: Var) -> None:
    """Pop what ``_save`` pushed, in the opposite order."""

    def element(inner: Builder, index: list[Operand]) -> None:
        old = Var("old", array_type(array).element)
        inner.add(Pop((old,)))
        inner.store(array, index, old)

    for_each(builder, array, element, descending=True)
